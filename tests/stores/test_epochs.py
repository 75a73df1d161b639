"""Epochs move with every change of their tenants, and with nothing else."""

from collections.abc import Callable

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.errors import StoreUnavailable, UnrecordedChange
from gatepost.ports import SecretUse, Tenancy
from gatepost.storage.epochs import number_of
from gatepost.storage.sql_store import SqlStore
from tests.stores.crowd import at_once
from tests.stores.examples import (
    NOW,
    client,
    event,
    failing,
    found_tenant,
    guid,
    recorded,
    role,
    secret,
    user,
)
from tests.stores.flow_examples import IN_AN_HOUR, Flow, code, new_digest
from tests.stores.redeeming import ONCE, successor_of

pytestmark = pytest.mark.requirement("R-27")


def seen(store: ports.Store, *tenant_ids: str) -> list[bytes]:
    """The epochs of tenants after a look, where the store is one that looks."""
    if isinstance(store, SqlStore):
        store.look()
    found = [store.epochs.of(tenant_id) for tenant_id in tenant_ids]
    return [epoch for epoch in found if epoch is not None]


def neighbour(of: str) -> str:
    """An id of a tenant that falls on another number."""
    return next(id_ for id_ in iter(guid, "") if number_of(id_) != number_of(of))


def _edit_client(unit: Tenancy, it: Flow) -> None:
    known = unit.clients.find(it.client_id)
    assert known is not None
    assert unit.clients.save(structs.replace(known, version=2), 1)


def _edit_person(unit: Tenancy, it: Flow) -> None:
    known = unit.directory.user(it.user_id)
    assert known is not None
    assert unit.directory.save_user(structs.replace(known, enabled=False, version=2), 1)


def _role_come_and_gone(unit: Tenancy, _it: Flow) -> None:
    mine = role()
    assert unit.directory.add_role(mine)
    unit.directory.remove_role(mine.id)


CHANGES: dict[str, Callable[[Tenancy, Flow], object]] = {
    "a client edited": _edit_client,
    "a person edited": _edit_person,
    "a role come and gone": _role_come_and_gone,
    "a client": lambda unit, _: unit.clients.add(client()),
    "a client removed": lambda unit, it: unit.clients.remove(it.client_id),
    "a secret": lambda unit, it: unit.clients.add_secret(it.client_id, secret(), b"digest"),
    "a role": lambda unit, _: unit.directory.add_role(role()),
    "a person": lambda unit, _: unit.directory.add_user(user()),
    "a person removed": lambda unit, it: unit.directory.remove_user(it.user_id),
}
OFF_CARDS: dict[str, Callable[[Tenancy, Flow], object]] = {
    "a revocation": lambda unit, it: unit.grants.revoke_family(it.family.id, NOW, "replay"),
    "a token revoked": lambda unit, _: unit.grants.revoke_token(guid(), IN_AN_HOUR),
    "a sign-out": lambda unit, it: unit.sign_ins.end(it.sign_in.id),
}
BOOKS: dict[str, Callable[[Tenancy, Flow], object]] = {
    "nothing": lambda _unit, _: None,
    "an event": lambda unit, _: unit.journal.append(event()),
    "uses": lambda unit, it: unit.clients.note_uses([SecretUse(it.client_id, 0, 1, NOW)]),
    "a code": lambda unit, it: unit.grants.add_code(code(it.family.id)),
    "a poll": lambda unit, it: unit.grants.note_poll(it.device.digest, NOW),
    "attempts": lambda unit, _: unit.sign_ins.save_attempts({new_digest(): NOW}),
    "nothing met": lambda unit, _: unit.grants.revoke_family(guid(), NOW, "unknown"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_moves_the_epoch_of_its_tenant(store: ports.Store, here: str, name: str) -> None:
    flow = Flow(store, here)
    before = seen(store, here)
    with recorded(store, here) as unit:
        CHANGES[name](unit, flow)
    told = store.epochs.of(here)
    assert told not in {before[0], None}, "at once, where the change was made"
    assert seen(store, here) == [told]


def test_a_change_moves_no_other_number(sql_store: SqlStore) -> None:
    here = found_tenant(sql_store)
    other = neighbour(here)
    before = seen(sql_store, here, other)
    with recorded(sql_store, here) as unit:
        assert unit.directory.add_role(role())
    after = seen(sql_store, here, other)
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)


@pytest.mark.parametrize("name", OFF_CARDS)
def test_what_people_do_all_day_moves_no_epoch(sql_store: SqlStore, name: str) -> None:
    here = found_tenant(sql_store)
    flow = Flow(sql_store, here)
    before = seen(sql_store, here)
    with recorded(sql_store, here) as unit:
        OFF_CARDS[name](unit, flow)
    assert seen(sql_store, here) == before


@pytest.mark.parametrize("name", BOOKS)
def test_bookkeeping_moves_no_epoch(store: ports.Store, here: str, name: str) -> None:
    flow = Flow(store, here)
    before = seen(store, here)
    with store.writing(here) as unit:
        BOOKS[name](unit, flow)
    assert seen(store, here) == before


@pytest.mark.parametrize("name", ONCE)
def test_a_redemption_moves_no_epoch(store: ports.Store, here: str, name: str) -> None:
    flow = Flow(store, here)
    before = seen(store, here)
    spending = ONCE[name].spending(flow, successor=successor_of(flow))
    assert ONCE[name].spend(store.redemptions(here), spending)
    assert seen(store, here) == before


def test_what_is_undone_moves_no_epoch(store: ports.Store, here: str) -> None:
    before = seen(store, here)
    with pytest.raises(UnrecordedChange), store.writing(here) as unit:
        assert unit.directory.add_role(role())
    with failing(recorded(store, here)) as unit:
        assert unit.directory.add_role(role())
    with failing(recorded(store, here), StoreUnavailable) as unit:
        assert unit.directory.add_role(role())
    assert [store.epochs.of(here)] == before, "and it is still relied on"
    assert seen(store, here) == before


def test_a_change_across_tenants_moves_each(store: ports.Store, here: str, there: str) -> None:
    before = seen(store, here, there)
    with store.writing_all() as deployment:
        for tenant_id in (here, there):
            unit = deployment.open(tenant_id)
            assert unit.directory.add_role(role())
            unit.journal.append(event())
    after = seen(store, here, there)
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, False]


def test_writers_of_several_tenants_do_not_wait_in_a_ring(sql_store: SqlStore) -> None:
    tenants = [found_tenant(sql_store) for _ in range(4)]

    def change(order: list[str]) -> None:
        for tenant_id in order:
            with recorded(sql_store, tenant_id) as unit:
                assert unit.directory.add_role(role())

    before = seen(sql_store, *tenants)
    at_once([lambda o=o: change(o) for o in (tenants, tenants[::-1]) * 4])  # type: ignore[misc]
    after = seen(sql_store, *tenants)
    assert len(after) == 4
    assert not set(before) & set(after)
