"""A journal that is trimmed and attested on each store: the verdict, the export, one at a time."""

import threading
from datetime import timedelta

import pytest

from gatepost import ports
from gatepost.model.events import Head
from gatepost.services import journal, journal_export, retention
from gatepost.services.journal_export import Part
from gatepost.services.journal_files import verify_lines
from gatepost.services.retention import RetentionRules
from gatepost.services.world import World
from tests.services.world import new_world
from tests.stores.examples import LAST_MOMENT, NOW, SECRETS, event

pytestmark = pytest.mark.requirement("R-78", "D-14")

OLD = NOW + timedelta(days=1)
YOUNG = NOW + timedelta(days=90)
LIMIT = NOW + timedelta(days=30)
ALL = RetentionRules(timedelta(days=30), "all")
ATTESTED = RetentionRules(timedelta(days=30), "attested")


@pytest.fixture
def world(store: ports.Store) -> World:
    """A world around each kind of store."""
    return new_world()._replace(store=store, secrets=SECRETS)


@pytest.fixture
def full(world: World, here: str) -> str:
    """A tenant with old events, and with young ones."""
    with world.store.writing(here) as unit:
        for number in range(30):
            unit.journal.append(event(at=OLD, target=f"old {number}"))
        for number in range(5):
            unit.journal.append(event(at=YOUNG, target=f"young {number}"))
    return here


def test_what_is_left_is_whole_and_can_be_taken_away(world: World, full: str) -> None:
    assert retention.trim(world, full, LIMIT, ALL) == 31
    verdict = journal.verify(world, full)
    assert (verdict.fault, verdict.begins, verdict.first) == (None, "trimmed", 32)
    told = verify_lines(journal_export.export(world, full, Part()), SECRETS, {})
    assert [(each.fault, each.begins, each.first) for each in told.journals] == [
        (None, "trimmed", 32)
    ]
    with world.store.reading(full) as unit:
        assert [link.event.target for link in unit.journal.newest(35, 9)] == [
            "young 2",
            "young 1",
            "young 0",
        ]
        assert unit.journal.about("old 3", None, 9) == ()
        assert unit.journal.newest(20, 9) == ()


def test_no_more_goes_than_was_attested(world: World, full: str) -> None:
    assert retention.trim(world, full, LIMIT, ATTESTED) == 0
    with world.store.reading(full) as unit:
        tenth = unit.journal.entries(9, 1)[0]
    with world.store.writing_all() as deployment:
        deployment.journals.attest([(full, Head(tenth.seq, tenth.hash))], NOW)
    assert retention.trim(world, full, LIMIT, ATTESTED) == 10
    assert journal.verify(world, full).first == 11


def test_verifying_goes_on_while_others_write_and_trim(world: World, full: str) -> None:
    faults: list[object] = []
    stopping = threading.Event()

    def trimmed() -> None:
        while not stopping.is_set():
            with world.store.writing(full) as unit:
                unit.journal.append(event(at=OLD))
            retention.trim(world, full, LAST_MOMENT, ALL)

    thread = threading.Thread(target=trimmed)
    thread.start()
    try:
        faults = [journal.verify(world, full).fault for _ in range(20)]
    finally:
        stopping.set()
        thread.join()
    assert set(faults) == {None}
