"""One transaction's bookkeeping: what it runs on, and the law «no event, no change»."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Row,
    Select,
    Table,
    UnaryExpression,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from gatepost.model.errors import ReadingUnit, UnrecordedChange
from gatepost.ports import PageOf
from gatepost.storage import tables

# Inserts tell whether they met a row only when asked to.
_COUNTING = {"preserve_rowcount": True}


# People come and go all day; no card tells of these, and each use of them reads the store.
_NEVER_KEPT = frozenset(
    {
        "authenticators",
        "consents",
        "families",
        "passkeys",
        "recovery_codes",
        "revoked_tokens",
        "sign_ins",
    }
)


class Order(NamedTuple):
    """Columns that rows are ordered by; the last one tells apart what is equal in the others."""

    columns: tuple[Column[Any], ...]
    descending: bool = False

    @property
    def forward(self) -> list[UnaryExpression[Any]]:
        """The order as it was asked for."""
        return self._turned(descending=self.descending)

    @property
    def backward(self) -> list[UnaryExpression[Any]]:
        """The order from its end."""
        return self._turned(descending=not self.descending)

    def _turned(self, *, descending: bool) -> list[UnaryExpression[Any]]:
        return [c.desc() if descending else c.asc() for c in self.columns]


class UnitOfWork:
    """A connection in its transaction, which remembers whether it changed and recorded."""

    def __init__(self, connection: Connection, *, may_write: bool) -> None:
        self._connection = connection
        self._may_write = may_write
        self._changed = False
        self._moved = False
        self._recorded = False
        self._tenant_ids: set[str] = set()

    @property
    def moved_tenants(self) -> frozenset[str]:
        """The tenants whose turn was taken, where anything was changed that is kept in memory."""
        return frozenset(self._tenant_ids) if self._moved else frozenset()

    @property
    def connection(self) -> Connection:
        """The connection, for statements that stream."""
        return self._connection

    def take_turn(self, tenant_id: str) -> None:
        """Wait until no other writer of the tenant is under way; SQLite has one writer anyway."""
        if not self._may_write:
            return
        self._tenant_ids.add(tenant_id)
        if self._connection.dialect.name == "postgresql":
            key = func.hashtextextended(tenant_id, 0)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def read(self, statement: Executable, **values: object) -> CursorResult[Any]:
        """Run a statement that changes nothing."""
        return self._connection.execute(statement, values)

    def one(self, statement: Executable, **values: object) -> Row[Any] | None:
        """The first row, if any."""
        return self.read(statement, **values).first()

    def change(self, statement: Executable, values: Any = None) -> int:
        """Run a statement whose effect must be recorded; the number of rows it met."""
        met = self.keep_books(statement, values)
        if met > 0:
            self._changed = True
            self._moved = self._moved or _table_of(statement) not in _NEVER_KEPT
        return met

    def keep_books(self, statement: Executable, values: Any = None) -> int:
        """Run a statement whose effect needs no event, such as a counter."""
        self._check_may_write()
        return self._connection.execute(statement, values, execution_options=_COUNTING).rowcount

    def add(self, table: Table, values: Mapping[str, object]) -> bool:
        """Insert a row unless a key or unique value of it is taken."""
        return self.change(self.insert(table).on_conflict_do_nothing(), values) > 0

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insertion in the words of this database, which may say what a conflict does."""
        if self._connection.dialect.name == "sqlite":
            return sqlite.insert(table)
        return postgresql.insert(table)

    def add_all(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows that are known to be new."""
        if rows:
            self.change(table.insert(), rows)

    def ids_by_age(
        self,
        table: Table,
        conditions: Iterable[ColumnElement[bool]],
        page: PageOf,
        total: int | None = None,
    ) -> list[str]:
        """The ids of a page in order of creation."""
        found = select(table.c.id).where(*conditions)
        return self.ids_in_order(found, Order((table.c.created_at, table.c.id)), page, total)

    def ids_in_order(
        self, found: Select[Any], order: Order, page: PageOf, total: int | None = None
    ) -> list[str]:
        """The ids of a page, read off an index alone; whole rows are then read by id.

        In one statement SQLite would walk every row of the tenant to find the page's. Where the
        total is known, the page is counted from the nearer end.
        """
        if total is None or page.skip <= total // 2:
            wanted = found.order_by(*order.forward).limit(page.count).offset(page.skip)
            return list(self._connection.scalars(wanted))
        count = max(0, min(page.count, total - page.skip))
        wanted = found.order_by(*order.backward).limit(count)
        wanted = wanted.offset(max(0, total - page.skip - count))
        return list(self._connection.scalars(wanted))[::-1]

    def up_to(self, most: int, found: Select[Any]) -> int:
        """How many rows a selection finds, counted no further than `most`."""
        counted = select(func.count().label("n")).select_from(found.limit(most).subquery())
        row = self.one(counted)
        return row.n if row else 0

    def has_part(self, column: ColumnElement[str], part: str) -> ColumnElement[bool]:
        """Whether a text has a part, character by character: `%` stands for itself."""
        if self._connection.dialect.name == "sqlite":
            return func.instr(column, part) > 0
        return func.strpos(column, part) > 0

    def count_up(self, tenant_id: str, what: str, step: int) -> None:
        """Move a counter of the tenant, which stands in for counting rows."""
        key = (tables.counts.c.tenant_id == tenant_id) & (tables.counts.c.what == what)
        moved = self.change(update(tables.counts).where(key).values(n=tables.counts.c.n + step))
        if not moved:
            self.add_all(tables.counts, [{"tenant_id": tenant_id, "what": what, "n": step}])

    def counted(self, tenant_id: str, what: str) -> int:
        """The value of a counter."""
        row = self.one(
            select(tables.counts.c.n).where(
                tables.counts.c.tenant_id == tenant_id, tables.counts.c.what == what
            )
        )
        return row.n if row else 0

    def record(self, statement: Executable, values: Any = None) -> None:
        """Run a statement that writes to the journal."""
        self._check_may_write()
        self._recorded = True
        self._connection.execute(statement, values)

    def _check_may_write(self) -> None:
        """A reading unit changes nothing, on a database that would let it too."""
        if not self._may_write:
            raise ReadingUnit("a unit that was opened for reading was asked to write")

    def check_recorded(self) -> None:
        """Refuse to be kept when something changed without an event."""
        if self._changed and not self._recorded:
            raise UnrecordedChange("a change was made without an event in the journal")


def _table_of(statement: Executable) -> str | None:
    table = getattr(statement, "table", None)
    return None if table is None else str(table.name)
