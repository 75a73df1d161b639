"""A person's sign-ins over REST: who may see and end them, and what ends with them."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx
import pytest

from gatepost.model.events import Action, Event
from gatepost.model.sign_ins import ABSOLUTE_LIMIT, IDLE_LIMIT
from tests.flows import (
    Application,
    Person,
    Visitor,
    new_application,
    new_person,
    redeem,
    token,
)
from tests.peer import Heard, Peer, listening
from tests.served import Served
from tests.web.contract.tokens import bearer
from tests.web.indoors import indoors
from tests.web.oauth import add_client
from tests.web.relying import ACCOUNT, USERINFO, claims_of, is_signed_in, use, verified
from tests.web.rest import refused

NO_ID = "00000000-0000-4000-8000-000000000000"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OFFLINE = "openid ocsapi offline_access"
OPERATIONS = {
    "list": ("GET", "", 200),
    "count": ("HEAD", "", 200),
    "end": ("DELETE", "/{sid}", 204),
    "end all": ("DELETE", "", 204),
}


Answer = httpx.Response


class Scene(NamedTuple):
    """A person of the first tenant, and the application they sign in to."""

    served: Served
    client: Application
    person: Person

    @property
    def base(self) -> str:
        """The address of the person's sign-ins."""
        return f"{self.served.api()}/Users/{self.person.id}/SignIns"

    def browser(self) -> tuple[Visitor, str, dict[str, str]]:
        """A browser in which the person signed in, the `sid` of that, and a header of theirs."""
        visitor = Visitor(self.served)
        visitor.http.headers["User-Agent"] = AGENT
        got = use(visitor, self.client, self.person)
        return visitor, str(claims_of(got["id_token"])["sid"]), bearer(got["access_token"])

    def call(self, method: str, path: str = "", header: dict[str, str] | None = None) -> Answer:
        """A call below the person's sign-ins, by an administrator unless a header is given."""
        by = self.served.admin() if header is None else header
        return self.served.http.request(method, self.base + path, headers=by)

    def events(self, *actions: Action) -> list[Event]:
        """What the tenant's journal says of these."""
        with self.served.house.store.reading(self.served.first.id) as tenancy:
            every = [link.event for link in tenancy.journal.entries(0, 100_000)]
        return [event for event in every if event.action in actions]

    def ended(self) -> list[Event]:
        """The journal's entries of ended sign-ins of this person."""
        found = self.events(Action.SIGN_IN_ENDED)
        return [event for event in found if event.target == self.person.id]


@pytest.fixture
def scene(served: Served) -> Scene:
    """A new person and a new application."""
    return _scene(served)


def _scene(served: Served, **extensions: str) -> Scene:
    tenant = served.first
    members: dict[str, Any] = {"Extensions": extensions} if extensions else {}
    client = new_application(served, tenant, AllowOfflineAccess=True, **members)
    return Scene(served, client, new_person(served, tenant))


@pytest.mark.requirement("R-64")
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_only_administrators_and_the_person_may(scene: Scene, name: str) -> None:
    method, path, success = OPERATIONS[name]
    served = scene.served
    visitor, sid, own = scene.browser()
    other = _scene(served).browser()[2]
    member = add_client(served)
    turned_away = {
        "nobody": ({}, 401),
        "a member": (bearer(served.token(member.client_id, member.secret)), 403),
        "another person": (other, 403),
        "another tenant's administrator": (served.admin(served.second), 404),
    }
    for player, (header, status) in turned_away.items():
        answer = scene.call(method, path.format(sid=sid), header)
        assert (player, answer.status_code) == (player, status)
    assert is_signed_in(visitor, scene.client)
    assert scene.ended() == []
    assert scene.call(method, path.format(sid=sid), own).status_code == success
    sid = scene.browser()[1]
    assert scene.call(method, path.format(sid=sid)).status_code == success


