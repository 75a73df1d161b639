"""Back-Channel Logout: each application that was used in a session is told once that it ended."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import jwt
import pytest

from gatepost.services import note_lines
from tests.flows import PASSWORD, Application, Person, Visitor, new_application, new_person
from tests.served import Served, serve, sqlite_settings
from tests.web.receiver import Note, Receiver, receiving
from tests.web.relying import account_form, claims_of, is_signed_in, leave, use, verified

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(autouse=True)
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """One note of a tenant at a time, so that the last to be told tells that all were."""
    monkeypatch.setattr(note_lines, "AT_ONCE", 1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


class Desk(NamedTuple):
    """A person, and applications that want to be told."""

    served: Served
    receiver: Receiver
    person: Person

    def client(self, path: str, **members: object) -> Application:
        """An application that is told at this path."""
        told = {"BackChannelLogoutUri": self.receiver.at(path), **members}
        return new_application(self.served, self.served.first, Extensions=told)

    def heard(self) -> list[Note]:
        """All that was told until now: what a last application is told comes after it."""
        last, visitor = self.client("/last"), Visitor(self.served)
        tokens = use(visitor, last, new_person(self.served, self.served.first))
        leave(visitor, id_token_hint=tokens["id_token"])
        return self.receiver.until("/last")


@pytest.fixture
def desk(served: Served, receiver: Receiver) -> Desk:
    return Desk(served, receiver, new_person(served, served.first))


@pytest.mark.requirement("R-32")
def test_each_application_that_was_used_is_told_once(desk: Desk) -> None:
    visitor = Visitor(desk.served)
    used = {path: desk.client(path) for path in ("/one", "/two?a=b")}
    desk.client("/never")
    use(
        Visitor(desk.served), desk.client("/by-another"), new_person(desk.served, desk.served.first)
    )
    tokens = {path: use(visitor, client, desk.person) for path, client in used.items()}
    use(visitor, used["/one"], desk.person)
    leave(visitor, id_token_hint=tokens["/one"]["id_token"])
    notes = desk.heard()
    assert sorted(note.path for note in notes) == ["/one", "/two?a=b"]
    for note in notes:
        assert note.media_type == "application/x-www-form-urlencoded"
        told = verified(desk.served, note.token, used[note.path].id, "logout+jwt")
        known = claims_of(tokens[note.path]["id_token"])
        assert set(told) == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
        assert told["aud"] == used[note.path].id
        assert told["events"] == {EVENT: {}}
        assert (told["iss"], told["sub"], told["sid"]) == (known["iss"], known["sub"], known["sid"])
        assert told["iat"] < told["exp"] <= told["iat"] + 120
    first, second = (claims_of(note.token) for note in notes)
    assert first["jti"] != second["jti"]


@pytest.mark.requirement("R-32")
def test_the_note_is_good_for_nothing_else(desk: Desk) -> None:
    visitor, client = Visitor(desk.served), desk.client("/one")
    leave(visitor, id_token_hint=use(visitor, client, desk.person)["id_token"])
    (note,) = desk.heard()
    bearer = {"Authorization": f"Bearer {note.token}"}
    assert desk.served.http.get("/identity/connect/userinfo", headers=bearer).status_code == 401
    assert desk.served.http.get(desk.served.api(), headers=bearer).status_code == 401
    use(visitor, client, desk.person)
    landing = leave(visitor, id_token_hint=note.token)
    assert 'id="signout"' in landing.response.text
    with pytest.raises(jwt.InvalidAudienceError):
        verified(desk.served, note.token, "another", "logout+jwt")


def test_nobody_is_told_where_nobody_wants_to_be(desk: Desk) -> None:
    client = new_application(desk.served, desk.served.first)
    visitor = Visitor(desk.served)
    leave(visitor, id_token_hint=use(visitor, client, desk.person)["id_token"])
    assert desk.heard() == []


def test_only_of_the_session_that_ended(desk: Desk) -> None:
    client, here, elsewhere = desk.client("/one"), Visitor(desk.served), Visitor(desk.served)
    ended, going_on = (use(visitor, client, desk.person) for visitor in (here, elsewhere))
    leave(here, id_token_hint=ended["id_token"])
    told = [claims_of(note.token)["sid"] for note in desk.heard()]
    assert told == [claims_of(ended["id_token"])["sid"]]
    assert told != [claims_of(going_on["id_token"])["sid"]]
    assert is_signed_in(elsewhere, client)


def _over_it(desk: Desk, visitor: Visitor, client: Application) -> None:
    """Somebody else signs in at the same browser."""
    landing = visitor.authorize(client, prompt="login")
    visitor.through(landing, new_person(desk.served, desk.served.first))


def _another_account(_desk: Desk, visitor: Visitor, client: Application) -> None:
    """The person says that they want another account."""
    landing = visitor.authorize(client, prompt="consent")
    page = landing.response.text
    fields = {
        name: page.split(f'name="{name}" value="', 1)[1].split('"', 1)[0]
        for name in ("request", "proof")
    }
    visitor.http.post("/identity/consent", data=fields | {"decision": "switch"})


def _by_the_account_page(desk: Desk, visitor: Visitor, client: Application) -> None:
    """The person ends it from another browser."""
    sid = claims_of(visitor.authorize(client, response_type="code id_token").answer["id_token"])
    elsewhere = _signed_in_elsewhere(desk)
    account_form(elsewhere, "", "/sessions/end", id=sid["sid"])


def _with_all_others(desk: Desk, _visitor: Visitor, _client: Application) -> None:
    account_form(_signed_in_elsewhere(desk), "", "/sessions/end-others")


def _by_a_new_password(desk: Desk, _visitor: Visitor, _client: Application) -> None:
    new = {"current": PASSWORD, "password": PASSWORD + "!", "again": PASSWORD + "!"}
    answer = account_form(_signed_in_elsewhere(desk), "/password", "/password", **new)
    assert answer.status_code == 303


def _out_of_the_account(_desk: Desk, visitor: Visitor, _client: Application) -> None:
    account_form(visitor, "", "/signout")


def _signed_in_elsewhere(desk: Desk) -> Visitor:
    visitor = Visitor(desk.served)
    use(visitor, new_application(desk.served, desk.served.first), desk.person)
    return visitor


@pytest.mark.parametrize(
    "end",
    [
        _over_it,
        _another_account,
        _by_the_account_page,
        _with_all_others,
        _by_a_new_password,
        _out_of_the_account,
    ],
)
def test_however_it_ends(desk: Desk, end: Callable[[Desk, Visitor, Application], None]) -> None:
    visitor, client = Visitor(desk.served), desk.client("/one")
    known = claims_of(use(visitor, client, desk.person)["id_token"])
    end(desk, visitor, client)
    (note,) = desk.heard()
    told = claims_of(note.token)
    assert (told["sub"], told["sid"]) == (desk.person.id, known["sid"])


def test_the_same_session_that_is_signed_in_to_again_has_not_ended(desk: Desk) -> None:
    visitor, client = Visitor(desk.served), desk.client("/one")
    use(visitor, client, desk.person)
    use(visitor, client, desk.person, prompt="login")
    assert desk.heard() == []


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server of this test's own, since it holds up what all are told."""
    monkeypatch.setattr(note_lines, "PAUSE_S", 0.01)
    with serve(sqlite_settings(tmp_path)) as running:
        yield running


