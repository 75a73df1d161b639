"""What goes along when a client or a person is removed, as foreign keys have it."""

from typing import Any

from tests.memory.unit import Key, Unit


def drop_children(
    unit: Unit, tenant_id: str, *, client_id: str | None = None, user_id: str | None = None
) -> None:
    """Remove the rows of the flows that belong to this client or person."""
    tables = unit.tables

    def drop(table: dict[Any, Any], **parent: object) -> list[Any]:
        gone = [
            key
            for key, row in table.items()
            if key[0] == tenant_id
            and any(
                parent_id is not None and getattr(row, column, None) == parent_id
                for column, parent_id in parent.items()
            )
        ]
        for key in gone:
            unit.drop(table, key)
        return gone

    for key in [key for key, kept in tables.sign_ins.items() if key[0] == tenant_id]:
        if tables.sign_ins[key].sign_in.user_id == user_id:
            end_portal_sessions(unit, key)
            unit.drop(tables.sign_ins, key)
    _drop_recovery_codes(unit, tenant_id, user_id)
    of_either: tuple[dict[Any, Any], ...] = (
        tables.consents,
        tables.passkeys,
        tables.authenticators,
        tables.pending,
        tables.pushed,
    )
    of_family: tuple[dict[Any, Any], ...] = (
        tables.codes,
        tables.refresh_tokens,
        tables.device_codes,
    )
    for table in of_either:
        drop(table, client_id=client_id, user_id=user_id)
    drop(tables.device_codes, client_id=client_id)
    drop(tables.try_outs, client_id=client_id)
    for _, family_id in drop(tables.families, client_id=client_id, user_id=user_id):
        for table in of_family:
            drop(table, family_id=family_id)


def end_portal_sessions(unit: Unit, sign_in: Key) -> None:
    """Remove the portal's sessions of a sign-in that goes."""
    sessions = unit.tables.portal_sessions
    for key in [k for k, row in sessions.items() if (k[0], row.sign_in_id) == sign_in]:
        unit.clear_books(sessions, key)


def _drop_recovery_codes(unit: Unit, tenant_id: str, user_id: str | None) -> None:
    codes = unit.tables.recovery_codes
    for key in [key for key in codes if key[:2] == (tenant_id, user_id)]:
        unit.drop(codes, key)
