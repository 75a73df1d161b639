"""The flows in the store on SQL and in the store in memory tell the same story."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost import ports
from gatepost.model.grants import APPROVED, DENIED
from gatepost.model.requests import Progress
from gatepost.model.sign_ins import SignInDigests
from gatepost.ports import RedemptionStore, Spending, Tenancy
from gatepost.storage.engine import make_engine
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from tests.memory_store import MemoryStore
from tests.stores.examples import (
    NOW,
    SECRETS,
    client,
    event,
    found_tenant,
    guid,
    recorded,
    user,
)
from tests.stores.flow_examples import (
    authenticator,
    code,
    consent,
    device_code,
    digest_of,
    family,
    passkey,
    pending,
    pushed,
    refresh_token,
    sign_in,
)
from tests.stores.portal_examples import password_link, portal_session, try_out

Call = Callable[[Tenancy], object]
Redeeming = Callable[[RedemptionStore], object]
Step = tuple[int, list[Call], bool, list[Redeeming]]

MOMENTS = st.integers(0, 3).map(lambda second: NOW + timedelta(seconds=second))
IDS = st.sampled_from(["a", "b", "B"])
PEOPLE = ("p1", "p2")


@st.composite
def person_calls(draw: st.DrawFn, stem: str, clients: tuple[str, ...]) -> Call:
    """A call about what belongs to a person."""
    id_, other, at = draw(IDS), draw(IDS), draw(MOMENTS)
    person, app = draw(st.sampled_from([*PEOPLE, "nobody"])), draw(st.sampled_from(clients))
    found_by = SignInDigests(digest_of(stem, other), digest_of(stem, id_, other))
    both = [digest_of(stem, id_), digest_of(stem, other), digest_of(stem, id_, other)]
    new = sign_in(person, id=id_, signed_in_at=at)
    step = draw(st.integers(0, 2))
    app_key = authenticator(person, used_step=step, created_at=at)
    mine, key = consent(person, app, given_at=at), passkey(person, id=id_, created_at=at)
    at_work = portal_session(person, other, created_at=at)
    link = password_link(person, created_at=at, expires_at=at)
    calls: list[Call] = [
        lambda unit: unit.sign_ins.add(new, found_by),
        lambda unit: unit.sign_ins.with_session(both),
        lambda unit: unit.sign_ins.with_silent(both),
        lambda unit: unit.sign_ins.touch(id_, at),
        lambda unit: unit.sign_ins.end(id_),
        lambda unit: unit.sign_ins.save_consent(mine),
        lambda unit: unit.sign_ins.consent(person, app),
        lambda unit: unit.sign_ins.remove_consent(person, app),
        lambda unit: unit.sign_ins.add_passkey(key),
        lambda unit: unit.sign_ins.note_passkey_use(id_, 7, at),
        lambda unit: unit.sign_ins.remove_passkey(person, id_),
        lambda unit: unit.sign_ins.save_authenticator(app_key),
        lambda unit: unit.sign_ins.spend_step(person, step, at),
        lambda unit: unit.sign_ins.remove_authenticator(person),
        lambda unit: unit.sign_ins.set_recovery_codes(person, sorted({*both[:step]})),
        lambda unit: unit.sign_ins.spend_recovery_code(person, both[0]),
        lambda unit: unit.sign_ins.demand("everybody", at),
        lambda unit: unit.sign_ins.count_without_factor(None, step),
        lambda unit: unit.sign_ins.save_attempts({both[0]: at}),
        lambda unit: unit.sign_ins.attempts(both),
        lambda unit: unit.sign_ins.add_portal_session(at_work, both[0]),
        lambda unit: unit.sign_ins.portal_session(both[0]),
        lambda unit: unit.sign_ins.end_portal_session(both[1]),
        lambda unit: unit.directory.set_password_link(link, both[0]),
        lambda unit: unit.directory.remove_user(person),
        lambda unit: unit.clients.remove(app),
    ]
    return draw(st.sampled_from(calls))


@st.composite
def grant_calls(draw: st.DrawFn, stem: str, clients: tuple[str, ...]) -> Call:
    """A call about what was granted."""
    id_, family_id, at, number = draw(IDS), draw(IDS), draw(MOMENTS), draw(st.integers(1, 3))
    app, person = draw(st.sampled_from(clients)), draw(st.sampled_from(PEOPLE))
    digest, shown = digest_of(id_), digest_of(stem, family_id)
    state, let_in = draw(st.sampled_from([(APPROVED, family_id), (DENIED, None)]))
    moments = {"created_at": at, "expires_at": at + timedelta(seconds=number)}
    errand = pending(draw(st.sampled_from([app, None])), id=id_, progress=Progress(chosen=person))
    new = family(app, person, id=family_id, sign_in_id=id_, **moments)
    token = refresh_token(family_id, digest=digest, generation=number)
    device = device_code(app, digest=digest, user_code_digest=shown)
    one, sent = code(family_id, digest=digest), pushed(app, digest=digest)
    trial = try_out(app, id=id_, sealed_state=person.encode(), **moments)
    calls: list[Call] = [
        lambda unit: unit.grants.add_pending(errand),
        lambda unit: unit.grants.save_pending(errand),
        lambda unit: unit.grants.remove_pending(id_),
        lambda unit: unit.grants.add_pushed(sent),
        lambda unit: unit.grants.remove_pushed(digest),
        lambda unit: unit.grants.add_family(new),
        lambda unit: unit.grants.revoke_family(family_id, at, "replay"),
        lambda unit: unit.grants.live_families_of(person, at),
        lambda unit: unit.grants.clients_of_sign_in(id_),
        lambda unit: unit.grants.dependents(app, at, number),
        lambda unit: unit.grants.add_try_out(trial),
        lambda unit: unit.grants.try_outs_of(app),
        lambda unit: unit.grants.save_try_out(trial),
        lambda unit: unit.grants.remove_try_out(id_),
        lambda unit: unit.grants.add_code(one),
        lambda unit: unit.grants.add_refresh_token(token),
        lambda unit: unit.grants.add_device_code(device),
        lambda unit: unit.grants.device_with_user_code(shown),
        lambda unit: unit.grants.note_poll(digest, at),
        lambda unit: unit.grants.settle_device_code(digest, state, let_in),
        lambda unit: unit.grants.spend_device_code(digest, at),
        lambda unit: unit.grants.revoke_token(id_, at),
        lambda unit: unit.grants.is_revoked(id_),
    ]
    return draw(st.sampled_from(calls))


@st.composite
def redemptions(draw: st.DrawFn) -> Redeeming:
    """A sentence about what is used up once."""
    id_, next_id, family_id, sign_in_id = (draw(IDS) for _ in range(4))
    at, number = draw(MOMENTS), draw(st.integers(1, 3))
    digest = digest_of(id_)
    of_next = {"digest": digest_of(next_id), "created_at": at, "generation": number}
    spending = Spending(
        digest=digest,
        family_id=family_id,
        now=at,
        sign_in_id=sign_in_id,
        successor=draw(st.sampled_from([None, refresh_token(family_id, **of_next)])),
        sealed_successor=draw(st.sampled_from([None, b"sealed"])),
    )
    calls: list[Redeeming] = [
        lambda found: found.code(digest),
        lambda found: found.refresh_token(digest),
        lambda found: found.spend_code(spending),
        lambda found: found.spend_refresh_token(spending),
    ]
    return draw(st.sampled_from(calls))


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, list[Step]]:
    """A stem of ids that nobody had before, and units in two tenants."""
    stem = guid()
    clients = tuple(f"{stem}{tenant}{number}" for tenant in (0, 1) for number in (0, 1))
    call = st.one_of(person_calls(stem, clients), grant_calls(stem, clients))
    calls = st.lists(call, min_size=1, max_size=3)
    events = st.sampled_from([True, True, True, False])
    redeemed = st.lists(redemptions(), max_size=3)
    steps = st.tuples(st.integers(0, 1), calls, events, redeemed)
    return stem, draw(st.lists(steps, min_size=12, max_size=25))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ports.Store, ports.Store]]:
    """A store in memory and one on SQLite."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('likeness') / 'gatepost.db'}")
    migrate(engine)
    store = SqlStore(engine, SECRETS)
    yield MemoryStore(SECRETS), store
    store.close()


