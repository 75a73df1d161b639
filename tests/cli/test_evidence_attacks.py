"""What somebody does who can write to the database but has no master key, and how it shows.

Each attack is followed by honest work of the program: new events, checkpoints, retention, another
start. Nothing of that may put right what was done.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from gatepost.app import House
from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT, GENESIS, OPERATOR, Action, Event, Head, Origin, chain
from gatepost.model.journal_walk import Verdict
from gatepost.services import checkpoints, journal, journal_care, journal_export, retention
from gatepost.services.checkpoints import CheckpointBook, Keeping
from gatepost.services.journal import UnreadableEvent
from gatepost.services.journal_export import Part
from gatepost.services.retention import RetentionRules
from tests.cli.evidence import house_of
from tests.cli.program import Place, copied, sqlite_place

pytestmark = pytest.mark.requirement("R-78", "D-14")

RULES = RetentionRules(timedelta(days=30), "all")
MINE = "tenant_id <> ''"


class Notebook:
    """A witness that keeps every line."""

    place = "the notebook"

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def keep(self, line: bytes) -> str | None:
        """Keep it."""
        self.lines.append(line)
        return None


@pytest.fixture
def house(spoilt: Place) -> Iterator[House]:
    """The store that is attacked."""
    with house_of(spoilt) as opened:
        yield opened


@pytest.fixture
def tenant_id(house: House) -> str:
    """Its tenant, with a journal of some length."""
    (found,) = journal.tenant_ids(house.world)
    for _ in range(5):
        note(house, found)
    return found


def note(house: House, tenant_id: str) -> None:
    """Write an event, as any change does."""
    with house.world.store.writing(tenant_id) as unit:
        unit.journal.append(_event(house))


def _event(house: House) -> Event:
    return Event(
        at=house.world.clock.now(),
        action=Action.CLIENT_CHANGED,
        actor=OPERATOR,
        origin=Origin(house.world.dice.guid(), ""),
        target="press",
    )


def verdict(house: House, tenant_id: str) -> Verdict:
    """What is said of a journal."""
    (found,) = journal.verify_all(house.world, only=tenant_id)
    return found


def head_row(place: Place, where: str = MINE) -> int:
    """The number of the newest event."""
    ((seq,),) = place.rows(f"SELECT seq FROM journal_heads WHERE {where}")
    return int(seq)


def put_back(place: Place, seq: int, where: str = MINE) -> None:
    """Let a journal end at an older event, with a head that fits but for its seal."""
    place.rows(f"DELETE FROM events WHERE {where} AND seq > {seq}")
    place.rows(
        f"UPDATE journal_heads SET seq = {seq}, hash = "
        f"(SELECT hash FROM events WHERE {where} AND seq = {seq}) WHERE {where}"
    )


def test_a_journal_that_was_cut_at_its_end_stays_broken_whatever_is_written_later(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    assert verdict(house, tenant_id).fault is None
    put_back(spoilt, head_row(spoilt) - 2)
    for _ in range(4):
        note(house, tenant_id)
        assert verdict(house, tenant_id).fault == "the seal of the head is not ours"


def test_a_journal_that_was_written_anew_stays_broken(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    with house.world.store.reading(tenant_id) as unit:
        links = unit.journal.entries(0, 100)
    head = Head(0, GENESIS)
    for link in links:
        target = "pump" if link.event.target == "press" else link.event.target
        forged = chain(head, tenant_id, replace(link.event, target=target))
        head = Head(forged.seq, forged.hash)
        spoilt.rows(
            f"UPDATE events SET target = '{target}', hash = {octets(spoilt, head.hash)} "
            f"WHERE {MINE} AND seq = {head.seq}"
        )
    spoilt.rows(f"UPDATE journal_heads SET hash = {octets(spoilt, head.hash)} WHERE {MINE}")
    for _ in range(2):
        assert verdict(house, tenant_id).fault == "the seal of the head is not ours"
        note(house, tenant_id)


def octets(place: Place, value: bytes) -> str:
    """Octets as a literal of the database."""
    if place.settings["GATEPOST_DATABASE_URL"].startswith("sqlite"):
        return f"x'{value.hex()}'"
    return f"decode('{value.hex()}', 'hex')"


def test_a_journal_that_was_emptied_does_not_begin_again(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    for table in ("events", "journal_heads"):
        spoilt.rows(f"DELETE FROM {table} WHERE {MINE}")
    assert verdict(house, tenant_id).fault == "the head is missing"
    note(house, tenant_id)
    assert "the journal was begun anew" in str(verdict(house, tenant_id).fault)


def test_the_deployments_journal_does_not_begin_again_without_those_who_are_gone(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    with spoilt.serving():  # which makes the signing key, and writes that down
        pass
    for table in ("events", "journal_heads"):
        spoilt.rows(f"DELETE FROM {table}")
    spoilt.rows("DELETE FROM tenants")
    journal_care.enrol(house.world)
    note(house, DEPLOYMENT)
    assert tenant_id not in journal.known(house.world)
    assert "it was begun anew" in str(verdict(house, DEPLOYMENT).fault)


def test_what_was_taken_from_the_beginning_is_not_put_right_by_retention(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    spoilt.rows(
        "INSERT INTO journal_beginnings (tenant_id, seq, hash) "
        f"SELECT tenant_id, seq, hash FROM events WHERE {MINE} AND seq = 3"
    )
    spoilt.rows(f"DELETE FROM events WHERE {MINE} AND seq <= 3")
    assert "events 1 to 3 are missing" in str(verdict(house, tenant_id).fault)
    _trims_nothing(house, tenant_id)
    assert "events 1 to 3 are missing" in str(verdict(house, tenant_id).fault)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET target = 'x' WHERE seq = 2", "DELETE FROM events WHERE seq = 2"],
)
def test_an_event_that_was_changed_does_not_go_with_the_old_ones(
    house: House, spoilt: Place, tenant_id: str, statement: str
) -> None:
    spoilt.rows(f"{statement} AND {MINE}")
    _trims_nothing(house, tenant_id)
    assert "event 2" in str(verdict(house, tenant_id).fault)


def _trims_nothing(house: House, tenant_id: str) -> None:
    later = house.world.clock.now() + timedelta(days=99)
    with pytest.raises(UnreadableEvent):
        retention.trim(house.world, tenant_id, later, RULES)
    with house.world.store.reading(tenant_id) as unit:
        actions = {link.event.action for link in unit.journal.entries(0, 1_000)}
    assert Action.JOURNAL_CUT not in actions


def test_what_does_not_bear_our_seal_is_not_attested(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    put_back(spoilt, head_row(spoilt) - 2)
    assert house.attester is not None
    kept = Notebook()
    assert checkpoints.write(house.world, house.attester, kept) == 1
    assert len(kept.lines) == 1
    assert tenant_id.encode() not in kept.lines[0]


def test_a_head_of_a_newer_master_key_is_waited_for(
    house: House, spoilt: Place, tenant_id: str
) -> None:
    newer = octets(spoilt, b"c" + bytes(32))
    spoilt.rows(f"UPDATE journal_heads SET seal = {newer} WHERE {MINE}")
    with pytest.raises(StoreUnavailable, match="newer master key"):
        note(house, tenant_id)


NUMBERS = ("seq", "at")
WORDS = ("action", "actor_kind", "actor_id", "operation_id", "address", "target")
ODD = ("'noon'", "x'ff'", "CAST(x'ff' AS TEXT)", "9223372036854775807", "-1", "1.5", "9e999")
ODD_JSON = ("'[7]'", "'{\"Upto\":1e999}'", f"'{'[' * 9_000}{']' * 9_000}'", "'no JSON'", "x'ff'")
COLUMNS = [
    *(("events", name, odd) for name in (*NUMBERS, *WORDS, "hash") for odd in ODD),
    *(("events", name, odd) for name in ("before", "after") for odd in ODD_JSON),
    *(
        ("journal_heads", name, odd)
        for name in ("seq", "hash", "seal")
        for odd in ODD[:2] + ODD[3:]
    ),
    *(("journal_beginnings", name, odd) for name in ("seq", "hash") for odd in ODD),
]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A SQLite store, which takes any value in any column."""
    place = sqlite_place(tmp_path_factory.mktemp("founded"))
    place.init()
    return place


