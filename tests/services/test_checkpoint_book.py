"""Checkpoints: of what moved, once in a while and at the end; what was not kept is tried again."""

from datetime import timedelta

import pytest

from gatepost.crypto.attesting import CheckpointKeys, is_signed
from gatepost.crypto.sealing import MasterKey
from gatepost.model import checkpoints as model
from gatepost.model.checkpoints import by_journal
from gatepost.model.events import DEPLOYMENT
from gatepost.services import checkpoints, journal
from gatepost.services.checkpoints import CheckpointBook, Keeping
from tests.memory_store import MemoryStore
from tests.services.world import Bench, add_client, administrator, found, new_world

pytestmark = pytest.mark.requirement("R-78", "D-14")

KEYS = CheckpointKeys(MasterKey(bytes(range(32))))
HOUR = timedelta(hours=1)


class Notebook:
    """A witness that keeps lines as long as it is well."""

    place = "the notebook"

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.fault: str | None = None

    def keep(self, line: bytes) -> str | None:
        """Keep it, or say why not."""
        if self.fault is None:
            self.lines.append(line)
        return self.fault

    def names(self) -> list[list[str]]:
        """Which journals each line tells of."""
        read = [model.read(line) for line in self.lines]
        return [[name for name, _ in each.checkpoint.heads] for each in read if each]


@pytest.fixture
def world() -> Bench:
    return new_world()


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def book(world: Bench, notebook: Notebook) -> CheckpointBook:
    return CheckpointBook(world, Keeping(KEYS, notebook, HOUR))


def look(world: Bench, book: CheckpointBook, minutes: int) -> None:
    """The sweeper asks each minute."""
    for _ in range(minutes):
        book.act(world.clock.now())
        world.set_clock.forward(minutes=1)


