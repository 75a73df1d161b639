"""Commands that sign somebody out tell the applications of that person, as the server does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.authenticator import Authenticator
from tests.cli.program import Place
from tests.flows import Application, Person, Visitor, new_application, new_person
from tests.ports import free_port
from tests.served import Served, serve, sqlite_settings
from tests.web.forms import add_passkey
from tests.web.receiver import receiving
from tests.web.relying import use, verified
from tests.web.second_factors import given_app

pytestmark = pytest.mark.requirement("R-52")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serve(sqlite_settings(tmp_path)) as running:
        yield running


@pytest.fixture
def place(served: Served, tmp_path: Path) -> Place:
    store = f"sqlite:///{tmp_path}/gatepost.db"
    return Place(tmp_path, {"GATEPOST_DATABASE_URL": store, "GATEPOST_PUBLIC_URL": served.url})


def signed_in(served: Served, told_at: str) -> tuple[Application, Person]:
    """Somebody with an authenticator app and a passkey, who uses an application."""
    tenant, visitor = served.first, Visitor(served)
    client = new_application(served, tenant, Extensions={"BackChannelLogoutUri": told_at})
    person = new_person(served, tenant)
    use(visitor, client, person)
    passkey = Authenticator(rp_id=served.http.base_url.host, origin=served.url)
    assert "passkey-added" in str(add_passkey(visitor, passkey).response.url)
    given_app(served, tenant.id, person.id)
    return client, person


@pytest.mark.parametrize(
    "command",
    [
        ("set-password",),
        ("remove-factors", "--yes"),
        ("passkeys", "remove", "--yes"),
    ],
)
def test_each_application_is_told(served: Served, place: Place, command: tuple[str, ...]) -> None:
    with receiving() as receiver:
        client, person = signed_in(served, receiver.at("/left"))
        who = ("--tenant-id", served.first.id, "--email", person.email)
        done = place.run("user", *command, *who)
        assert (done.status, done.err) == (0, "")
        note = receiver.next()
    told = verified(served, note.token, client.id, "logout+jwt")
    assert told["sub"] == person.id


def test_who_cannot_be_told_is_named(served: Served, place: Place) -> None:
    client, person = signed_in(served, f"http://127.0.0.1:{free_port()}/left")
    who = ("--tenant-id", served.first.id, "--email", person.email)
    done = place.run("user", "set-password", *who)
    assert done.status == 0
    assert f"logout note to {client.id} was not delivered" in done.err
