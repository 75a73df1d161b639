"""A person's passkeys over REST: who may see and remove them, and what goes with them."""

from typing import NamedTuple

import httpx
import pytest

from gatepost.model.events import Action
from tests.authenticator import Authenticator
from tests.flows import Application, Person, Visitor, new_application, new_person
from tests.served import Served
from tests.web.contract.tokens import bearer
from tests.web.forms import add_passkey
from tests.web.oauth import add_client
from tests.web.relying import is_signed_in, use
from tests.web.rest import refused

OPERATIONS = {
    "list": ("GET", "", 200),
    "count": ("HEAD", "", 200),
    "remove": ("DELETE", "/{id}", 204),
    "remove all": ("DELETE", "", 204),
}
FOR_THEMSELVES = {"list", "count"}
NAMES = ("Work phone", "Key ring")


class Scene(NamedTuple):
    """A person of the first tenant with passkeys, at a browser, and their own token."""

    served: Served
    client: Application
    person: Person
    visitor: Visitor
    own: dict[str, str]
    ids: tuple[str, ...]

    def call(
        self, method: str, path: str = "", header: dict[str, str] | None = None
    ) -> httpx.Response:
        """A call below the person's passkeys, by an administrator unless a header is given."""
        by = self.served.admin() if header is None else header
        base = f"{self.served.api()}/Users/{self.person.id}/Passkeys"
        return self.served.http.request(method, base + path, headers=by)

    def removed(self) -> list[str]:
        """What the journal tells of this person's passkeys that went."""
        with self.served.house.store.reading(self.served.first.id) as tenancy:
            every = [link.event for link in tenancy.journal.entries(0, 100_000)]
        return [
            (event.before or {})["Passkey"]
            for event in every
            if event.action is Action.PASSKEY_REMOVED and event.target == self.person.id
        ]


@pytest.fixture
def scene(served: Served) -> Scene:
    """A new person with two passkeys."""
    return _scene(served)


def _scene(served: Served) -> Scene:
    client, person = new_application(served, served.first), new_person(served, served.first)
    visitor, keys = Visitor(served), []
    visitor.through(visitor.authorize(client), person)
    for name in NAMES:
        keys.append(Authenticator(rp_id=served.http.base_url.host, origin=served.url))
        add_passkey(visitor, keys[-1], name=name)
    own = bearer(use(visitor, client, person)["access_token"])
    return Scene(served, client, person, visitor, own, tuple(key.id for key in keys))


def test_they_are_listed_without_their_keys(scene: Scene) -> None:
    told = scene.call("GET")
    assert [(row["Id"], row["Name"]) for row in told.json()] == list(
        zip(scene.ids, NAMES, strict=True)
    )
    assert {frozenset(row) for row in told.json()} == {
        frozenset({"Id", "Name", "CreatedAt", "LastUsedAt"})
    }
    assert told.headers["Total-Count"] == "2"
    assert scene.call("HEAD").headers["Total-Count"] == "2"
    page = scene.call("GET", "?skip=1&count=1")
    assert [row["Name"] for row in page.json()] == ["Key ring"]


@pytest.mark.requirement("R-64")
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_administrators_may_and_people_may_look_at_their_own(scene: Scene, name: str) -> None:
    method, path, success = OPERATIONS[name]
    served, path = scene.served, path.format(id=scene.ids[0])
    member = add_client(served)
    turned_away = {
        "nobody": ({}, 401),
        "a member": (bearer(served.token(member.client_id, member.secret)), 403),
        "another person": (_scene(served).own, 403),
        "another tenant's administrator": (served.admin(served.second), 404),
    }
    for player, (header, status) in turned_away.items():
        assert (player, scene.call(method, path, header).status_code) == (player, status)
    own = success if name in FOR_THEMSELVES else 403
    assert scene.call(method, path, scene.own).status_code == own
    assert is_signed_in(scene.visitor, scene.client)
    assert scene.removed() == []
    assert scene.call(method, path).status_code == success


@pytest.mark.requirement("R-52")
@pytest.mark.parametrize(
    ("name", "gone"), [("remove", ["Work phone"]), ("remove all", ["Work phone", "Key ring"])]
)
def test_what_came_of_them_ends_with_them(scene: Scene, name: str, gone: list[str]) -> None:
    method, path, _ = OPERATIONS[name]
    assert scene.call(method, path.format(id=scene.ids[0])).status_code == 204
    assert scene.removed() == gone
    assert len(scene.call("GET").json()) == 2 - len(gone)
    assert not is_signed_in(scene.visitor, scene.client)
    assert scene.call("GET", header=scene.own).status_code == 401


@pytest.mark.requirement("R-63")
@pytest.mark.parametrize("of", ["nobody", "another person", "another tenant"])
def test_what_is_elsewhere_looks_like_what_is_missing(scene: Scene, of: str) -> None:
    path = f"/{_scene(scene.served).ids[0]}" if of == "another person" else "/bm9ib2R5"
    if of == "another tenant":
        other = new_person(scene.served, scene.served.second)
        base = f"{scene.served.api()}/Users/{other.id}/Passkeys"
        found = scene.served.http.get(base, headers=scene.served.admin())
        assert refused(found, 404)["Error"] == "User not found"
        return
    assert refused(scene.call("DELETE", path), 404)["Error"] == "Passkey not found"
    assert scene.removed() == []
