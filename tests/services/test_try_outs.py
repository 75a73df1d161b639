"""Try-outs: what is added and taken away, whose they are, and what is kept of them."""

from typing import NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from gatepost.model import client_kinds
from gatepost.model.client_kinds import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    HYBRID,
    ClientKind,
)
from gatepost.model.clients import Secret, SecretDraft, StoredClient
from gatepost.model.errors import NotFound, Refused
from gatepost.model.events import Action
from gatepost.model.portal import TRY_OUT_LIFETIME
from gatepost.model.tenants import ADMINISTRATOR, SECRET_LIMIT
from gatepost.services import client_secrets, clients, keys, try_out_additions, try_out_state
from gatepost.services.access import AccessService
from gatepost.services.cards import Cards
from gatepost.services.client_login import Books, ClientLogin
from gatepost.services.devices import DeviceService
from gatepost.services.flows import RefreshRules
from gatepost.services.issuing import Mint
from gatepost.services.keys import KeyRing
from gatepost.services.refusals import RefusalBook
from gatepost.services.sweeping import Sweeper
from gatepost.services.token import TokenService
from gatepost.services.token_use import TokenUse
from gatepost.services.try_out_calls import Calls, Endpoints
from gatepost.services.try_out_state import Kept, ReadToken, Step
from gatepost.services.try_outs import TryOuts
from gatepost.services.usage import UsageBook
from gatepost.services.world import Act
from tests.services.world import Bench, act_of, add_client, administrator, found, new_world, role_id

URL = "https://id.example.com"
ISSUER = URL + "/identity"
CALLBACK = URL + "/portal/try/callback"
OWN = "https://app.example.com/signed-in"
FAMILY = "0a1b2c3d-0000-4000-8000-000000000001"


class Room(NamedTuple):
    """A world with try-outs, and an administrator of its tenant."""

    world: Bench
    try_outs: TryOuts
    act: Act

    def client(self, client_id: str) -> StoredClient:
        return clients.of_any_kind(self.world, self.act.tenant_id, client_id)

    def uris(self, client_id: str) -> tuple[str, ...]:
        uris: tuple[str, ...] = getattr(self.client(client_id).settings, "redirect_uris", ())
        return uris

    def secrets(self, client_id: str) -> tuple[Secret, ...]:
        with self.world.store.reading(self.act.tenant_id) as tenancy:
            return tenancy.clients.secrets(client_id)

    def actions(self) -> list[tuple[str, str]]:
        """What the journal says, newest last: who and what."""
        with self.world.store.reading(self.act.tenant_id) as tenancy:
            links = tenancy.journal.entries(0, 1_000)
        return [(link.event.actor.id, link.event.action) for link in links]

    def another(self) -> Act:
        """A second administrator."""
        role = role_id(self.world, self.act.tenant_id, ADMINISTRATOR)
        made = add_client(self.world, self.act, role_ids=(role,))
        return act_of(self.world, self.act.tenant_id, made.client.settings.id)


@pytest.fixture
def room() -> Room:
    world = new_world()
    keys.ensure(world, "ES256")
    tenant_id = found(world).tenant.id
    refusals = RefusalBook(world)
    ring = KeyRing(world)
    mint = Mint(world, ISSUER, ring)
    access = AccessService(world, ISSUER, ring, refusals, Cards(world.store))
    login = ClientLogin(
        world, frozenset({ISSUER}), Books(UsageBook(), refusals), Cards(world.store)
    )
    day = TRY_OUT_LIFETIME * 100
    tokens = TokenService(world, login, mint, RefreshRules(day, day))
    use = TokenUse(world, access, login, refusals)
    endpoints = Endpoints(mint, tokens, access, use, DeviceService(world, login))
    try_outs = TryOuts(world, URL, Calls(world, endpoints))
    return Room(world, try_outs, administrator(world, tenant_id))


def new_client(room: Room, kind: ClientKind = HYBRID, **members: object) -> str:
    if kind.response_types:
        members = {"redirect_uris": (OWN,), **members}
    return add_client(room.world, room.act, kind, **members).client.settings.id


