"""Many redeem at the same moment, in one process and in two: one is told True."""

from typing import Literal

import pytest

from gatepost import ports
from gatepost.model.errors import StoreUnavailable
from gatepost.ports import Spending, SpendingOf
from gatepost.storage.engine import make_engine
from gatepost.storage.sql_store import SqlStore
from tests.stores.crowd import at_once
from tests.stores.examples import SECRETS, found_tenant
from tests.stores.flow_examples import Flow
from tests.stores.redeeming import ONCE, Once, successor_of

both = pytest.mark.parametrize("once", ONCE.values(), ids=ONCE)


@pytest.mark.requirement("R-16", "R-25")
@both
def test_one_of_fifty_spends_it_and_leaves_its_successor(
    store: ports.Store, here: str, once: Once
) -> None:
    flow, redemptions = Flow(store, here), store.redemptions(here)
    mine = [successor_of(flow) for _ in range(50)]
    asked = [
        once.spending(flow, successor=one, sealed_successor=one.digest if once.is_sealed else None)
        for one in mine
    ]
    told = at_once([lambda s=s: once.spend(redemptions, s) for s in asked])  # type: ignore[misc]
    assert sorted(told) == [False] * 49 + [True]
    kept = [found.token for one in mine if (found := redemptions.refresh_token(one.digest))]
    assert kept == [mine[told.index(True)]]
    used = redemptions.refresh_token(flow.token.digest)
    if once.is_sealed:
        assert used is not None
        assert used.token.sealed_successor == kept[0].digest


@pytest.mark.requirement("R-16", "R-25")
@both
def test_one_of_fifty_spends_each_of_many(store: ports.Store, here: str, once: Once) -> None:
    flows = [Flow(store, here) for _ in range(5)]
    redemptions = store.redemptions(here)
    asked = [once.spending(flow, successor=successor_of(flow)) for flow in flows] * 10
    told = at_once([lambda s=s: once.spend(redemptions, s) for s in asked])  # type: ignore[misc]
    for number in range(5):
        assert sorted(told[number::5]) == [False] * 9 + [True]


@both
def test_a_fault_of_one_is_not_the_fault_of_those_beside_it(
    store: ports.Store, here: str, once: Once
) -> None:
    flows = [Flow(store, here) for _ in range(20)]
    redemptions = store.redemptions(here)
    asked = [once.spending(flow, successor=successor_of(flow)) for flow in flows]
    clash = successor_of(flows[7], digest=flows[0].token.digest)
    asked[7] = once.spending(flows[7], successor=clash)

    def spend(spending: Spending) -> bool | None:
        try:
            return once.spend(redemptions, spending)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  (each store has its own)
            return None

    told = at_once([lambda s=s: spend(s) for s in asked])  # type: ignore[misc]
    assert told == [True] * 7 + [None] + [True] * 12
    assert once.thing(redemptions, once.of(flows[7]).digest) == once.of(flows[7])


@pytest.mark.requirement("R-16", "R-25")
@both
def test_one_of_fifty_on_two_nodes_spends_it(sql_store: SqlStore, once: Once) -> None:
    here = found_tenant(sql_store)
    flow = Flow(sql_store, here)
    url = sql_store._engine.url.render_as_string(hide_password=False)
    other = SqlStore(make_engine(url), SECRETS)
    stores = [sql_store.redemptions(here), other.redemptions(here)] * 25
    asked = [(store, once.spending(flow, successor=successor_of(flow))) for store in stores]
    told = at_once([lambda a=a: once.spend(*a) for a in asked])  # type: ignore[misc]
    other.close()
    assert sorted(told) == [False] * 49 + [True]
    mine = [spending.successor for _, spending in asked]
    later = [it and sql_store.redemptions(here).refresh_token(it.digest) for it in mine]
    assert [found is not None for found in later] == told


@pytest.mark.requirement("R-72")
@both
def test_batches_in_opposite_orders_wait_for_nobody_in_a_ring(
    store: ports.Store, here: str, once: Once
) -> None:
    kind: Literal["code", "refresh_token"] = "refresh_token" if once.is_sealed else "code"
    for _ in range(5):
        flows = [Flow(store, here) for _ in range(12)]
        spendings = [once.spending(flow, successor=successor_of(flow)) for flow in flows]
        batch = [SpendingOf(here, kind, spending) for spending in spendings]
        ways = (batch, batch[::-1])
        one, other = at_once([lambda way=way: store.spend_all(way) for way in ways])  # type: ignore[misc]
        assert [sum(pair) for pair in zip(one, reversed(other), strict=True)] == [1] * 12


@pytest.mark.requirement("R-16", "R-25")
@both
def test_one_that_cannot_be_done_costs_the_others_of_its_batch_nothing(
    store: ports.Store, here: str, once: Once
) -> None:
    kind: Literal["code", "refresh_token"] = "refresh_token" if once.is_sealed else "code"
    flows = [Flow(store, here) for _ in range(3)]
    redemptions = store.redemptions(here)
    taken = successor_of(flows[1], digest=flows[0].token.digest)
    following = (successor_of(flows[0]), taken, successor_of(flows[2]))
    spendings = [
        once.spending(flow, successor=next_one)
        for flow, next_one in zip(flows, following, strict=True)
    ]
    if isinstance(store, SqlStore):
        told = store.spend_all([SpendingOf(here, kind, spending) for spending in spendings])
        assert list(told) == [True, False, True]
        things = [once.thing(redemptions, once.of(flow).digest) for flow in flows]
        assert [thing is not None and thing.used_at is not None for thing in things] == list(told)
