"""`ports.Deployment.sweep` in memory."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.memory.cascades import end_portal_sessions
from tests.memory.unit import Unit


def sweep(unit: Unit, now: datetime, most: int) -> int:
    """Remove at most so many rows of each kind whose deadline has passed; how many went."""
    tables = unit.tables
    ends: tuple[tuple[Any, Callable[[Any], datetime]], ...] = (
        (tables.attempts, lambda end: end),
        (tables.pending, lambda pending: pending.expires_at),
        (tables.pushed, lambda pushed: pushed.expires_at),
        (tables.device_codes, lambda code: code.expires_at),
        (tables.families, lambda family: family.expires_at),
        (tables.sign_ins, lambda kept: kept.sign_in.expires_at),
        (tables.revoked_tokens, lambda end: end),
        (tables.password_links, lambda kept: kept.link.expires_at),
    )
    gone = 0
    for table, end in ends:
        over = [key for key, row in table.items() if end(row) <= now]
        if table is tables.families:
            over = [key for key in over if (key[0], table[key].sign_in_id) not in tables.sign_ins]
        over = over[:most]
        for key in over:
            unit.clear_books(table, key)
            if table is tables.families:
                _drop_of_family(unit, key)
            if table is tables.sign_ins:
                end_portal_sessions(unit, key)
        gone += len(over)
    return gone


def _drop_of_family(unit: Unit, family: tuple[str, str]) -> None:
    tables = unit.tables
    of_family: tuple[dict[Any, Any], ...] = (
        tables.codes,
        tables.refresh_tokens,
        tables.device_codes,
    )
    for table in of_family:
        for key in [k for k, row in table.items() if (k[0], row.family_id) == family]:
            unit.clear_books(table, key)
