"""Codes and refresh tokens are found with their families and used up once, whatever keeps them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.grants import RefreshToken
from gatepost.ports import FoundRefreshToken, Spending
from tests.stores.examples import NOW, guid, recorded, refused
from tests.stores.flow_examples import IN_AN_HOUR, Flow, family, new_digest, refresh_token
from tests.stores.redeeming import (
    CODE,
    ONCE,
    REFRESH_TOKEN,
    SOON,
    Once,
    spent,
    successor_of,
)

both = pytest.mark.parametrize("once", ONCE.values(), ids=ONCE)
TICK = timedelta(microseconds=1)


@pytest.fixture
def flow(store: ports.Store, here: str) -> Flow:
    """A person and a client of the first tenant, with one of everything."""
    return Flow(store, here)


@pytest.fixture
def redemptions(store: ports.Store, here: str) -> ports.RedemptionStore:
    """What the first tenant's clients redeem."""
    return store.redemptions(here)


@both
def test_it_is_found_with_its_family(
    redemptions: ports.RedemptionStore, flow: Flow, once: Once
) -> None:
    found = once.found(redemptions, once.of(flow).digest)
    assert found is not None
    assert found[:2] == (once.of(flow), flow.family)


@both
def test_it_is_found_when_it_is_good_no_more(
    store: ports.Store, here: str, flow: Flow, once: Once
) -> None:
    redemptions = store.redemptions(here)
    assert once.spend(redemptions, once.spending(flow))
    with recorded(store, here) as unit:
        assert unit.grants.revoke_family(flow.family.id, SOON, "replay")
    ended = structs.replace(flow.family, revoked_at=SOON, revoked_because="replay")
    found = once.found(redemptions, once.of(flow).digest)
    assert found is not None
    assert found[:2] == (spent(once.of(flow)), ended)


def test_a_family_is_found_revoked_or_not(store: ports.Store, here: str, flow: Flow) -> None:
    redemptions = store.redemptions(here)
    assert redemptions.family(flow.family.id) == flow.family
    with recorded(store, here) as unit:
        assert unit.grants.revoke_family(flow.family.id, SOON, "replay")
    ended = structs.replace(flow.family, revoked_at=SOON, revoked_because="replay")
    assert redemptions.family(flow.family.id) == ended
    assert redemptions.family(flow.sign_in.id) is None


def test_a_token_is_revoked_from_the_commit_on(store: ports.Store, here: str) -> None:
    redemptions, token_id = store.redemptions(here), guid()
    assert not redemptions.is_revoked(token_id)
    with recorded(store, here) as unit:
        unit.grants.revoke_token(token_id, SOON)
    assert redemptions.is_revoked(token_id)
    assert not redemptions.is_revoked(token_id.upper())


@both
def test_all_of_its_members_come_back(
    store: ports.Store, here: str, flow: Flow, once: Once
) -> None:
    bare = {"challenge": None, "nonce": None} if once is CODE else {}
    used = once.new(flow.family.id, created_at=NOW, expires_at=NOW + TICK, used_at=NOW, **bare)
    with store.writing(here) as unit:
        once.add(unit, used)
    assert once.thing(store.redemptions(here), used.digest) == used


@both
def test_it_is_not_found_by_another_key(
    redemptions: ports.RedemptionStore, flow: Flow, once: Once
) -> None:
    other = CODE if once is REFRESH_TOKEN else REFRESH_TOKEN
    for digest in (new_digest(), other.of(flow).digest, flow.device.digest, b""):
        assert once.found(redemptions, digest) is None
        assert not once.spend(redemptions, once.spending(flow, digest=digest))


@pytest.mark.requirement("R-16", "R-25")
@both
def test_it_is_spent_once(redemptions: ports.RedemptionStore, flow: Flow, once: Once) -> None:
    assert once.spend(redemptions, once.spending(flow))
    later = once.spending(flow, now=SOON + TICK, successor=successor_of(flow))
    assert not once.spend(redemptions, later)
    assert once.thing(redemptions, once.of(flow).digest) == spent(once.of(flow))
    assert later.successor is not None
    assert redemptions.refresh_token(later.successor.digest) is None


@pytest.mark.requirement("R-25")
@both
def test_a_successor_is_kept_as_it_is(
    redemptions: ports.RedemptionStore, flow: Flow, once: Once
) -> None:
    successor = successor_of(flow, generation=7, expires_at=IN_AN_HOUR + TICK)
    assert once.spend(redemptions, once.spending(flow, successor=successor))
    found = redemptions.refresh_token(successor.digest)
    assert found == FoundRefreshToken(successor, flow.family, superseded=False)


def _revoked(store: ports.Store, here: str, flow: Flow, spending: Spending) -> Spending:
    with recorded(store, here) as unit:
        assert unit.grants.revoke_family(flow.family.id, NOW, "replay")
    return spending