@pytest.mark.requirement("R-63")
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_what_is_elsewhere_looks_like_what_is_missing(scene: Scene, name: str) -> None:
    method, path, _ = OPERATIONS[name]
    served = scene.served
    visitor, sid, _ = scene.browser()
    stranger = new_person(served, served.second)
    foreign, missing = f"/api/v1/Tenants/{served.second.id}", f"/api/v1/Tenants/{NO_ID}"
    for base, user_id, thing in (
        (served.api(), stranger.id, "User"),
        (served.api(), NO_ID, "User"),
        (foreign, stranger.id, "Tenant"),
        (missing, scene.person.id, "Tenant"),
    ):
        address = f"{base}/Users/{user_id}/SignIns{path.format(sid=sid)}"
        answer = served.http.request(method, address, headers=served.admin())
        assert answer.status_code == 404
        if method != "HEAD":
            assert refused(answer, 404)["Error"] == f"{thing} not found"
    assert is_signed_in(visitor, scene.client)


@pytest.mark.requirement("R-63")
def test_a_sign_in_is_ended_only_under_its_own_person(scene: Scene) -> None:
    served = scene.served
    others = _scene(served)
    visitor, sid, _ = others.browser()
    neighbour = new_application(served, served.second)
    got = use(Visitor(served), neighbour, new_person(served, served.second))
    foreign = claims_of(got["id_token"])["sid"]
    for path in (sid, foreign, NO_ID, "%00", "%ff", "x" * 5_000, "..%2f", "1"):
        answer = scene.call("DELETE", f"/{path}")
        assert refused(answer, 404)["Error"] == "Sign-in not found"
    assert is_signed_in(visitor, others.client)
    assert others.ended() == []


def test_the_list_tells_what_a_person_needs_to_know_their_browsers(scene: Scene) -> None:
    began = datetime.now().astimezone()
    sids = [scene.browser()[1] for _ in range(3)]
    answer = scene.call("GET")
    rows = answer.json()
    assert [row["Id"] for row in rows] == sids[::-1]
    assert answer.headers["Total-Count"] == "3"
    first = rows[0]
    assert " ".join(first) == "Id Method SignedInAt LastSeenAt ExpiresAt Address Agent"
    assert (first["Method"], first["Address"], first["Agent"]) == ("pwd", "127.0.0.1", AGENT)
    signed_in, seen, expires = (
        datetime.fromisoformat(first[name]) for name in ("SignedInAt", "LastSeenAt", "ExpiresAt")
    )
    assert began <= signed_in <= seen <= datetime.now().astimezone()
    assert expires - signed_in == ABSOLUTE_LIMIT


@pytest.mark.requirement("R-71")
def test_the_list_has_pages_and_is_counted(scene: Scene) -> None:
    sids = [scene.browser()[1] for _ in range(3)]
    part = scene.call("GET", "?skip=1&count=1")
    assert [row["Id"] for row in part.json()] == [sids[1]]
    counted = scene.call("HEAD")
    assert (part.headers["Total-Count"], counted.headers["Total-Count"]) == ("3", "3")
    assert counted.content == b""
    refused(scene.call("GET", "?count=0"))


@pytest.mark.requirement("R-51")
@pytest.mark.parametrize("limit", [IDLE_LIMIT, ABSOLUTE_LIMIT])
def test_what_counts_no_more_is_not_listed(limit: timedelta) -> None:
    place = indoors()
    scene = _scene(place.served)
    _, sid, _ = scene.browser()
    assert [row["Id"] for row in scene.call("GET").json()] == [sid]
    place.forward(seconds=limit.total_seconds())
    answer = scene.call("GET")
    assert (answer.json(), answer.headers["Total-Count"]) == ([], "0")


@pytest.mark.requirement("R-27", "R-50")
@pytest.mark.parametrize("form", [str.lower, str.upper])
def test_ending_one_is_felt_at_the_next_click(scene: Scene, form: Callable[[str], str]) -> None:
    here, sid, _ = scene.browser()
    there, other_sid, _ = scene.browser()
    assert is_signed_in(here, scene.client)
    assert scene.person.email in here.get(ACCOUNT).response.text
    assert scene.call("DELETE", f"/{form(sid)}").status_code == 204
    assert not is_signed_in(here, scene.client)
    assert scene.person.email not in here.get(ACCOUNT).response.text
    assert is_signed_in(there, scene.client)
    assert [row["Id"] for row in scene.call("GET").json()] == [other_sid]
    refused(scene.call("DELETE", f"/{sid}"), 404)


