"""Rewrapping on SQL: seals found and replaced in batches, and rows counted by their master key.

All that is kept under a master key begins with its number, so a key's rows are a range of values.
Tables are walked by their primary key, a batch a statement, so that nothing is held for long. Each
column of bytes of a table stands in `KEPT`, or in the test that holds this, with a reason.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    FromClause,
    Table,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    update,
)

from gatepost.ports import PRESENCE, Presence, Rest, Sealed, SealedRow, SecretOf
from gatepost.storage import flow_tables as flows
from gatepost.storage.engine import transaction
from gatepost.storage.flow_tables import codes, families, refresh_tokens, sign_ins
from gatepost.storage.journal_tables import journal_heads
from gatepost.storage.portal_tables import password_links, portal_sessions, try_outs
from gatepost.storage.tables import client_secrets, leases, signing_keys

BATCH = 5_000


class _Seals(NamedTuple):
    """Where seals of a kind are, and what their places are made of beside the key of the row."""

    column: Column[Any]
    about: tuple[Column[Any], ...] = ()


class Kept(NamedTuple):
    """Columns that begin with the number of a master key, and when their rows end by themselves."""

    what: str
    columns: tuple[Column[Any], ...]
    until: Column[Any] | None = None


SEALS: dict[Sealed, _Seals] = {
    "signing keys": _Seals(signing_keys.c.sealed_private, (signing_keys.c.algorithm,)),
    "heads of journals": _Seals(journal_heads.c.seal, (journal_heads.c.seq, journal_heads.c.hash)),
    "try-outs": _Seals(try_outs.c.sealed_state),
    "authenticator apps": _Seals(flows.authenticators.c.sealed_key),
}
KEPT = (
    *(Kept(kind, (seals.column,)) for kind, seals in SEALS.items()),
    Kept("client secrets", (client_secrets.c.digest,)),
    Kept("recovery codes", (flows.recovery_codes.c.digest,)),
    Kept("sign-ins", (sign_ins.c.digest, sign_ins.c.silent_digest), sign_ins.c.expires_at),
    Kept("sessions of the portal", (portal_sessions.c.digest,), sign_ins.c.expires_at),
    Kept("codes", (codes.c.digest,), families.c.expires_at),
    Kept(
        "refresh tokens",
        (refresh_tokens.c.digest, refresh_tokens.c.sealed_successor),
        families.c.expires_at,
    ),
    Kept(
        "device codes",
        (flows.device_codes.c.digest, flows.device_codes.c.user_code_digest),
        flows.device_codes.c.expires_at,
    ),
    Kept("pushed requests", (flows.pushed_requests.c.digest,), flows.pushed_requests.c.expires_at),
    Kept(
        "requests under way",
        (flows.pending_requests.c.browser_digest,),
        flows.pending_requests.c.expires_at,
    ),
    Kept("links to set a password", (password_links.c.digest,), password_links.c.expires_at),
    Kept("counters of guesses", (flows.attempts.c.key,), flows.attempts.c.ends_at),
)
_PARENT = {sign_ins: "sign_in_id", families: "family_id"}


class SqlRewrapping:
    """`ports.Rewrapping` on SQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sealed(
        self, kind: Sealed, number: int, after: tuple[str, ...] | None, most: int
    ) -> tuple[SealedRow, ...]:
        """Seals of a kind that are not under this master key, in order of their rows."""
        column, about = SEALS[kind]
        keys = _keys(column.table)
        found = select(*keys, column, *about).where(~_under(column, number))
        if after is not None:
            found = found.where(tuple_(*keys) > _bound(keys, after))
        with transaction(self._engine, writing=False) as connection:
            rows = connection.execute(found.order_by(*keys).limit(most)).all()
        width = len(keys)
        return tuple(
            SealedRow(tuple(row[:width]), row[width], tuple(row[width + 1 :])) for row in rows
        )

    def reseal(self, kind: Sealed, anew: Sequence[tuple[SealedRow, bytes]]) -> int:
        """Keep new seals where the old ones still stand, in one transaction; how many were."""
        column = SEALS[kind].column
        keys = _keys(column.table)
        met = 0
        with transaction(self._engine, writing=True) as connection:
            for row, seal in anew:
                mine = (key == value for key, value in zip(keys, row.key, strict=True))
                statement = update(column.table).where(*mine, column == row.sealed)
                met += connection.execute(statement.values({column.name: seal})).rowcount
        return met

    def rests(self, number: int) -> tuple[Rest, ...]:
        """What rests on a master key, of each kind of which there is anything."""
        counted = (self._rest(kept, number) for kept in KEPT)
        return tuple(rest for rest in counted if rest.rows)

    def secrets_under(self, number: int, most: int) -> tuple[SecretOf, ...]:
        """Some of the client secrets whose digests are under a master key."""
        keys = _keys(client_secrets)
        found = select(*keys).where(_under(client_secrets.c.digest, number)).order_by(*keys)
        with transaction(self._engine, writing=False) as connection:
            return tuple(SecretOf(*row) for row in connection.execute(found.limit(most)))

    def present(self, now: datetime) -> tuple[Presence, ...]:
        """Which master keys the servers have that were seen a moment ago."""
        noted = leases.c.office.startswith(PRESENCE, autoescape=True)
        found = select(leases).where(noted, leases.c.ends_at > now)
        with transaction(self._engine, writing=False) as connection:
            rows = connection.execute(found).all()
        return tuple(Presence(_numbers(row.office), row.ends_at) for row in rows)

    def _rest(self, kept: Kept, number: int) -> Rest:
        rows, until = 0, None
        for part in self._parts(_keys(_table(kept))):
            until_column = func.max(kept.until) if kept.until is not None else func.max(None)
            counted = select(func.count(), until_column).select_from(_source(kept))
            mine = or_(*(_under(column, number) for column in kept.columns))
            with transaction(self._engine, writing=False) as connection:
                n, latest = connection.execute(counted.where(mine, *part)).one()
            rows += n
            until = max(filter(None, (until, latest)), default=None)
        return Rest(kept.what, rows, until)

    def _parts(self, keys: tuple[Column[Any], ...]) -> Iterator[list[ColumnElement[bool]]]:
        """Conditions that each meet a batch of rows, and together all."""
        row = tuple_(*keys)
        part: list[ColumnElement[bool]] = []
        while True:
            last = select(*keys).where(*part).order_by(*keys).offset(BATCH - 1).limit(1)
            with transaction(self._engine, writing=False) as connection:
                found = connection.execute(last).first()
            if found is None:
                yield part
                return
            yield [*part, row <= _bound(keys, found)]
            part = [row > _bound(keys, found)]


def _table(kept: Kept) -> Table:
    return kept.columns[0].table


def _source(kept: Kept) -> FromClause:
    """The rows, with the parent that they end with where they have no end of their own."""
    table = _table(kept)
    parent = table if kept.until is None else kept.until.table
    if parent is table:
        return table
    name = _PARENT[parent]
    belongs = (parent.c.tenant_id == table.c.tenant_id) & (parent.c.id == table.c[name])
    return table.join(parent, belongs)


def _under(column: Column[Any], number: int) -> ColumnElement[bool]:
    """Whether a value begins with this number."""
    return (column >= bytes([number])) & (column < bytes([number + 1]))


def _keys(table: Any) -> tuple[Column[Any], ...]:
    return tuple(table.primary_key)


def _bound(keys: tuple[Column[Any], ...], values: Sequence[Any]) -> ColumnElement[Any]:
    pairs = zip(keys, values, strict=True)
    return tuple_(*(bindparam(None, value, type_=key.type) for key, value in pairs))


def _numbers(office: str) -> tuple[int, ...]:
    return tuple(map(int, office.removeprefix(PRESENCE).split(",")))