def test_a_client_by_itself_is_tried_at_once(room: Room) -> None:
    client_id = new_client(room, CLIENT_CREDENTIALS)
    before = room.secrets(client_id)
    started = room.try_outs.begin(room.act, client_id)
    assert started.address is None
    seen = room.try_outs.seen(room.act, started.id)
    assert seen is not None
    assert seen.is_over
    assert [(step.key, step.state) for step in seen.steps] == [
        ("token", "done"),
        ("tenant", "done"),
    ]
    (token,) = seen.steps[0].tokens
    assert token.claims["client_id"] == client_id
    assert dict(seen.steps[1].came)["Id"] == room.act.tenant_id
    assert room.secrets(client_id) == before
    whom = room.act.caller.id
    assert room.actions()[-4:] == [
        (whom, Action.SECRET_ADDED),
        (whom, Action.TRY_OUT_BEGUN),
        (whom, Action.SECRET_REMOVED),
        (whom, Action.TRY_OUT_ENDED),
    ]


@pytest.mark.parametrize("kind", [HYBRID, AUTHORIZATION_CODE])
def test_what_is_added_is_taken_away_again(room: Room, kind: ClientKind) -> None:
    client_id = new_client(room, kind)
    before = room.client(client_id).settings, room.secrets(client_id)
    started = room.try_outs.begin(room.act, client_id)
    assert started.address is not None
    assert started.address.startswith(f"{ISSUER}/connect/authorize?")
    assert room.uris(client_id) == (OWN, CALLBACK)
    added = room.secrets(client_id)[len(before[1]) :]
    assert len(added) == (1 if kind.has_secret else 0)
    for secret in added:
        assert secret.description == try_out_additions.SECRET_DESCRIPTION
        assert secret.expires_at == room.world.clock.now() + TRY_OUT_LIFETIME
    room.try_outs.finish(room.act, started.id)
    assert (room.client(client_id).settings, room.secrets(client_id)) == before
    seen = room.try_outs.seen(room.act, started.id)
    assert seen is not None
    assert seen.is_over
    length = len(room.actions())
    room.try_outs.finish(room.act, started.id)
    assert len(room.actions()) == length


def test_the_same_person_has_one_try_out_of_a_client(room: Room) -> None:
    client_id = new_client(room)
    first = room.try_outs.begin(room.act, client_id)
    second = room.try_outs.begin(room.act, client_id)
    assert room.try_outs.seen(room.act, first.id) is None
    assert room.try_outs.seen(room.act, second.id) is not None
    assert room.uris(client_id) == (OWN, CALLBACK)
    assert len(room.secrets(client_id)) == 2


def test_two_administrators_share_the_address_until_the_last_has_ended(room: Room) -> None:
    client_id, other = new_client(room), room.another()
    mine = room.try_outs.begin(room.act, client_id)
    theirs = room.try_outs.begin(other, client_id)
    assert room.uris(client_id) == (OWN, CALLBACK)
    assert len(room.secrets(client_id)) == 3
    room.try_outs.finish(room.act, mine.id)
    assert room.uris(client_id) == (OWN, CALLBACK)
    assert len(room.secrets(client_id)) == 2
    room.try_outs.finish(other, theirs.id)
    assert room.uris(client_id) == (OWN,)
    assert len(room.secrets(client_id)) == 1


@pytest.mark.requirement("R-63")
def test_however_many_others_try_the_last_of_a_client_takes_the_address(room: Room) -> None:
    """Asked of all tenants at once, the try-outs of one client were pushed out by others'."""
    client_id, crowded, other = new_client(room), new_client(room), room.another()
    elsewhere = found(room.world).tenant.id
    crowd = administrator(room.world, elsewhere)
    away = add_client(room.world, crowd, HYBRID, redirect_uris=(OWN,)).client.settings.id
    for act, whose in ((crowd, away), (room.act, crowded)):
        begun = room.try_outs.begin(act, whose)
        with room.world.store.writing(act.tenant_id) as tenancy:
            row = tenancy.grants.try_out(begun.id)
            assert row is not None
            for number in range(1_000):
                tenancy.grants.add_try_out(replace(row, id=f"{number}", user_id=f"{number}"))
    room.world.set_clock.forward(seconds=1)
    mine, theirs = (room.try_outs.begin(act, client_id) for act in (room.act, other))
    room.try_outs.finish(room.act, mine.id)
    assert room.uris(client_id) == (OWN, CALLBACK)
    again = room.try_outs.begin(room.act, client_id)
    room.try_outs.finish(other, theirs.id)
    assert room.uris(client_id) == (OWN, CALLBACK)
    room.try_outs.begin(room.act, client_id)
    assert room.try_outs.seen(room.act, again.id) is None
    assert len(room.secrets(client_id)) == 2