def test_a_checkpoint_has_each_journal_that_moved(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    first, second = sorted(found(world).tenant.id for _ in range(2))
    look(world, book, 59)
    assert notebook.names() == [[DEPLOYMENT, first, second]]
    add_client(world, administrator(world, second))
    look(world, book, 1)
    assert len(notebook.lines) == 1
    look(world, book, 2)
    assert notebook.names()[1:] == [[second]]
    look(world, book, 200)
    assert len(notebook.lines) == 2


def test_a_checkpoint_is_signed_and_says_what_the_store_says(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    book.act(world.clock.now())
    read = checkpoints.read(notebook.lines, KEYS.keys, is_signed)
    assert read.strange == ()
    (checkpoint,) = read.found
    assert checkpoint.at == world.clock.now()
    for name, head in checkpoint.heads:
        with world.store.reading(name) as tenancy:
            sealed = tenancy.journal.head()
            assert sealed is not None
            assert head == sealed[0]
            assert tenancy.journal.attested() == head.seq
    verdicts = journal.verify_all(world, by_journal(read.found))
    assert [(each.tenant_id, each.fault, each.agreed) for each in verdicts] == [
        (DEPLOYMENT, None, 1),
        (tenant_id, None, 1),
    ]


def test_many_journals_are_several_lines(
    world: Bench, notebook: Notebook, book: CheckpointBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_JOURNALS", 2)
    ids = sorted(found(world).tenant.id for _ in range(4))
    book.act(world.clock.now())
    assert notebook.names() == [[DEPLOYMENT, ids[0]], ids[1:3], ids[3:]]


def test_what_could_not_be_kept_is_tried_again_a_minute_later(
    world: Bench, notebook: Notebook, book: CheckpointBook, caplog: pytest.LogCaptureFixture
) -> None:
    found(world)
    notebook.fault = "cannot be reached"
    look(world, book, 3)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["checkpoints are kept for later: the notebook cannot be reached"] * 3
    notebook.fault = None
    look(world, book, 3)
    assert len(notebook.lines) == 1


def test_what_is_left_of_many_lines_is_tried_again_a_minute_later(
    world: Bench, notebook: Notebook, book: CheckpointBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MOST_JOURNALS", 2)
    found(world)
    found(world)
    keep = notebook.keep

    def one_then_none(line: bytes) -> str | None:
        fault = keep(line)
        notebook.fault = "is full"
        return fault

    monkeypatch.setattr(notebook, "keep", one_then_none)
    look(world, book, 1)
    assert [len(names) for names in notebook.names()] == [2]
    notebook.fault = None
    monkeypatch.setattr(notebook, "keep", keep)
    look(world, book, 1)
    assert [len(names) for names in notebook.names()] == [2, 1]


def test_how_long_checkpoints_wait_is_known_to_who_writes_them(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    assert book.waiting(world.clock.now()) is None
    look(world, book, 1)
    assert book.waiting(world.clock.now()) == timedelta(0)
    add_client(world, administrator(world, tenant_id))
    notebook.fault = "cannot be reached"
    look(world, book, 59)  # the first look of the next hour finds that it fails
    look(world, book, 21)
    assert book.waiting(world.clock.now()) == timedelta(minutes=21)
    notebook.fault = None
    look(world, book, 1)
    assert book.waiting(world.clock.now()) == timedelta(0)
    world.set_clock.forward(minutes=10)
    assert book.waiting(world.clock.now()) is None  # another one sweeps now


def test_a_store_whose_checkpoints_wait_too_long_says_so(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    assert checkpoints.standing(world).is_late(world.clock.now(), HOUR)
    look(world, book, 1)
    add_client(world, administrator(world, tenant_id))
    notebook.fault = "is full"
    for minutes, late in ((60, False), (20, True)):
        look(world, book, minutes)
        assert checkpoints.standing(world).is_late(world.clock.now(), HOUR) is late
    notebook.fault = None
    look(world, book, 1)
    world.set_clock.forward(days=9)
    assert not checkpoints.standing(world).is_late(world.clock.now(), HOUR)


def test_the_end_of_a_process_does_not_wait_for_the_hour(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    look(world, book, 1)
    add_client(world, administrator(world, tenant_id))
    book.finish()
    book.finish()
    assert notebook.names()[1:] == [[tenant_id]]


def test_one_process_writes_at_a_time(world: Bench, notebook: Notebook) -> None:
    found(world)
    other = CheckpointBook(world, Keeping(KEYS, notebook, HOUR))

    class Meanwhile(Notebook):
        """Another process comes to its end while this one writes."""

        def keep(self, line: bytes) -> str | None:
            """Let it, and keep the line."""
            other.finish()
            return super().keep(line)

    slow = Meanwhile()
    CheckpointBook(world, Keeping(KEYS, slow, HOUR)).finish()
    assert (len(slow.lines), len(notebook.lines)) == (1, 0)
    add_client(world, administrator(world, journal.known(world)[1]))
    other.finish()
    assert len(notebook.lines) == 1


def test_without_a_place_nothing_is_written(world: Bench) -> None:
    found(world)
    book = CheckpointBook(world, None)
    assert book.act(world.clock.now()) == 0
    book.finish()
    with world.store.reading_all() as deployment:
        assert deployment.journals.attested_at() is None


def test_a_clock_that_went_back_does_not_stop_checkpoints(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    look(world, book, 1)
    world.set_clock.forward(days=-400)
    add_client(world, administrator(world, tenant_id))
    look(world, book, 1)
    assert len(notebook.lines) == 2


def test_only_what_a_trusted_key_signed_counts(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    book.finish()
    add_client(world, administrator(world, tenant_id))
    stranger = CheckpointKeys(MasterKey(bytes(32)))
    CheckpointBook(world, Keeping(stranger, notebook, HOUR)).finish()
    forged = notebook.lines[0].replace(b'["",1,', b'["",2,')
    lines = [*notebook.lines, b"no checkpoint\n", forged, notebook.lines[0][:-9]]
    read = checkpoints.read(lines, KEYS.keys, is_signed)
    assert (len(read.found), read.strange) == (1, (2, 3, 4, 5))
    both = checkpoints.read(lines, (*KEYS.keys, *stranger.keys), is_signed)
    assert (len(both.found), both.strange) == (2, (3, 4, 5))


def test_a_journal_that_was_put_back_differs_from_its_checkpoints(
    world: Bench, notebook: Notebook, book: CheckpointBook
) -> None:
    tenant_id = found(world).tenant.id
    assert isinstance(world.store, MemoryStore)
    before = world.store._tables.copy()
    add_client(world, administrator(world, tenant_id))
    book.finish()
    world.store._tables = before
    attested = by_journal(checkpoints.read(notebook.lines, KEYS.keys, is_signed).found)
    short = journal.verify(world, tenant_id, attested[tenant_id])
    assert short.fault is not None
    assert "an older backup was restored" in short.fault
    for _ in range(3):
        add_client(world, administrator(world, tenant_id))
    other = journal.verify(world, tenant_id, attested[tenant_id])
    assert other.fault is not None
    assert "is not the one of the checkpoint" in other.fault