def told(store: ports.Store, tenant_id: str, step: Step, at: int) -> object:
    """What a unit answered, how it ended, and what is there then."""
    _, calls, is_recorded, redeemed = step
    answers: list[object] = []
    try:
        with store.writing(tenant_id) as unit:
            answers.extend(call(unit) for call in calls)
            if is_recorded:
                unit.journal.append(event(at=NOW + timedelta(hours=at)))
        end = "kept"
    except Exception as error:  # noqa: BLE001  (each store has its own for a missing parent)
        end = "unrecorded" if type(error).__name__ == "UnrecordedChange" else "refused"
    found = store.redemptions(tenant_id)
    return answers, end, [_answer(call, found) for call in redeemed], left(store, tenant_id)


def _answer(call: Redeeming, found: RedemptionStore) -> object:
    try:
        return call(found)
    except Exception:  # noqa: BLE001  (each store has its own for a digest that is taken)
        return "refused"


def left(store: ports.Store, tenant_id: str) -> object:
    """What is there of the flows, by all ids that a story may use."""
    digests = [digest_of(id_) for id_ in "abB"]
    with store.reading(tenant_id) as unit:
        return [
            *(unit.sign_ins.of_user(id_) for id_ in PEOPLE),
            *(unit.sign_ins.consents_of(id_) for id_ in PEOPLE),
            *(unit.sign_ins.passkeys_of(id_) for id_ in PEOPLE),
            *((unit.grants.pending(id_), unit.grants.family(id_)) for id_ in "abB"),
            *(unit.grants.try_out(id_) for id_ in "abB"),
            *(unit.directory.password_link_of(id_) for id_ in PEOPLE),
            *((unit.grants.code(digest), unit.grants.pushed(digest)) for digest in digests),
            *(unit.grants.refresh_token(digest) for digest in digests),
            *(unit.grants.device_code(digest) for digest in digests),
        ]