def _family_gone(store: ports.Store, here: str, flow: Flow, spending: Spending) -> Spending:
    with recorded(store, here) as unit:
        unit.directory.remove_user(flow.user_id)
    return spending


def _of_another_family(store: ports.Store, here: str, flow: Flow, spending: Spending) -> Spending:
    other = family(flow.client_id, flow.user_id)
    with store.writing(here) as unit:
        unit.grants.add_family(other)
    return structs.replace(spending, family_id=other.id)


def _expired(_store: ports.Store, _here: str, _flow: Flow, spending: Spending) -> Spending:
    return structs.replace(spending, now=IN_AN_HOUR)


NOT_SPENT: dict[str, Callable[[ports.Store, str, Flow, Spending], Spending]] = {
    "expired": _expired,
    "family revoked": _revoked,
    "family gone": _family_gone,
    "another family": _of_another_family,
}


@pytest.mark.requirement("R-16", "R-25", "R-27")
@pytest.mark.parametrize("name", NOT_SPENT)
@both
def test_what_is_good_no_more_is_not_spent(
    store: ports.Store, here: str, flow: Flow, once: Once, name: str
) -> None:
    redemptions = store.redemptions(here)
    successor = successor_of(flow)
    spending = NOT_SPENT[name](store, here, flow, once.spending(flow, successor=successor))
    before = once.found(redemptions, once.of(flow).digest)
    assert not once.spend(redemptions, spending)
    assert once.found(redemptions, once.of(flow).digest) == before
    assert redemptions.refresh_token(successor.digest) is None


@pytest.mark.requirement("R-27")
def test_a_code_ends_with_its_sign_in(store: ports.Store, here: str, flow: Flow) -> None:
    redemptions = store.redemptions(here)
    assert not redemptions.spend_code(CODE.spending(flow, sign_in_id=guid()))
    assert not redemptions.spend_code(CODE.spending(flow, sign_in_id=None))
    with recorded(store, here) as unit:
        assert unit.sign_ins.end(flow.sign_in.id)
    assert not redemptions.spend_code(CODE.spending(flow))
    assert CODE.thing(redemptions, flow.code.digest) == flow.code


def test_a_refresh_token_outlives_its_sign_in(store: ports.Store, here: str, flow: Flow) -> None:
    with recorded(store, here) as unit:
        assert unit.sign_ins.end(flow.sign_in.id)
    assert store.redemptions(here).spend_refresh_token(REFRESH_TOKEN.spending(flow))


@both
def test_it_is_good_to_its_last_microsecond(
    redemptions: ports.RedemptionStore, flow: Flow, once: Once
) -> None:
    assert not once.spend(redemptions, once.spending(flow, now=IN_AN_HOUR))
    assert once.spend(redemptions, once.spending(flow, now=IN_AN_HOUR - TICK))


@pytest.mark.requirement("R-25")
def test_a_used_token_is_superseded_when_a_later_one_is_used(
    store: ports.Store, here: str, flow: Flow
) -> None:
    other = family(flow.client_id, flow.user_id)
    second, third = (refresh_token(flow.family.id, generation=number) for number in (2, 3))
    stranger = refresh_token(other.id, generation=9)
    with store.writing(here) as unit:
        unit.grants.add_family(other)
        for token in (second, third, stranger):
            unit.grants.add_refresh_token(token)
    redemptions = store.redemptions(here)

    def spend(token: RefreshToken) -> None:
        of = {"digest": token.digest, "family_id": token.family_id}
        spending = REFRESH_TOKEN.spending(flow, **of)
        assert redemptions.spend_refresh_token(spending)

    def superseded() -> list[bool]:
        found = [redemptions.refresh_token(it.digest) for it in (flow.token, second, third)]
        return [it.superseded for it in found if it is not None]

    spend(flow.token)
    spend(stranger)
    assert superseded() == [False, False, False]
    spend(third)
    assert superseded() == [True, False, False]
    spend(second)
    assert superseded() == [True, True, False]


@both
def test_a_fault_half_way_leaves_nothing(
    store: ports.Store, here: str, flow: Flow, once: Once
) -> None:
    redemptions = store.redemptions(here)
    taken = refresh_token(flow.family.id, generation=5)
    with store.writing(here) as unit:
        unit.grants.add_refresh_token(taken)
    clashing = once.spending(flow, successor=successor_of(flow, digest=taken.digest))
    with refused():
        once.spend(redemptions, clashing)
    assert once.thing(redemptions, once.of(flow).digest) == once.of(flow)
    assert REFRESH_TOKEN.thing(redemptions, taken.digest) == taken
    successor = successor_of(flow)
    assert once.spend(redemptions, once.spending(flow, successor=successor))
    assert REFRESH_TOKEN.thing(redemptions, successor.digest) == successor
