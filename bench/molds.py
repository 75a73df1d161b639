"""Casting: what the product's own stores write for one example is written again for a million.

A mold is made of the rows that were caught of the example, in which some values are marks. A
casting has other values in the places of the marks; everything else stays as the product wrote it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import JSON, Column, Connection, Insert, Table
from sqlalchemy.sql import Executable
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from gatepost.storage.moments import Moment
from gatepost.storage.unit_of_work import UnitOfWork

Cell = str | int | bytes | None
Cells = tuple[Cell, ...]


class Target(NamedTuple):
    """Where rows go."""

    table: str
    columns: tuple[str, ...]


Castings = dict[Target, list[Cells]]


class Catching(UnitOfWork):
    """A unit of work that keeps the rows for itself and writes none."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, may_write=True)
        self.rows: list[tuple[Table, dict[str, Any]]] = []
        self.steps: Counter[str] = Counter()

    def add(self, table: Table, values: Mapping[str, object]) -> bool:
        """Catch a row; it is taken for new."""
        self.rows.append((table, dict(values)))
        return True

    def add_all(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Catch rows."""
        self.rows += [(table, dict(row)) for row in rows]

    def keep_books(self, statement: Executable, values: Any = None) -> int:
        """Catch what is inserted; what would change rows finds none."""
        if not isinstance(statement, Insert) or not isinstance(statement.table, Table):
            return 0
        self.add(statement.table, values)
        return 1

    def count_up(self, tenant_id: str, what: str, step: int) -> None:  # noqa: ARG002  (of any)
        """Remember what is counted."""
        self.steps[what] += step

    def only(self, table: Table) -> dict[str, Any]:
        """The one row caught of a table."""
        (row,) = (values for caught, values in self.rows if caught is table)
        return row


class Mold:
    """Makes the rows of many things from those of one."""

    def __init__(self, caught: Catching, marks: Sequence[Cell]) -> None:
        self.steps = caught.steps
        self._made: list[Callable[[Cells], str]] = []
        self._fixed: list[Cell] = []
        self._marks = tuple(marks)
        plans = [self._plan(table, row) for table, row in caught.rows]
        # Fixed cells stand behind those that are made, whose number is known only now.
        shift = len(self._marks) + len(self._made)
        self._picks = [
            (target, itemgetter(*(at if at >= 0 else shift - at - 1 for at in places)))
            for target, places in plans
        ]

    def cast(self, things: Iterable[Cells]) -> Castings:
        """The rows of things, each of which is told by its values in the order of the marks."""
        found: Castings = defaultdict(list)
        made, fixed = self._made, self._fixed
        into = [(found[target].append, pick) for target, pick in self._picks]
        for values in things:
            cells = (*values, *[make(values) for make in made], *fixed)
            for append, pick in into:
                append(pick(cells))
        return found

    def _plan(self, table: Table, row: Mapping[str, Any]) -> tuple[Target, list[int]]:
        cells = {column.name: cell for column, cell in _cells(table, row)}
        return Target(table.name, tuple(cells)), [self._place(cell) for cell in cells.values()]

    def _place(self, cell: Cell) -> int:
        """Where a cell comes from: a value, what is made of one, or (below zero) what is fixed."""
        for at, mark in enumerate(self._marks):
            if cell == mark:
                return at
            if isinstance(cell, str) and isinstance(mark, str) and mark in cell:
                self._made.append(_around(cell, mark, at))
                return len(self._marks) + len(self._made) - 1
        self._fixed.append(cell)
        return -len(self._fixed)


def raw(column: Column[Any], value: Any) -> Cell:
    """A value as the database keeps it."""
    if isinstance(column.type, Moment):
        return column.type.process_bind_param(value, None)
    if isinstance(column.type, JSON) and value is not None:
        return msgspec.json.encode(value).decode()
    if isinstance(value, datetime):
        raise TypeError(f"{column} is no moment")
    cell: Cell = value
    return cell


def _cells(table: Table, row: Mapping[str, Any]) -> Iterable[tuple[Column[Any], Cell]]:
    """The cells of a row; what the database itself fills in is left out."""
    for column in table.columns:
        if column.name in row:
            yield column, raw(column, row[column.name])
        elif isinstance(column.default, ScalarElementColumnDefault):
            yield column, raw(column, column.default.arg)


def _around(cell: str, mark: str, at: int) -> Callable[[Cells], str]:
    before, _, behind = cell.partition(mark)
    return lambda values: f"{before}{values[at]!s}{behind}"
