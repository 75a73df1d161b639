"""Sign-ins, consents, passkeys and attempts, whatever keeps them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.model.events import DEPLOYMENT
from gatepost.model.sign_ins import PASSKEY, SignIn, SignInDigests
from gatepost.ports import Tenancy
from tests.stores.examples import (
    NOW,
    add_clients,
    add_users,
    client,
    failing,
    guid,
    recorded,
    refused,
    seen,
    user,
)
from tests.stores.flow_examples import (
    Flow,
    consent,
    digests,
    new_digest,
    passkey,
    sign_in,
)

SOON = NOW + timedelta(minutes=7)


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person and a client of the first tenant, with one of everything."""
    return Flow(store, here)


def sign_ins_at(flow: Flow, *seconds: int) -> list[tuple[SignIn, SignInDigests]]:
    """Sign-ins of the person, made so many seconds after another."""
    moments = [NOW + timedelta(hours=2, seconds=second) for second in seconds]
    return [(sign_in(flow.user_id, signed_in_at=at), digests()) for at in moments]


def add_all(
    store: ports.Store, tenant_id: str, sign_ins: list[tuple[SignIn, SignInDigests]]
) -> None:
    """Keep new sign-ins."""
    with recorded(store, tenant_id) as unit:
        for one, found_by in sign_ins:
            unit.sign_ins.add(one, found_by)


def test_a_sign_in_comes_back_by_id_and_by_either_digest(
    store: ports.Store, here: str, flow: Flow
) -> None:
    other = sign_in(flow.user_id, method=PASSKEY, expires_at=SOON, agent="", address="")
    add_all(store, here, [(other, digests())])
    own = flow.digests
    with store.reading(here) as unit:
        assert unit.sign_ins.get(flow.sign_in.id) == flow.sign_in
        assert unit.sign_ins.get(other.id) == other
        assert unit.sign_ins.with_session([new_digest(), own.session]) == flow.sign_in
        assert unit.sign_ins.with_silent([own.silent, new_digest()]) == flow.sign_in
        assert unit.sign_ins.with_session([own.silent]) is None
        assert unit.sign_ins.with_silent([own.session]) is None
        assert unit.sign_ins.with_session([]) is None
        assert unit.sign_ins.with_silent([]) is None
        assert unit.sign_ins.get(guid()) is None


def test_the_newest_of_a_browsers_sign_ins_counts(
    store: ports.Store, here: str, flow: Flow
) -> None:
    made = sign_ins_at(flow, 1, 3, 2)
    add_all(store, here, made)
    first, third, second = (one for one, _ in made)
    with store.reading(here) as unit:
        assert unit.sign_ins.with_session([found.session for _, found in made]) == third
        assert unit.sign_ins.with_silent([found.silent for _, found in made]) == third
        assert unit.sign_ins.with_session([made[2][1].session, made[0][1].session]) == second
        assert unit.sign_ins.of_user(flow.user_id) == (third, second, first, flow.sign_in)
        assert unit.sign_ins.of_user(guid()) == ()


