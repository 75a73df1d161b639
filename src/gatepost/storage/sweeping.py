"""Removing what is over, in small batches, so that nobody waits long for the rows it holds.

A batch is one statement and one transaction. It passes over rows that others hold, so that it
never waits while it holds some itself.
"""

from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Delete,
    Exists,
    Select,
    Table,
    and_,
    delete,
    exists,
    select,
    tuple_,
)

from gatepost.storage import flow_tables
from gatepost.storage.flow_tables import codes, families, refresh_tokens, sign_ins
from gatepost.storage.portal_tables import password_links

# A family is last of its kind: its codes and refresh tokens go before it, in batches of their own.
_OF_FAMILY = (refresh_tokens, codes)
_DEADLINES: tuple[Column[datetime], ...] = (
    flow_tables.attempts.c.ends_at,
    flow_tables.pending_requests.c.expires_at,
    flow_tables.pushed_requests.c.expires_at,
    flow_tables.device_codes.c.expires_at,
    sign_ins.c.expires_at,
    flow_tables.revoked_tokens.c.expires_at,
    password_links.c.expires_at,
)


_WALK_NO_TABLE = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)" for way in ("seqscan", "hashjoin", "mergejoin")
)


def swept(connection: Connection, statement: Delete) -> int:
    """Run one of the statements; how many rows went.

    PostgreSQL would rather walk a table than look up a thousand rows, until the table is large.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_WALK_NO_TABLE)
    return connection.execute(statement).rowcount


def statements(now: datetime, most: int) -> tuple[Delete, ...]:
    """One statement for each kind of row that ends."""
    return (
        *(_of_ended_families(table, now, most) for table in _OF_FAMILY),
        _first(families, _keys(families).where(_ended(now), *map(_none_of, _OF_FAMILY)), most),
        *(_over(deadline, now, most) for deadline in _DEADLINES),
    )


def _over(deadline: Column[datetime], now: datetime, most: int) -> Delete:
    return _first(deadline.table, _keys(deadline.table).where(deadline <= now), most)


def _of_ended_families(table: Table, now: datetime, most: int) -> Delete:
    """Used ones stay as long as their family, so that a second use is known for what it is."""
    found = _keys(table).join(families, _belongs(table)).where(_ended(now))
    return _first(table, found, most)


def _first(table: Table, found: Select[tuple[object, ...]], most: int) -> Delete:
    free = found.limit(most).with_for_update(skip_locked=True, of=table)
    return delete(table).where(tuple_(*table.primary_key).in_(free))


def _keys(table: Table) -> Select[tuple[object, ...]]:
    return select(*table.primary_key)


def _ended(now: datetime) -> ColumnElement[bool]:
    """The client of a family is to be told when the sign-in ends, which may outlive the family."""
    goes_on = exists().where(
        sign_ins.c.tenant_id == families.c.tenant_id, sign_ins.c.id == families.c.sign_in_id
    )
    return and_(families.c.expires_at <= now, ~goes_on)


def _none_of(table: Table) -> ColumnElement[bool]:
    there: Exists = exists().where(_belongs(table))
    return ~there


def _belongs(table: Table) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == families.c.tenant_id, table.c.family_id == families.c.id)
