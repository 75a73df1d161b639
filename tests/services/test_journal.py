"""The journal's verdict: whole when nobody touched it, and what was touched when somebody did."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT, Action, ChainedEvent, Head, chain
from gatepost.model.journal_walk import START, Verdict
from gatepost.services import clients, journal, journal_care
from tests.memory.unit import Tables
from tests.memory_store import MemoryStore
from tests.services.world import Bench, add_client, administrator, found, new_world

pytestmark = pytest.mark.requirement("R-78")


@pytest.fixture
def world() -> Bench:
    return new_world()


@pytest.fixture
def tenant_id(world: Bench) -> str:
    id_ = found(world).tenant.id
    act = administrator(world, id_)
    added = add_client(world, act)
    client_id = added.client.settings.id
    clients.change(world, act, CLIENT_CREDENTIALS, client_id, {"name": "Pump"})
    clients.remove(world, act, CLIENT_CREDENTIALS, client_id)
    return id_


def events(world: Bench, tenant_id: str) -> tuple[ChainedEvent, ...]:
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.journal.entries(0, 1000)


def test_every_change_is_told_with_before_and_after(world: Bench, tenant_id: str) -> None:
    told = [link.event for link in events(world, tenant_id)]
    assert [event.action.value for event in told[-4:]] == [
        "client.added",
        "secret.added",
        "client.changed",
        "client.removed",
    ]
    changed = told[-2]
    assert changed.before == {"Name": "Boiler"}
    assert changed.after == {"Name": "Pump"}
    assert changed.actor == administrator(world, tenant_id).actor
    assert changed.origin.address == "192.0.2.1"
    assert len({event.origin.operation_id for event in told[-4:]}) == 1


def test_an_untouched_journal_is_whole(world: Bench, tenant_id: str) -> None:
    verdict = journal.verify(world, tenant_id)
    assert verdict.fault is None
    assert verdict.events == len(events(world, tenant_id))
    assert all(each.fault is None for each in journal.verify_all(world))


def test_a_change_that_changes_nothing_tells_nothing(world: Bench, tenant_id: str) -> None:
    act = administrator(world, tenant_id)
    added = add_client(world, act)
    before = len(events(world, tenant_id))
    settings = {"name": added.client.settings.name, "enabled": True}
    client_id = added.client.settings.id
    same = clients.change(world, act, CLIENT_CREDENTIALS, client_id, settings)
    assert same.version == 1
    assert len(events(world, tenant_id)) == before


class Tampered:
    """A journal that somebody changed behind our back."""

    def __init__(self, links: tuple[ChainedEvent, ...], head: tuple[Head, bytes] | None) -> None:
        self.links, self.sealed = links, head

    def entries(self, after: int, count: int) -> tuple[ChainedEvent, ...]:
        return tuple(link for link in self.links if link.seq > after)[:count]

    def head(self) -> tuple[Head, bytes] | None:
        return self.sealed

    def begins(self) -> Head:
        return START


@pytest.mark.parametrize("touch", ["change", "remove", "cut", "cut with head", "rewrite", "empty"])
def test_a_touched_journal_is_found_out(world: Bench, tenant_id: str, touch: str) -> None:
    links = events(world, tenant_id)
    with world.store.reading(tenant_id) as tenancy:
        sealed = tenancy.journal.head()
    assert sealed is not None
    middle = links[2]
    forged = replace(middle, event=replace(middle.event, target="somebody else"))
    last = Head(links[-2].seq, links[-2].hash)
    cases: dict[str, Tampered] = {
        "change": Tampered((*links[:2], forged, *links[3:]), sealed),
        "remove": Tampered((*links[:2], *links[3:]), sealed),
        "cut": Tampered(links[:-1], sealed),
        "cut with head": Tampered(links[:-1], (last, sealed[1])),
        "empty": Tampered((), None),
        "rewrite": Tampered(_rechained(links[:2], forged, links[3:]), sealed),
    }
    assert _verdict(world, tenant_id, cases[touch]).fault is not None


def _rechained(
    before: tuple[ChainedEvent, ...], forged: ChainedEvent, rest: tuple[ChainedEvent, ...]
) -> tuple[ChainedEvent, ...]:
    made = list(before)
    for link in (forged, *rest):
        head = Head(made[-1].seq, made[-1].hash)
        made.append(chain(head, link.tenant_id, link.event))
    return tuple(made)


def _verdict(world: Bench, tenant_id: str, tampered: Tampered) -> Verdict:
    class Store(MemoryStore):
        def reading(self, tenant_id: str) -> Any:
            assert tenant_id
            return nullcontext(SimpleNamespace(journal=tampered))

    return journal.verify(world._replace(store=Store(world.secrets)), tenant_id)


def test_a_tenant_is_written_into_the_journal_of_the_deployment_too(
    world: Bench, tenant_id: str
) -> None:
    (link,) = events(world, DEPLOYMENT)
    assert (link.event.action, link.event.target) == (Action.TENANT_ADDED, tenant_id)
    assert link.event.after == {"Name": "Main", "FoundedAt": "2026-05-01T12:00:00+00:00"}
    assert journal.written_tenants(world) == {tenant_id}


@pytest.mark.parametrize("left", ["nothing", "the journal"])
def test_a_tenant_that_is_gone_is_a_fault(world: Bench, tenant_id: str, left: str) -> None:
    tables = _tables(world)
    del tables.tenants[tenant_id]
    if left == "nothing":
        del tables.heads[tenant_id]
        for key in [key for key in tables.events if key[0] == tenant_id]:
            del tables.events[key]
    faults = {each.tenant_id: each.fault for each in journal.verify_all(world)}
    assert faults == {
        DEPLOYMENT: None,
        tenant_id: "the tenant is not there, and it was founded here",
    }


def test_without_the_journal_of_the_deployment_nothing_is_whole(
    world: Bench, tenant_id: str
) -> None:
    tables = _tables(world)
    del tables.heads[DEPLOYMENT]
    del tables.events[DEPLOYMENT, 1]
    faults = {each.tenant_id: each.fault for each in journal.verify_all(world)}
    assert faults == {DEPLOYMENT: "the head is missing", tenant_id: None}


def test_tenants_of_older_versions_are_written_down_once(world: Bench, tenant_id: str) -> None:
    tables = _tables(world)
    del tables.heads[DEPLOYMENT]
    del tables.events[DEPLOYMENT, 1]
    assert journal_care.enrol(world) == 1
    assert journal_care.enrol(world) == 0
    (link,) = events(world, DEPLOYMENT)
    assert (link.event.actor, link.event.target) == (journal_care.ROLL, tenant_id)
    assert all(each.fault is None for each in journal.verify_all(world))


def _tables(world: Bench) -> Tables:
    assert isinstance(world.store, MemoryStore)
    return world.store._tables


class Odd(Tampered):
    """A journal with a row that nothing can be made of."""

    def __init__(self, whole: Tampered, seq: int, fault: Exception) -> None:
        super().__init__(whole.links, whole.sealed)
        self.seq, self.fault = seq, fault

    def entries(self, after: int, count: int) -> tuple[ChainedEvent, ...]:
        found = super().entries(after, count)
        if self.seq in {link.seq for link in found}:
            raise self.fault
        return found

    def attested(self) -> int:
        return 0


@pytest.mark.parametrize("seq", [1, 3, 10])
@pytest.mark.parametrize(
    "fault", [OverflowError("date value"), ValueError(), TypeError(), StoreUnavailable("no text")]
)
def test_an_event_that_cannot_be_read_is_named(
    world: Bench, tenant_id: str, seq: int, fault: Exception
) -> None:
    with world.store.reading(tenant_id) as tenancy:
        whole = Tampered(events(world, tenant_id), tenancy.journal.head())
    verdict = _verdict(world, tenant_id, Odd(whole, seq, fault))
    assert verdict.fault == f"event {seq} cannot be read, so it was changed"
    assert verdict.events == seq - 1


def test_a_database_that_is_away_is_no_fault_of_a_journal(world: Bench, tenant_id: str) -> None:
    class Away(Tampered):
        def entries(self, after: int, count: int) -> tuple[ChainedEvent, ...]:
            raise StoreUnavailable(f"{after} {count}")

        def attested(self) -> int:
            raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        _verdict(world, tenant_id, Away((), None))


def test_a_beginning_that_moves_on_meanwhile_is_no_fault(world: Bench, tenant_id: str) -> None:
    links = events(world, tenant_id)
    with world.store.reading(tenant_id) as tenancy:
        sealed = tenancy.journal.head()

    class Moving(Tampered):
        looks = 0

        def begins(self) -> Head:
            self.looks += 1
            return START if self.looks == 1 else Head(links[2].seq, links[2].hash)

    verdict = _verdict(world, tenant_id, Moving(links[3:], sealed))
    assert verdict.fault == "events 1 to 3 are missing, and no event tells of their removal"
