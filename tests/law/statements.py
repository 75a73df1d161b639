"""Whether a statement keeps to one tenant: each table in it is bound to a tenant id that is given.

A table is bound when its `tenant_id` is compared with a value, or with that of a table that is.
"""

from typing import Any

from sqlalchemy import Column, Insert, Table
from sqlalchemy.sql import ClauseElement, operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter
from sqlalchemy.sql.selectable import Subquery

TENANT = "tenant_id"


def loose(statement: ClauseElement) -> set[str]:
    """The tables of tenants that a statement reads or writes without a tenant's id."""
    if isinstance(statement, Insert):
        return set()  # a row has its tenant's id, or the database refuses it
    parts = list(visitors.iterate(statement))
    tables = {part for part in parts if isinstance(part, Table) and _is_of_tenants(part)}
    bound, joined = _bound(parts)
    while more := {b for a, b in joined if a in bound} - bound:
        bound |= more
    return {table.name for table in tables - bound}


def _is_of_tenants(table: Table) -> bool:
    return TENANT in table.c or table.name == "tenants"


def _bound(parts: list[Any]) -> tuple[set[Any], set[tuple[Any, Any]]]:
    """What is compared with a value, and the pairs that are compared with each other."""
    bound: set[Any] = set()
    joined: set[tuple[Any, Any]] = set()
    for part in parts:
        if isinstance(part, Subquery):
            inside = [each for each in visitors.iterate(part) if isinstance(each, Table)]
            joined |= {pair for table in inside for pair in ((part, table), (table, part))}
        if isinstance(part, BinaryExpression) and part.operator is operators.eq:
            sides = [_owner(side) for side in (part.left, part.right)]
            if sides[0] is not None and sides[1] is not None:
                joined |= {(sides[0], sides[1]), (sides[1], sides[0])}
            elif any(isinstance(side, BindParameter) for side in (part.left, part.right)):
                bound |= {side for side in sides if side is not None}
    return bound, joined


def _owner(side: Any) -> Any:
    """The table whose tenant this is, if it is one."""
    table = getattr(side, "table", None)
    is_tenant = getattr(side, "name", None) == TENANT
    is_tenants_own = isinstance(side, Column) and side.name == "id" and _name(table) == "tenants"
    return table if is_tenant or is_tenants_own else None


def _name(table: object) -> object:
    return getattr(table, "name", None)