@pytest.mark.parametrize(("table", "column"), sorted({row[:2] for row in COLUMNS}))
def test_whatever_stands_in_a_row_is_a_finding_and_hinders_nobody_else(
    founded: Place, tmp_path: Path, table: str, column: str
) -> None:
    for number, odd in enumerate(row[2] for row in COLUMNS if row[:2] == (table, column)):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = copied(founded, folder)
        if table == "journal_beginnings":
            place.rows(
                "INSERT INTO journal_beginnings SELECT tenant_id, seq, hash FROM events "
                f"WHERE seq = 1 AND {MINE}"
            )
        which = f"{MINE} AND seq = 1" if table == "events" else MINE
        place.rows(f"UPDATE {table} SET {column} = {odd} WHERE {which}")
        with house_of(place) as house:
            _assert_found(house, f"{table}.{column} = {odd[:40]}")


def _assert_found(house: House, what: str) -> None:
    """The tenant's journal has a fault, the deployment's none; and the work goes on."""
    whole, broken = journal.verify_all(house.world)
    assert (whole.fault, broken.fault is None) == (None, False), what
    assert house.attester is not None
    kept = Notebook()
    now = house.world.clock.now()
    CheckpointBook(house.world, Keeping(house.attester, kept, timedelta(hours=1))).act(now)
    assert len(kept.lines) == 1, what
    assert b'["",' in kept.lines[0], what
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(retention, "LOOKS", 1)
        keeper = retention.Retention(house.world, RULES)
        keeper.act(now + timedelta(days=99))
    lines: list[bytes] = []
    try:
        lines += journal_export.export(house.world, DEPLOYMENT, Part())
        lines += journal_export.export(house.world, broken.tenant_id, Part())
    except (UnreadableEvent, StoreUnavailable):
        pass
    assert lines, what
    assert verdict(house, broken.tenant_id).fault is not None, what
