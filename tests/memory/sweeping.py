"""`ports.Store.sweep` in memory."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.memory.cascades import end_portal_sessions
from tests.memory.unit import Unit


def sweep(unit: Unit, now: datetime, most: int) -> tuple[int, ...]:
    """Remove at most so many rows of each kind whose deadline has passed; how many of each."""
    tables = unit.tables
    ends: tuple[tuple[Any, Callable[[Any], datetime]], ...] = (
        (tables.attempts, lambda end: end),
        (tables.pending, lambda pending: pending.expires_at),
        (tables.pushed, lambda pushed: pushed.expires_at),
        (tables.device_codes, lambda code: code.expires_at),
        (tables.sign_ins, lambda kept: kept.sign_in.expires_at),
        (tables.revoked_tokens, lambda end: end),
        (tables.password_links, lambda kept: kept.link.expires_at),
    )
    gone = [*_sweep_families(unit, now, most)]
    for table, end in ends:
        over = [key for key, row in table.items() if end(row) <= now][:most]
        for key in over:
            unit.clear_books(table, key)
            if table is tables.sign_ins:
                end_portal_sessions(unit, key)
        gone.append(len(over))
    return tuple(gone)


def _sweep_families(unit: Unit, now: datetime, most: int) -> Iterable[int]:
    """Refresh tokens, codes, and the families that have neither any more."""
    tables = unit.tables
    over = {
        (tenant_id, id_)
        for (tenant_id, id_), family in tables.families.items()
        if family.expires_at <= now and (tenant_id, family.sign_in_id) not in tables.sign_ins
    }
    children: tuple[dict[Any, Any], ...] = (tables.refresh_tokens, tables.codes)
    for table in children:
        gone = [key for key, row in table.items() if (key[0], row.family_id) in over][:most]
        for key in gone:
            unit.clear_books(table, key)
        yield len(gone)
    for table in children:
        over -= {(key[0], row.family_id) for key, row in table.items()}
    for family in sorted(over)[:most]:
        unit.clear_books(tables.families, family)
        devices: dict[Any, Any] = tables.device_codes
        for key in [k for k, row in devices.items() if (k[0], row.family_id) == family]:
            unit.clear_books(devices, key)
    yield min(len(over), most)