def test_an_address_that_somebody_registered_stays(room: Room) -> None:
    client_id = new_client(room, redirect_uris=(OWN, CALLBACK))
    started = room.try_outs.begin(room.act, client_id)
    room.try_outs.finish(room.act, started.id)
    assert room.uris(client_id) == (OWN, CALLBACK)


@pytest.mark.requirement("R-39")
def test_nobody_else_sees_or_ends_a_try_out(room: Room) -> None:
    client_id, other = new_client(room), room.another()
    started = room.try_outs.begin(room.act, client_id)
    assert started.address is not None
    assert room.try_outs.seen(other, started.id) is None
    room.try_outs.finish(other, started.id)
    assert room.uris(client_id) == (OWN, CALLBACK)
    state = started.address.partition("state=")[2].partition("&")[0]
    answer = {"state": state, "code": "some-code", "iss": ISSUER}
    assert room.try_outs.come_back(other, answer) is None
    assert room.try_outs.come_back(room.act, {**answer, "state": started.id}) is None
    assert room.try_outs.come_back(room.act, {**answer, "state": state + "x"}) is None
    assert room.try_outs.come_back(room.act, {}) is None
    assert room.uris(client_id) == (OWN, CALLBACK)
    seen = room.try_outs.come_back(room.act, answer)
    assert seen is not None
    assert seen.is_over


@pytest.mark.parametrize(
    ("answer", "failed", "error"),
    [
        ({"error": "access_denied", "error_description": "no"}, "answer", "access_denied"),
        ({"code": "made-up-code"}, "answer", "check_failed"),
        ({}, "answer", "no_code"),
        ({"code": "made-up-code", "id_token": "e30.e30.e30"}, "answer", "check_failed"),
    ],
)
def test_an_answer_that_is_wrong_ends_it(
    room: Room, answer: dict[str, str], failed: str, error: str
) -> None:
    client_id = new_client(room)
    started = room.try_outs.begin(room.act, client_id)
    assert started.address is not None
    state = started.address.partition("state=")[2].partition("&")[0]
    issuer = {"iss": "https://elsewhere.example.com"} if "code" in answer else {"iss": ISSUER}
    seen = room.try_outs.come_back(room.act, {**answer, "state": state, **issuer})
    assert seen is not None
    assert (seen.is_over, seen.steps[-1].key, seen.steps[-1].error) == (True, failed, error)
    assert room.uris(client_id) == (OWN,)
    again = room.try_outs.come_back(room.act, {**answer, "state": state, **issuer})
    assert again == seen


def test_a_code_that_is_not_good_is_refused(room: Room) -> None:
    client_id = new_client(room, AUTHORIZATION_CODE)
    started = room.try_outs.begin(room.act, client_id)
    assert started.address is not None
    state = started.address.partition("state=")[2].partition("&")[0]
    answer = {"code": "made-up-code", "state": state, "iss": ISSUER}
    seen = room.try_outs.come_back(room.act, answer)
    assert seen is not None
    assert [(step.key, step.state, step.error) for step in seen.steps] == [
        ("authorize", "done", None),
        ("answer", "done", None),
        ("token", "failed", "invalid_grant"),
    ]


def test_a_device_waits_and_is_asked_slowly(room: Room) -> None:
    client_id = new_client(room, DEVICE_CODE)
    started = room.try_outs.begin(room.act, client_id)
    assert started.address is None
    first = room.try_outs.check(room.act, started.id)
    assert first is not None
    assert (first.is_over, first.steps[-1].error) == (False, "authorization_pending")
    assert len(first.user_code) == 9
    room.world.set_clock.forward(seconds=1)
    second = room.try_outs.check(room.act, started.id)
    assert second is not None
    assert [step.key for step in second.steps] == ["device", "poll"]
    assert (second.is_over, second.steps[-1].error) == (False, "slow_down")
    room.try_outs.finish(room.act, started.id)
    over = room.try_outs.check(room.act, started.id)
    assert over is not None
    assert over.is_over


