"""Removing what is over, in small batches, so that nobody waits long for the rows it holds."""

from datetime import datetime

from sqlalchemy import Column, Delete, delete, select, tuple_

from gatepost.storage import flow_tables

# Codes and refresh tokens go with their family, so that a late replay is known for what it is.
_DEADLINES: tuple[Column[datetime], ...] = (
    flow_tables.attempts.c.ends_at,
    flow_tables.pending_requests.c.expires_at,
    flow_tables.pushed_requests.c.expires_at,
    flow_tables.device_codes.c.expires_at,
    flow_tables.families.c.expires_at,
    flow_tables.sign_ins.c.expires_at,
    flow_tables.revoked_tokens.c.expires_at,
)


def statements(now: datetime, most: int) -> tuple[Delete, ...]:
    """One statement for each kind of row that has a deadline."""
    return tuple(_over(deadline, now, most) for deadline in _DEADLINES)


def _over(deadline: Column[datetime], now: datetime, most: int) -> Delete:
    key = tuple(deadline.table.primary_key)
    over = select(*key).where(deadline <= now).limit(most)
    return delete(deadline.table).where(tuple_(*key).in_(over))
