"""Epochs: numbers in the store that move with every change, and the board that shows them.

The workers of a node share the board, which is mapped before they are forked. A worker writes only
its own cells, and only upwards, also when the store went back, as one does that was restored or
promoted behind; readers compare the cells of all workers. See docs/decisions/0021.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from mmap import mmap
from threading import Lock
from zlib import crc32

from sqlalchemy import BigInteger, Connection, cast, func

from gatepost.storage.tables import EPOCHS, epochs
from gatepost.storage.unit_of_work import UnitOfWork

GOOD_FOR_S = 0.9
"""How long what is kept may be used after the last look began: less than the promised second."""

_CELL = 8
_STEPS = 1_000_000
_ALL = "SELECT number, n FROM epochs"


class Board:
    """The memory that the workers of one node show each other their epochs in."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.memory = mmap(-1, EPOCHS * workers * _CELL)


class BoardGlance:
    """`ports.Glance`: a copy of the board."""

    def __init__(self, cells: bytes, row: int) -> None:
        self._cells = cells
        self._row = row

    def of(self, tenant_id: str) -> bytes:
        """The tenant's epoch at that moment."""
        start = number_of(tenant_id) * self._row
        return self._cells[start : start + self._row]


class StoreEpochs:
    """`ports.Epochs` of one worker, fed by its own commits and by looks at the store."""

    def __init__(self, board: Board, worker: int = 0) -> None:
        self._memory = board.memory
        self._row = board.workers * _CELL
        self._own = worker * _CELL
        self._good_until = 0.0
        self._doubts = 0
        self._moves = 0
        self._seen: dict[int, int] = {}
        self._lock = Lock()

    def of(self, tenant_id: str) -> bytes | None:
        """The tenant's epoch, to be taken before reading; None while nothing kept may be used."""
        if time.monotonic() >= self._good_until:
            return None
        start = number_of(tenant_id) * self._row
        return self._memory[start : start + self._row]

    def newest(self, tenant_id: str) -> int | None:
        """The highest number that is known of the tenant; None while nothing is known for sure."""
        row = self.of(tenant_id)
        if row is None:
            return None
        cells = (row[start : start + _CELL] for start in range(0, len(row), _CELL))
        return max(int.from_bytes(cell, "little") for cell in cells)

    def glance(self) -> BoardGlance | None:
        """The same of all tenants, for a reading that will tell which tenant it is of."""
        if time.monotonic() >= self._good_until:
            return None
        return BoardGlance(self._memory[:], self._row)

    def look(self, reading: AbstractContextManager[Connection]) -> None:
        """Read the epochs of the store. A look that fails lets what is kept end in time."""
        began, doubts, moves = time.monotonic(), self._doubts, self._moves
        with reading as connection:
            found = {row.number: row.n for row in connection.exec_driver_sql(_ALL)}
        with self._lock:
            lost = dict.fromkeys(self._seen.keys() - found.keys(), 0)
            for number, n in (found | lost).items():
                # one that is lower was read before a change of our own, or the store went back
                if n > self._seen.get(number, 0) or moves == self._moves:
                    self._see(number, n)
            if doubts == self._doubts:
                self._good_until = began + GOOD_FOR_S

    def show(self, numbers: Iterable[tuple[int, int]]) -> None:
        """Let all workers of the node see these numbers, which a change of our own has raised."""
        with self._lock:
            self._moves += 1
            for number, n in numbers:
                self._see(number, n)

    def _see(self, number: int, n: int) -> None:
        """Raise our cell when the number is another than before, whichever way it went."""
        if n == self._seen.get(number, 0):
            return
        self._seen[number] = n
        start = number * self._row + self._own
        shown = int.from_bytes(self._memory[start : start + _CELL], "little")
        self._memory[start : start + _CELL] = max(n, shown + 1).to_bytes(_CELL, "little")

    def doubt(self) -> None:
        """Use nothing that is kept until the next look: a change may or may not have been made."""
        with self._lock:
            self._doubts += 1
            self._good_until = 0.0


def raised(work: UnitOfWork, tenant_ids: Iterable[str]) -> Mapping[int, int]:
    """Raise the epochs of tenants, as the last statements of a change; the new numbers.

    In order, so that two changes of several tenants do not wait for each other; and by a step of
    chance, so that a store which lost a change does not come to the same number by another one.
    """
    step = 1 + func.abs(func.random() % _STEPS)
    if work.connection.dialect.name == "postgresql":
        step = 1 + cast(func.random() * _STEPS, BigInteger)
    found: dict[int, int] = {}
    for number in sorted({number_of(tenant_id) for tenant_id in tenant_ids}):
        first = work.insert(epochs).values(number=number, n=step)
        statement = first.on_conflict_do_update(
            index_elements=[epochs.c.number], set_={"n": epochs.c.n + step}
        ).returning(epochs.c.n)
        found[number] = work.connection.scalars(statement).one()
    return found


def number_of(tenant_id: str) -> int:
    """Which of the epochs a tenant falls on."""
    return crc32(tenant_id.encode()) % EPOCHS
