"""What stands in the store itself after a fault."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from faults.standing import Standing
from gatepost.app import House
from gatepost.storage.engine import transaction

_EVENTS = "SELECT operation_id FROM events"
_USED = "SELECT digest FROM codes WHERE used_at IS NOT NULL"
_DOUBLED = """
SELECT family_id, generation FROM refresh_tokens
    GROUP BY tenant_id, family_id, generation HAVING count(*) > 1
"""
_UNTOLD = """
SELECT id FROM clients WHERE NOT EXISTS
    (SELECT 1 FROM events WHERE events.tenant_id = clients.tenant_id AND target = clients.id)
"""
_WITHOUT_SECRET = """
SELECT id FROM clients WHERE kind = 'client_credentials' AND NOT EXISTS
    (SELECT 1 FROM client_secrets
        WHERE client_secrets.tenant_id = clients.tenant_id AND client_id = clients.id)
"""


def faults(house: House, wanted: Standing) -> list[str]:
    """What is missing in the store, or stands there by halves."""
    return [*_missing_events(house, wanted), *_unused_codes(house, wanted), *_halves(house)]


def doubled(house: House) -> list[str]:
    """Refresh tokens of which there are two where one must be."""
    return [f"generation {row[1]} of family {row[0]}" for row in _rows(house, _DOUBLED)]


def _missing_events(house: House, wanted: Standing) -> Iterator[str]:
    told = {row[0] for row in _rows(house, _EVENTS)}
    yield from (f"event of {each}" for each in sorted(wanted.operations - told))


def _unused_codes(house: House, wanted: Standing) -> Iterator[str]:
    used = {bytes(row[0]) for row in _rows(house, _USED)}
    digest_of = house.world.secrets.digest_of
    for code in sorted(wanted.codes):
        if digest_of("code", code) not in used:
            yield f"use of code {code[:12]}"


def _halves(house: House) -> Iterator[str]:
    yield from (f"half: client {row[0]} without an event" for row in _rows(house, _UNTOLD))
    yield from (f"half: client {row[0]} without a secret" for row in _rows(house, _WITHOUT_SECRET))


def _rows(house: House, question: str) -> list[Any]:
    with transaction(house.database.engine, writing=False) as connection:
        return list(connection.execute(text(question)).all())