def test_ending_one_leaves_what_was_given_to_stay(scene: Scene) -> None:
    """Offline access is there for when nobody is signed in; a yes is taken back elsewhere."""
    got = use(Visitor(scene.served), scene.client, scene.person, scope=OFFLINE)
    sid = claims_of(got["id_token"])["sid"]
    assert scene.call("DELETE", f"/{sid}").status_code == 204
    assert _refreshed(scene, got["refresh_token"]).status_code == 200


@pytest.mark.requirement("R-27", "R-50")
def test_ending_all_ends_all_that_came_of_them(scene: Scene) -> None:
    bystander = _scene(scene.served)
    untouched = bystander.browser()[0]
    visitor = Visitor(scene.served)
    got = use(visitor, scene.client, scene.person, scope=OFFLINE)
    code = visitor.authorize(scene.client).answer["code"]
    browsers = [visitor, *(scene.browser()[0] for _ in range(2))]
    assert scene.call("DELETE").status_code == 204
    assert not any(is_signed_in(browser, scene.client) for browser in browsers)
    assert scene.call("GET").json() == []
    for answer in (
        _refreshed(scene, got["refresh_token"]),
        redeem(scene.served, scene.client, code),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    own = bearer(got["access_token"])
    assert scene.served.http.get(USERINFO, headers=own).status_code == 401
    refused(scene.call("GET", header=own), 401)
    assert is_signed_in(untouched, bystander.client)


@pytest.mark.requirement("R-76")
def test_the_journal_says_who_ended_what(scene: Scene) -> None:
    served = scene.served
    _, first, own = scene.browser()
    _, second, _ = scene.browser()
    done = scene.call("DELETE", f"/{first}", own)
    scene.call("DELETE")
    by_self, by_administrator = scene.ended()
    assert (by_self.actor.kind, by_self.actor.id) == ("user", scene.person.id)
    assert by_self.origin.operation_id == done.headers["Operation-Id"]
    assert by_administrator.actor.id == served.first.client_id
    assert [event.after for event in (by_self, by_administrator)] == [
        {"SignIn": first},
        {"SignIn": second},
    ]
    revoked = scene.events(Action.GRANT_REVOKED)[-2:]
    assert {event.reason for event in revoked} == {"sign_ins_ended"}
    assert {event.actor.id for event in revoked} == {served.first.client_id}


def test_nothing_to_end_is_fine_and_leaves_no_mark(scene: Scene) -> None:
    before = len(scene.events(*Action))
    assert scene.call("DELETE").status_code == 204
    assert len(scene.events(*Action)) == before


@pytest.mark.parametrize("path", ["/{sid}", ""])
def test_applications_are_told(served: Served, path: str) -> None:
    with listening() as peer:
        scene = _scene(served, BackChannelLogoutUri=peer.at("/signed-out/200"))
        _, sid, _ = scene.browser()
        assert scene.call("DELETE", path.format(sid=sid)).status_code == 204
        (note,) = _heard(peer)
    assert note.line.startswith("POST /signed-out/200 ")
    name, _, value = note.body.partition("=")
    claims = verified(served, value, scene.client.id, "logout+jwt")
    assert (name, claims["sub"], claims["sid"]) == ("logout_token", scene.person.id, sid)


def test_nobody_is_told_of_what_was_not_ended(served: Served) -> None:
    with listening() as peer:
        scene = _scene(served, BackChannelLogoutUri=peer.at("/200"))
        _, sid, _ = scene.browser()
        scene.call("DELETE", f"/{NO_ID}")
        scene.call("DELETE", f"/{sid}", {})
        scene.call("DELETE", f"/{sid}")
        notes = _heard(peer)
    assert [claims_of(note.body.partition("=")[2])["sid"] for note in notes] == [sid]


def _heard(peer: Peer) -> list[Heard]:
    """What another server heard, once it has heard something, or after a while."""
    for _ in range(200):
        if not peer.heard:
            time.sleep(0.05)
    return peer.heard


def _refreshed(scene: Scene, refresh_token: str) -> Answer:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return token(scene.served, scene.client, **form)
