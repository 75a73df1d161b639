"""What the stores of the flows have in common: a value is a row of one tenant, column by column.

What is no plain value (an errand, the grounds of a family) stands in its column as JSON, with the
tags by which it is read again.
"""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Table, select

from gatepost.storage.unit_of_work import UnitOfWork

S = TypeVar("S", bound=Struct)


class FlowRows:
    """Rows of one tenant, found by their columns."""

    def __init__(self, work: UnitOfWork, tenant_id: str) -> None:
        self._work = work
        self._tenant_id = tenant_id

    def _here(self, table: Table, **columns: object) -> tuple[ColumnElement[bool], ...]:
        named = (table.c[name] == value for name, value in columns.items())
        return (table.c.tenant_id == self._tenant_id, *named)

    def _first(self, table: Table, kind: type[S], **columns: object) -> S | None:
        row = self._work.one(select(table).where(*self._here(table, **columns)))
        return value_of(row, kind) if row else None

    def _row(self, value: Struct) -> dict[str, object]:
        columns: dict[str, object] = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
        return {"tenant_id": self._tenant_id, **columns}


def value_of(row: Row[Any], kind: type[S]) -> S:
    """The value that a row tells."""
    return msgspec.convert({name: getattr(row, name) for name in kind.__struct_fields__}, kind)