def beginning(stem: str, number: int) -> list[Call]:
    """People, clients and one of everything that can be used up."""
    people = [user(id_, created_at=NOW) for id_ in PEOPLE]
    apps = [client(id_=f"{stem}{number}{at}", created_at=NOW) for at in (0, 1)]
    app, digest, shown = apps[0].settings.id, digest_of("a"), digest_of(stem, str(number))
    signed_in = sign_in(PEOPLE[0], id="a", signed_in_at=NOW)
    found_by = SignInDigests(shown, shown)
    first = family(app, PEOPLE[0], id="a", sign_in_id="a")
    one, token = code("a", digest=digest), refresh_token("a", digest=digest)
    device = device_code(app, digest=digest, user_code_digest=shown)
    return [
        *(lambda unit, it=it: unit.directory.add_user(it) for it in people),
        *(lambda unit, it=it: unit.clients.add(it) for it in apps),
        lambda unit: unit.sign_ins.add(signed_in, found_by),
        lambda unit: unit.grants.add_family(first),
        lambda unit: unit.grants.add_code(one),
        lambda unit: unit.grants.add_refresh_token(token),
        lambda unit: unit.grants.add_device_code(device),
    ]


@settings(deadline=None, derandomize=True, max_examples=25, database=None)
@given(story=stories())
def test_one_story(pair: tuple[ports.Store, ports.Store], story: tuple[str, list[Step]]) -> None:
    stem, steps = story
    tenants = [guid(), guid()]
    for number, id_ in enumerate(tenants):
        begin = beginning(stem, number)
        for store in pair:
            found_tenant(store, id_)
            with recorded(store, id_) as unit:
                assert all(call(unit) in {None, True} for call in begin)
    memory, sql = pair
    sessions = [digest_of(stem, id_) for id_ in "abB"]
    moment = NOW
    for at, step in enumerate(steps):
        here = tenants[step[0]]
        assert told(sql, here, step, at) == told(memory, here, step, at)
        moment = NOW + timedelta(seconds=at % 4)
        with sql.reading_all() as one, memory.reading_all() as other:
            assert one.overdue_try_outs(moment, 3) == other.overdue_try_outs(moment, 3)
            assert one.tenants_of_sign_ins(sessions) == other.tenants_of_sign_ins(sessions)
            for shown in sessions:
                assert one.tenant_of_user_code(shown) == other.tenant_of_user_code(shown)
    assert sql.sweep(moment, 10_000) == memory.sweep(moment, 10_000)
    for here in tenants:
        assert left(sql, here) == left(memory, here)
