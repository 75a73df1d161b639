"""Many at once, whatever the store: writers wait for each other, readers see one moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.events import GENESIS, Head, chain
from gatepost.model.grants import APPROVED
from gatepost.ports import GrantStore, SecretUse
from gatepost.storage.engine import transaction
from gatepost.storage.grant_store import SqlGrantStore
from gatepost.storage.sql_store import SqlStore
from gatepost.storage.unit_of_work import UnitOfWork
from tests.stores.crowd import PATIENCE, at_once
from tests.stores.examples import (
    NOW,
    SECRETS,
    add_clients,
    add_roles,
    client,
    dump,
    event,
    found_tenant,
    guid,
    recorded,
    role,
    secret,
    tenant,
)
from tests.stores.flow_examples import Flow


def assert_whole(store: ports.Store, tenant_id: str, length: int) -> None:
    with store.reading(tenant_id) as unit:
        links, sealed = unit.journal.entries(0, 100_000), unit.journal.head()
    assert len(links) == length
    head = Head(0, GENESIS)
    for link in links:
        assert link == chain(head, tenant_id, link.event)
        head = Head(link.seq, link.hash)
    assert sealed == (head, SECRETS.seal_head(tenant_id, head))


def test_writers_of_a_tenant_wait_for_each_other(store: ports.Store, here: str) -> None:
    def write() -> None:
        for _ in range(5):
            with store.writing(here) as unit:
                before = unit.directory.count_roles(None)
                assert unit.directory.add_role(role())
                unit.journal.append(event())
                assert unit.directory.count_roles(None) == before + 1

    at_once([write, write])
    assert_whole(store, here, 11)
    with store.reading(here) as unit:
        assert unit.directory.count_roles(None) == 15


def test_a_second_writer_waits_and_sees_what_the_first_did(store: ports.Store, here: str) -> None:
    inside, mine = Event(), role()

    def first() -> None:
        with recorded(store, here) as unit:
            inside.set()
            assert unit.directory.add_role(mine)

    def second() -> bool:
        assert inside.wait(PATIENCE)
        with recorded(store, here) as unit:
            return unit.directory.role(mine.id) is not None

    def first_then_none() -> bool:
        first()
        return True

    assert at_once([first_then_none, second]) == [True, True]
    assert_whole(store, here, 3)


def test_units_across_tenants_and_units_of_one_wait_for_each_other(
    store: ports.Store, here: str
) -> None:
    def within() -> None:
        for _ in range(10):
            with recorded(store, here) as unit:
                assert unit.directory.add_role(role())

    def across() -> None:
        for _ in range(10):
            with store.writing_all() as deployment:
                unit = deployment.open(here)
                assert unit.directory.add_role(role())
                unit.journal.append(event())

    at_once([within, across, within, across])
    assert_whole(store, here, 41)


def test_of_two_tenants_one_gets_the_client_id(store: ports.Store, here: str, there: str) -> None:
    for _ in range(5):
        id_ = guid()

        def add(tenant_id: str, id_: str = id_) -> bool:
            with recorded(store, tenant_id) as unit:
                return unit.clients.add(client(id_=id_))

        won = at_once([lambda t=t: add(t) for t in (here, there) * 4])  # type: ignore[misc]
        assert sorted(won) == [False] * 7 + [True]
        winner = (here, there)[won.index(True) % 2]
        with store.reading_all() as deployment:
            assert deployment.tenant_of_client(id_) == winner
    assert_whole(store, here, 1 + 5 * 4)
    assert_whole(store, there, 1 + 5 * 4)


def test_one_of_many_adds_the_tenant(store: ports.Store) -> None:
    founded = tenant()

    def add() -> bool:
        with store.writing_all() as deployment:
            added = deployment.add_tenant(founded)
            deployment.open(founded.id).journal.append(event())
            return added

    assert sorted(at_once([add] * 4)) == [False, False, False, True]
    assert_whole(store, founded.id, 4)


def test_one_of_many_who_saw_a_version_saves(store: ports.Store, here: str) -> None:
    mine = client()
    add_clients(store, here, mine)

    def save() -> bool:
        with recorded(store, here) as unit:
            return unit.clients.save(structs.replace(mine, version=2), 1)

    assert sorted(at_once([save] * 6)) == [False] * 5 + [True]


def test_secret_numbers_are_given_once(store: ports.Store, here: str) -> None:
    mine = client()
    add_clients(store, here, mine)

    def add() -> int:
        with recorded(store, here) as unit:
            return unit.clients.add_secret(mine.settings.id, secret(), b"digest").id

    assert sorted(at_once([add] * 8)) == list(range(1, 9))


def test_no_use_is_lost(store: ports.Store, here: str) -> None:
    mine = client()
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        unit.clients.add_secret(mine.settings.id, secret(), b"digest")

    def use() -> None:
        for _ in range(5):
            with store.writing(here) as unit:
                unit.clients.note_uses([SecretUse(mine.settings.id, 1, 2, NOW)])

    at_once([use] * 4)
    with store.reading(here) as unit:
        assert unit.clients.secrets(mine.settings.id)[0].use_count == 40


def test_writers_of_other_tenants_do_not_disturb(store: ports.Store) -> None:
    tenants = [found_tenant(store) for _ in range(4)]

    def write(tenant_id: str) -> None:
        for _ in range(5):
            add_roles(store, tenant_id, role())

    at_once([lambda t=t: write(t) for t in tenants])  # type: ignore[misc]
    for tenant_id in tenants:
        assert_whole(store, tenant_id, 6)


def test_a_reader_sees_one_moment(store: ports.Store, here: str) -> None:
    with ThreadPoolExecutor(1) as elsewhere, store.reading(here) as unit:
        before = dump(unit)
        elsewhere.submit(add_roles, store, here, role()).result(PATIENCE)
        elsewhere.submit(add_clients, store, here, client()).result(PATIENCE)
        assert dump(unit) == before
    with store.reading(here) as unit:
        assert dump(unit) != before


def test_a_reader_sees_one_moment_across_tenants(store: ports.Store, here: str) -> None:
    mine = client()
    with ThreadPoolExecutor(1) as elsewhere, store.reading_all() as deployment:
        before = deployment.tenants()
        elsewhere.submit(found_tenant, store).result(PATIENCE)
        elsewhere.submit(add_clients, store, here, mine).result(PATIENCE)
        assert deployment.tenants() == before
        assert deployment.tenant_of_client(mine.settings.id) is None
        assert deployment.open(here).clients.count_all() == 0


def test_nobody_sees_what_is_not_finished(store: ports.Store, here: str) -> None:
    def look() -> tuple[int, int]:
        with store.reading(here) as unit:
            return unit.directory.count_roles(None), len(unit.journal.entries(0, 99))

    with ThreadPoolExecutor(1) as elsewhere:
        with recorded(store, here) as unit:
            assert unit.directory.add_role(role())
            assert elsewhere.submit(look).result(PATIENCE) == (5, 1)
        assert elsewhere.submit(look).result(PATIENCE) == (6, 2)


ONCE: dict[str, Callable[[GrantStore, Flow], bool]] = {
    "device code": lambda grants, it: grants.spend_device_code(it.device.digest, NOW),
    "device": lambda grants, it: grants.settle_device_code(
        it.device.digest, APPROVED, it.family.id
    ),
    "pending": lambda grants, it: grants.remove_pending(it.pending.id),
    "pushed": lambda grants, it: grants.remove_pushed(it.pushed.digest),
}


@pytest.mark.requirement("R-16", "R-25")
@pytest.mark.parametrize("name", ONCE)
def test_one_of_fifty_gets_it(store: ports.Store, here: str, name: str) -> None:
    flow = Flow(store, here)

    def spend() -> bool:
        with store.writing(here) as unit:
            return ONCE[name](unit.grants, flow)

    assert sorted(at_once([spend] * 50)) == [False] * 49 + [True]


@pytest.mark.requirement("R-16", "R-25")
@pytest.mark.parametrize("name", ONCE)
def test_the_statement_decides_and_not_the_turn(sql_store: SqlStore, name: str) -> None:
    """Writers that did not wait for their turn, and that all saw it unused, are still told."""
    here = found_tenant(sql_store)
    flow, all_looked = Flow(sql_store, here), Barrier(10)

    def spend() -> bool:
        with sql_store.reading(here) as unit:
            assert flow.kept(unit) == flow.whole
        all_looked.wait(PATIENCE)
        with transaction(sql_store._engine, writing=True) as connection:
            grants = SqlGrantStore(UnitOfWork(connection, may_write=True), here)
            return ONCE[name](grants, flow)

    assert sorted(at_once([spend] * 10)) == [False] * 9 + [True]