def test_ids_and_digests_are_taken_once(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    stranger = user()
    add_users(store, there, stranger)
    taken = [
        (here, sign_in(flow.user_id, id=flow.sign_in.id), digests()),
        (here, sign_in(flow.user_id), SignInDigests(flow.digests.session, new_digest())),
        (there, sign_in(stranger.id), SignInDigests(flow.digests.session, new_digest())),
        (there, sign_in(stranger.id), SignInDigests(new_digest(), flow.digests.silent)),
        (there, sign_in(flow.user_id), digests()),
    ]
    for tenant_id, one, found_by in taken:
        with refused(), recorded(store, tenant_id) as unit:
            unit.sign_ins.add(one, found_by)
    add_all(store, there, [(sign_in(stranger.id, id=flow.sign_in.id), digests())])
    with store.reading(here) as unit:
        assert unit.sign_ins.of_user(flow.user_id) == (flow.sign_in,)


@pytest.mark.requirement("R-51")
def test_touch_moves_on_and_never_back(store: ports.Store, here: str, flow: Flow) -> None:
    other = sign_ins_at(flow, 1)
    add_all(store, here, other)
    with store.writing(here) as unit:
        unit.sign_ins.touch(flow.sign_in.id, SOON)
        unit.sign_ins.touch(flow.sign_in.id, NOW)
        unit.sign_ins.touch(guid(), SOON)
    with store.reading(here) as unit:
        touched = structs.replace(flow.sign_in, last_seen_at=SOON)
        assert unit.sign_ins.get(flow.sign_in.id) == touched
        assert unit.sign_ins.get(other[0][0].id) == other[0][0]


def test_a_sign_in_ends_once(store: ports.Store, here: str, flow: Flow) -> None:
    with recorded(store, here) as unit:
        assert unit.sign_ins.end(flow.sign_in.id)
        assert not unit.sign_ins.end(flow.sign_in.id)
        assert not unit.sign_ins.end(guid())
    with store.reading(here) as unit:
        assert unit.sign_ins.get(flow.sign_in.id) is None
        assert unit.sign_ins.with_session([flow.digests.session]) is None
        # what was granted meanwhile outlives it
        assert unit.grants.family(flow.family.id) == flow.family


def test_a_consent_takes_the_place_of_an_earlier_one(
    store: ports.Store, here: str, flow: Flow
) -> None:
    other = client()
    add_clients(store, here, other)
    newer = consent(flow.user_id, flow.client_id, scopes=(), given_at=SOON)
    second = consent(flow.user_id, other.settings.id)
    with recorded(store, here) as unit:
        unit.sign_ins.save_consent(second)
        assert unit.sign_ins.consents_of(flow.user_id) == (second, flow.consent)
        unit.sign_ins.save_consent(newer)
    with store.reading(here) as unit:
        assert unit.sign_ins.consent(flow.user_id, flow.client_id) == newer
        assert unit.sign_ins.consents_of(flow.user_id) == (newer, second)
        assert unit.sign_ins.consent(flow.user_id, guid()) is None
        assert unit.sign_ins.consents_of(guid()) == ()
    with recorded(store, here) as unit:
        assert unit.sign_ins.remove_consent(flow.user_id, flow.client_id)
        assert not unit.sign_ins.remove_consent(flow.user_id, flow.client_id)
        assert unit.sign_ins.consents_of(flow.user_id) == (second,)


def test_a_consent_needs_its_person_and_its_client(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    foreign = Flow(store, there)
    for pair in ((foreign.user_id, flow.client_id), (flow.user_id, foreign.client_id)):
        with refused(), recorded(store, here) as unit:
            unit.sign_ins.save_consent(consent(*pair))


def test_a_passkey_comes_back_and_counts(store: ports.Store, here: str, flow: Flow) -> None:
    other = passkey(flow.user_id, sign_count=2**32 - 1, last_used_at=NOW)
    with recorded(store, here) as unit:
        assert unit.sign_ins.add_passkey(other)
    with store.writing(here) as unit:
        unit.sign_ins.note_passkey_use(flow.passkey.id, 2**32 - 1, SOON)
        unit.sign_ins.note_passkey_use(guid(), 9, SOON)
    used = structs.replace(flow.passkey, sign_count=2**32 - 1, last_used_at=SOON)
    with store.reading(here) as unit:
        assert unit.sign_ins.passkey(flow.passkey.id) == used
        assert unit.sign_ins.passkeys_of(flow.user_id) == (used, other)
        assert unit.sign_ins.passkeys_of(guid()) == ()
        assert unit.sign_ins.passkey(guid()) is None


def test_a_passkey_id_is_taken_in_the_tenant_only(
    store: ports.Store, here: str, there: str, flow: Flow
) -> None:
    stranger, neighbour = user(), user()
    add_users(store, there, stranger)
    add_users(store, here, neighbour)
    with recorded(store, here) as unit:
        assert not unit.sign_ins.add_passkey(passkey(neighbour.id, id=flow.passkey.id))
        assert unit.sign_ins.passkey(flow.passkey.id) == flow.passkey
    with recorded(store, there) as unit:
        assert unit.sign_ins.add_passkey(passkey(stranger.id, id=flow.passkey.id))
    with refused(), recorded(store, there) as unit:
        unit.sign_ins.add_passkey(passkey(flow.user_id))


def test_a_person_removes_their_own_passkeys_only(
    store: ports.Store, here: str, flow: Flow
) -> None:
    other = Flow(store, here)
    with recorded(store, here) as unit:
        assert not unit.sign_ins.remove_passkey(other.user_id, flow.passkey.id)
        assert not unit.sign_ins.remove_passkey(flow.user_id, guid())
        assert unit.sign_ins.remove_passkey(flow.user_id, flow.passkey.id)
        assert not unit.sign_ins.remove_passkey(flow.user_id, flow.passkey.id)
    with store.reading(here) as unit:
        assert unit.sign_ins.passkeys_of(flow.user_id) == ()
        assert unit.sign_ins.passkeys_of(other.user_id) == (other.passkey,)


def test_attempts_are_kept_by_key(store: ports.Store, here: str, there: str) -> None:
    one, two, three = new_digest(), new_digest(), new_digest()
    with store.writing(here) as unit:
        unit.sign_ins.save_attempts({})
        unit.sign_ins.save_attempts({one: NOW, two: NOW})
        unit.sign_ins.save_attempts({two: SOON, three: SOON})
        unit.sign_ins.save_attempts({three: NOW})
    with store.reading(here) as unit:
        kept = unit.sign_ins.attempts([three, new_digest(), one, two, one])
        assert kept == {one: NOW, two: SOON, three: NOW}
        assert unit.sign_ins.attempts([]) == {}
    with store.reading(there) as unit:
        assert unit.sign_ins.attempts([one, two, three]) == {}


def test_attempts_stand_under_the_deployment_too(store: ports.Store, here: str) -> None:
    key = new_digest()
    with store.writing(DEPLOYMENT) as unit:
        unit.sign_ins.save_attempts({key: NOW})
    with store.reading(DEPLOYMENT) as unit:
        assert unit.sign_ins.attempts([key]) == {key: NOW}
    with store.reading(here) as unit:
        assert unit.sign_ins.attempts([key]) == {}


def test_the_tenants_of_a_browsers_sign_ins(store: ports.Store, here: str, there: str) -> None:
    mine, other = Flow(store, here), Flow(store, there)
    older, newer = sign_ins_at(mine, 1, 3)
    between = sign_ins_at(other, 2)
    add_all(store, here, [older, newer])
    add_all(store, there, between)
    old, new, amid = older[1].session, newer[1].session, between[0][1].session
    with store.reading_all() as deployment:
        assert deployment.tenants_of_sign_ins([old, amid, new]) == (here, there)
        assert deployment.tenants_of_sign_ins([old, amid]) == (there, here)
        assert deployment.tenants_of_sign_ins([amid, new_digest()]) == (there,)
        assert deployment.tenants_of_sign_ins([older[1].silent]) == ()
        assert deployment.tenants_of_sign_ins([]) == ()
    with recorded(store, here) as unit:
        unit.sign_ins.end(newer[0].id)
    with store.reading_all() as deployment:
        assert deployment.tenants_of_sign_ins([old, amid, new]) == (there, here)


CHANGES: dict[str, Callable[[Tenancy, Flow], object]] = {
    "add": lambda unit, it: unit.sign_ins.add(sign_in(it.user_id), digests()),
    "end": lambda unit, it: unit.sign_ins.end(it.sign_in.id),
    "save_consent": lambda unit, it: unit.sign_ins.save_consent(consent(it.user_id, it.client_id)),
    "remove_consent": lambda unit, it: unit.sign_ins.remove_consent(it.user_id, it.client_id),
    "add_passkey": lambda unit, it: unit.sign_ins.add_passkey(passkey(it.user_id)),
    "remove_passkey": lambda unit, it: unit.sign_ins.remove_passkey(it.user_id, it.passkey.id),
}


@pytest.mark.requirement("R-78")
@pytest.mark.parametrize("name", CHANGES)
def test_no_event_no_change(store: ports.Store, here: str, flow: Flow, name: str) -> None:
    before = seen(store, here)
    with pytest.raises(UnrecordedChange), store.writing(here) as unit:
        CHANGES[name](unit, flow)
    with failing(recorded(store, here)) as unit:
        CHANGES[name](unit, flow)
    with refused(), store.reading(here) as unit:
        CHANGES[name](unit, flow)
    assert seen(store, here) == before
    with recorded(store, here) as unit:
        CHANGES[name](unit, flow)
    assert seen(store, here) != before


def test_what_removed_nothing_needs_no_event(store: ports.Store, here: str, flow: Flow) -> None:
    with store.writing(here) as unit:
        assert not unit.sign_ins.end(guid())
        assert not unit.sign_ins.remove_consent(flow.user_id, guid())
        assert not unit.sign_ins.remove_passkey(flow.user_id, guid())
        assert not unit.sign_ins.add_passkey(flow.passkey)


def test_the_digests_do_not_show(flow: Flow) -> None:
    assert repr(flow.digests) == "SignInDigests(***)"