def test_what_nobody_ends_is_swept_by_the_portal_itself(room: Room) -> None:
    client_id = new_client(room)
    started = room.try_outs.begin(room.act, client_id)
    sweeper = Sweeper(room.world, (room.try_outs.sweep,))
    assert sweeper.sweep_when_due() == 0
    assert room.uris(client_id) == (OWN, CALLBACK)
    room.world.set_clock.forward(seconds=TRY_OUT_LIFETIME.total_seconds())
    assert room.try_outs.seen(room.act, started.id) is None
    assert sweeper.sweep_when_due() == 1
    assert room.uris(client_id) == (OWN,)
    assert len(room.secrets(client_id)) == 1
    assert room.actions()[-3:] == [
        ("portal", Action.CLIENT_CHANGED),
        ("portal", Action.SECRET_REMOVED),
        ("portal", Action.TRY_OUT_ENDED),
    ]
    assert room.try_outs.sweep(room.world.clock.now()) == 0


def test_what_was_ended_is_forgotten_without_a_word(room: Room) -> None:
    client_id = new_client(room, CLIENT_CREDENTIALS)
    room.try_outs.begin(room.act, client_id)
    length = len(room.actions())
    room.world.set_clock.forward(seconds=TRY_OUT_LIFETIME.total_seconds())
    assert room.try_outs.sweep(room.world.clock.now()) == 1
    assert room.try_outs.sweep(room.world.clock.now()) == 0
    assert len(room.actions()) == length


def test_a_client_that_was_removed_meanwhile_does_no_harm(room: Room) -> None:
    client_id = new_client(room)
    started = room.try_outs.begin(room.act, client_id)
    clients.remove(room.world, room.act, HYBRID, client_id)
    room.try_outs.finish(room.act, started.id)
    assert room.try_outs.seen(room.act, started.id) is None
    with pytest.raises(NotFound):
        room.try_outs.begin(room.act, client_id)
    room.world.set_clock.forward(seconds=TRY_OUT_LIFETIME.total_seconds())
    room.try_outs.sweep(room.world.clock.now())


def test_a_client_that_was_changed_meanwhile_keeps_its_changes(room: Room) -> None:
    client_id = new_client(room)
    started = room.try_outs.begin(room.act, client_id)
    number = room.secrets(client_id)[-1].id
    client_secrets.remove(room.world, room.act, HYBRID, client_id, number)
    members = {"redirect_uris": ("https://app.example.com/new",), "name": "New"}
    clients.change(room.world, room.act, HYBRID, client_id, members)
    room.try_outs.finish(room.act, started.id)
    assert room.uris(client_id) == ("https://app.example.com/new",)
    assert room.client(client_id).settings.name == "New"
    assert room.actions()[-1] == (room.act.caller.id, Action.TRY_OUT_ENDED)


@pytest.mark.parametrize(
    ("kind", "members", "secrets", "names"),
    [
        ("hybrid", {}, 1, ()),
        ("hybrid", {}, SECRET_LIMIT, ("secrets_full",)),
        ("hybrid", {"enabled": False}, 1, ("disabled",)),
        (
            "hybrid",
            {"redirect_uris": tuple(f"{OWN}{n}" for n in range(10))},
            1,
            ("addresses_full",),
        ),
        (
            "hybrid",
            {"redirect_uris": (*(f"{OWN}{n}" for n in range(9)), CALLBACK)},
            SECRET_LIMIT - 1,
            (),
        ),
        ("authorization_code", {}, SECRET_LIMIT, ()),
        ("client_credentials", {}, SECRET_LIMIT, ("secrets_full",)),
        ("device_code", {"enabled": False}, 0, ("disabled",)),
    ],
)
def test_what_is_in_the_way(
    room: Room, kind: str, members: dict[str, object], secrets: int, names: tuple[str, ...]
) -> None:
    client = room.client(new_client(room, client_kinds.BY_NAME[kind]))
    changed = replace(client, settings=replace(client.settings, **members))
    assert try_out_additions.obstacles(changed, secrets, CALLBACK) == names


def test_what_is_in_the_way_is_refused_and_nothing_is_added(room: Room) -> None:
    client_id = new_client(room)
    for _ in range(SECRET_LIMIT - 1):
        draft = SecretDraft(expires=False)
        client_secrets.add(room.world, room.act, HYBRID, client_id, draft)
    assert room.try_outs.look(room.act.tenant_id, client_id).obstacles == ("secrets_full",)
    length = len(room.actions())
    with pytest.raises(Refused, match="10 secrets"):
        room.try_outs.begin(room.act, client_id)
    assert len(room.actions()) == length
    assert room.uris(client_id) == (OWN,)