def test_a_receiver_that_is_slow_holds_nobody_up(own: Served, receiver: Receiver) -> None:
    desk = Desk(own, receiver, new_person(own, own.first))
    visitor, client = Visitor(own), desk.client("/slow")
    hint = use(visitor, client, desk.person)["id_token"]
    receiver.gate.clear()
    leave(visitor, id_token_hint=hint)
    assert not is_signed_in(visitor, client)
    assert receiver.next().path == "/slow"
    # all of this was answered while the receiver had answered nothing
    assert not receiver.gate.is_set()
    receiver.gate.set()


@pytest.mark.parametrize("status", [500, 503])
def test_a_receiver_in_trouble_is_told_again(own: Served, receiver: Receiver, status: int) -> None:
    desk = Desk(own, receiver, new_person(own, own.first))
    visitor, client = Visitor(own), desk.client(f"/{status}")
    leave(visitor, id_token_hint=use(visitor, client, desk.person)["id_token"])
    notes = desk.heard()
    assert len(notes) == note_lines.TRIES
    assert len({claims_of(note.token)["sid"] for note in notes}) == 1


@pytest.mark.parametrize("status", [400, 404, 302])
def test_a_receiver_that_says_no_is_left_alone(
    own: Served, receiver: Receiver, status: int
) -> None:
    desk = Desk(own, receiver, new_person(own, own.first))
    visitor, client = Visitor(own), desk.client(f"/{status}")
    leave(visitor, id_token_hint=use(visitor, client, desk.person)["id_token"])
    assert len(desk.heard()) == 1


def test_a_receiver_that_is_down_keeps_no_other_from_hearing(
    own: Served, receiver: Receiver
) -> None:
    desk = Desk(own, receiver, new_person(own, own.first))
    visitor, up = Visitor(own), desk.client("/up")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/out"
        told = {"BackChannelLogoutUri": nobody}
        # of the clients of a session the one with the lesser id is told first
        down = new_application(own, own.first, Id="-down", Extensions=told)
        use(visitor, down, desk.person)
        leave(visitor, id_token_hint=use(visitor, up, desk.person)["id_token"])
        assert not is_signed_in(visitor, up)
        assert [note.path for note in desk.heard()] == ["/up"]
