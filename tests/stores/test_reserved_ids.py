"""Ids that were used, whatever keeps them: of one tenant, for good."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.ports import IdKind
from tests.stores.examples import found_tenant, guid, recorded


def reserved(store: ports.Store, tenant_id: str, kind: IdKind, id_: str) -> bool:
    """Whether the tenant got it."""
    with recorded(store, tenant_id) as unit:
        return unit.directory.reserve_id(kind, id_)


def test_an_id_is_of_the_tenant_that_had_it_first(store: ports.Store) -> None:
    first, second = found_tenant(store), found_tenant(store)
    mine = guid()
    assert reserved(store, first, "user", mine)
    assert reserved(store, first, "user", mine)
    assert not reserved(store, second, "user", mine)
    assert reserved(store, second, "client", mine)
    assert not reserved(store, first, "client", mine)


def test_a_unit_that_is_undone_keeps_none(store: ports.Store) -> None:
    first, second = found_tenant(store), found_tenant(store)
    mine = guid()
    with suppress(UnrecordedChange), store.writing(first) as unit:
        assert unit.directory.reserve_id("user", mine)
    assert reserved(store, second, "user", mine)


def test_of_two_tenants_at_once_one_gets_it(store: ports.Store) -> None:
    tenants = [found_tenant(store) for _ in range(4)]
    for _ in range(5):
        mine = guid()

        def take(tenant_id: str, wanted: str = mine) -> bool:
            return reserved(store, tenant_id, "user", wanted)

        with ThreadPoolExecutor(4) as threads:
            assert sum(threads.map(take, tenants)) == 1
