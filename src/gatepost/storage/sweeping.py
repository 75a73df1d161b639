"""Removing what is over, in small batches, so that nobody waits long for the rows it holds."""

from datetime import datetime

from sqlalchemy import Column, Delete, Exists, delete, exists, select, tuple_

from gatepost.storage import flow_tables
from gatepost.storage.flow_tables import families, sign_ins
from gatepost.storage.portal_tables import password_links

# Codes and refresh tokens go with their family, so that a late replay is known for what it is.
_DEADLINES: tuple[Column[datetime], ...] = (
    flow_tables.attempts.c.ends_at,
    flow_tables.pending_requests.c.expires_at,
    flow_tables.pushed_requests.c.expires_at,
    flow_tables.device_codes.c.expires_at,
    families.c.expires_at,
    sign_ins.c.expires_at,
    flow_tables.revoked_tokens.c.expires_at,
    password_links.c.expires_at,
)


def statements(now: datetime, most: int) -> tuple[Delete, ...]:
    """One statement for each kind of row that has a deadline."""
    return tuple(_over(deadline, now, most) for deadline in _DEADLINES)


def _over(deadline: Column[datetime], now: datetime, most: int) -> Delete:
    key = tuple(deadline.table.primary_key)
    over = select(*key).where(deadline <= now).limit(most)
    if deadline.table is families:
        over = over.where(~_its_sign_in_goes_on())
    return delete(deadline.table).where(tuple_(*key).in_(over))


def _its_sign_in_goes_on() -> Exists:
    """The client of a family is to be told when the sign-in ends, which may outlive the family."""
    return exists().where(
        sign_ins.c.tenant_id == families.c.tenant_id, sign_ins.c.id == families.c.sign_in_id
    )