@pytest.mark.requirement("R-64")
def test_somebody_who_lost_the_role_begins_nothing(room: Room) -> None:
    client_id, other = new_client(room), room.another()
    clients.replace_roles(room.world, room.act, other.caller.id, [])
    with pytest.raises(Refused, match="not change clients any more"):
        room.try_outs.begin(other, client_id)
    assert room.uris(client_id) == (OWN,)


@pytest.mark.requirement("R-60", "R-76")
@pytest.mark.parametrize("kind", [HYBRID, CLIENT_CREDENTIALS, DEVICE_CODE])
def test_nothing_that_opens_anything_is_kept_in_the_clear(room: Room, kind: ClientKind) -> None:
    client_id = new_client(room, kind)
    started = room.try_outs.begin(room.act, client_id)
    with room.world.store.reading(room.act.tenant_id) as tenancy:
        row = tenancy.grants.try_out(started.id)
        journal = repr(tenancy.journal.entries(0, 1_000))
    assert row is not None
    kept = try_out_state.opened(room.world, row)
    values = [kept.secret, kept.verifier, kept.state, kept.nonce, kept.device_code, "eyJ"]
    for value in filter(None, values):
        assert value.encode() not in row.sealed_state
        assert value not in journal
        assert value not in repr(kept)
    told = msgspec.json.encode(kept.steps).decode()
    for value in filter(None, [kept.secret, kept.verifier, kept.device_code]):
        assert value not in told
    room.try_outs.finish(room.act, started.id)
    with room.world.store.reading(room.act.tenant_id) as tenancy:
        over = tenancy.grants.try_out(started.id)
    assert over is not None
    left = try_out_state.opened(room.world, over)
    assert left == Kept(stage="ended", steps=left.steps)


def test_a_state_is_readable_at_its_own_place_only(room: Room) -> None:
    client_id = new_client(room)
    started = room.try_outs.begin(room.act, client_id)
    with room.world.store.reading(room.act.tenant_id) as tenancy:
        row = tenancy.grants.try_out(started.id)
    assert row is not None
    assert try_out_state.opened(room.world, row).secret
    assert try_out_state.opened(room.world, replace(row, id="another")) == Kept(stage="ended")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", "…"), ("a", "…"), ("abcd", "ab…"), ("gps_0123456789abcdef", "gps_0123…")],
)
def test_a_value_is_masked(value: str, shown: str) -> None:
    assert try_out_state.masked(value) == shown


def _given(key: str, *tokens: tuple[str, object]) -> Step:
    read = (ReadToken(name, {}, {"jti": mark}) for name, mark in tokens)
    return Step(key=key, state="done", address="", tokens=tuple(read))


@pytest.mark.parametrize(
    ("steps", "families"),
    [
        ((), ()),
        ((_given("authorize"),), ()),
        ((_given("answer", ("id_token", f"{FAMILY}.x")),), ()),
        ((_given("token", ("id_token", None), ("access_token", f"client{FAMILY}.x")),), (FAMILY,)),
        ((_given("token", ("access_token", None)),), ()),
        (
            (
                _given("token", ("access_token", f"client{FAMILY}.x")),
                _given("refresh", ("access_token", f"client{FAMILY}.y")),
            ),
            (FAMILY,),
        ),
    ],
    ids=["nothing", "no token", "an id token alone", "both", "no mark", "renewed"],
)
def test_the_grants_of_a_try_out_are_read_off_its_access_tokens(
    steps: tuple[Step, ...], families: tuple[str, ...]
) -> None:
    assert try_out_state.families_of(steps) == families


@pytest.mark.parametrize(
    ("token", "claims"),
    [
        ("e30.eyJhIjoxfQ.sig", {"a": 1}),
        ("e30.eyJhIjoxfQ", None),
        ("e30.!!.sig", None),
        ("e30.W10.sig", None),
        ("e30._w.sig", None),
        ("gpr_opaque", None),
    ],
)
def test_a_token_is_read(token: str, claims: dict[str, object] | None) -> None:
    read = try_out_state.read_token("id_token", token)
    assert (None if read is None else read.claims) == claims


def test_a_step_takes_the_place_of_one_that_waited_for_it() -> None:
    waiting = Step(key="poll", state="waiting", address="")
    done = Step(key="poll", state="done", address="")
    other = Step(key="userinfo", state="done", address="")
    kept = Kept().with_step(waiting).with_step(done).with_step(other)
    assert kept.steps == (done, other)
