"""The secrets of one tenant's clients: numbers that count up, digests, counters of use."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Table, bindparam, case, delete, select, update
from sqlalchemy.sql import func

from gatepost.model.clients import Secret, SecretDigest
from gatepost.ports import SecretUse
from gatepost.storage.moments import Moment
from gatepost.storage.tables import client_secrets, clients
from gatepost.storage.unit_of_work import UnitOfWork

_AT = bindparam("at", type_=Moment)
_NOTE_SECRET = (
    update(client_secrets)
    .where(
        client_secrets.c.tenant_id == bindparam("tenant"),
        client_secrets.c.client_id == bindparam("client"),
        client_secrets.c.id == bindparam("secret"),
    )
    .values(
        use_count=client_secrets.c.use_count + bindparam("step"),
        first_used_at=func.coalesce(client_secrets.c.first_used_at, _AT),
        last_used_at=case(
            (client_secrets.c.last_used_at > _AT, client_secrets.c.last_used_at), else_=_AT
        ),
    )
)
_NOTE_CLIENT = (
    update(clients)
    .where(
        clients.c.tenant_id == bindparam("tenant"),
        clients.c.id == bindparam("client"),
        clients.c.last_used_at < _AT,
    )
    .values(last_used_at=_AT)
)


class SqlSecretStore:
    """The part of `ports.ClientStore` that concerns secrets."""

    def __init__(self, work: UnitOfWork, tenant_id: str) -> None:
        self._work = work
        self._tenant_id = tenant_id

    def add_secret(self, client_id: str, secret: Secret, digest: bytes) -> Secret:
        """Keep a new secret under the next number; numbers never return."""
        mine = (*self._here(clients), clients.c.id == client_id)
        self._work.change(
            update(clients).where(*mine).values(next_secret_id=clients.c.next_secret_id + 1)
        )
        row = self._work.one(select(clients.c.next_secret_id).where(*mine))
        numbered = msgspec.structs.replace(secret, id=row.next_secret_id - 1 if row else 1)
        values = msgspec.structs.asdict(numbered)
        self._work.add_all(
            client_secrets,
            [{**values, "tenant_id": self._tenant_id, "client_id": client_id, "digest": digest}],
        )
        self._note_next_expiry(client_id)
        return numbered

    def secrets(self, client_id: str) -> tuple[Secret, ...]:
        """All secrets of the client, by number."""
        statement = select(client_secrets).where(*self._of_client(client_id))
        rows = self._work.read(statement.order_by(client_secrets.c.id))
        return tuple(secret_of_row(row) for row in rows)

    def secret(self, client_id: str, secret_id: int) -> Secret | None:
        """One secret."""
        row = self._work.one(
            select(client_secrets).where(
                *self._of_client(client_id), client_secrets.c.id == secret_id
            )
        )
        return secret_of_row(row) if row else None

    def digests(self, client_id: str) -> tuple[SecretDigest, ...]:
        """What a presented secret is compared with."""
        columns = (client_secrets.c.id, client_secrets.c.digest, client_secrets.c.expires_at)
        rows = self._work.read(select(*columns).where(*self._of_client(client_id)))
        return tuple(
            SecretDigest(id=row.id, digest=row.digest, expires_at=row.expires_at) for row in rows
        )

    def save_secret(self, client_id: str, secret: Secret) -> None:
        """Keep a changed description or expiry."""
        self._work.change(
            update(client_secrets)
            .where(*self._of_client(client_id), client_secrets.c.id == secret.id)
            .values(description=secret.description, expires_at=secret.expires_at)
        )
        self._note_next_expiry(client_id)

    def renew_digest(self, client_id: str, secret_id: int, before: bytes, after: bytes) -> bool:
        """Keep another digest of the same secret; False when it is not as before. Bookkeeping."""
        column = client_secrets.c.digest
        mine = (*self._of_client(client_id), client_secrets.c.id == secret_id, column == before)
        return self._work.keep_books(update(client_secrets).where(*mine).values(digest=after)) > 0

    def remove_secret(self, client_id: str, secret_id: int) -> None:
        """Remove one secret."""
        self._work.change(
            delete(client_secrets).where(
                *self._of_client(client_id), client_secrets.c.id == secret_id
            )
        )
        self._note_next_expiry(client_id)

    def note_uses(self, uses: Iterable[SecretUse]) -> None:
        """Add to the counters of use. A bookkeeping write, which needs no event.

        Secret 0 stands for a client that used none: only the client's own last use is noted.
        """
        rows = [
            {
                "tenant": self._tenant_id,
                "client": use.client_id,
                "secret": use.secret_id,
                "step": use.count,
                "at": use.last_used_at,
            }
            for use in uses
        ]
        of_secrets = [row for row in rows if row["secret"]]
        if of_secrets:
            self._work.keep_books(_NOTE_SECRET, of_secrets)
        if rows:
            self._work.keep_books(_NOTE_CLIENT, rows)

    def _note_next_expiry(self, client_id: str) -> None:
        """Of all secrets as they are now; it goes with the change that was just made.

        They are read and compared here: asked for the minimum, SQLite walks the index by expiry
        through the secrets of the whole tenant.
        """
        expiries = [secret.expires_at for secret in self.secrets(client_id) if secret.expires_at]
        mine = update(clients).where(*self._here(clients), clients.c.id == client_id)
        self._work.keep_books(mine.values(next_expiry=min(expiries, default=None)))

    def _here(self, table: Table) -> tuple[ColumnElement[bool]]:
        return (table.c.tenant_id == self._tenant_id,)

    def _of_client(self, client_id: str) -> tuple[ColumnElement[bool], ...]:
        return (*self._here(client_secrets), client_secrets.c.client_id == client_id)


def secret_of_row(row: Row[Any]) -> Secret:
    """A secret as its row tells."""
    return Secret(
        id=row.id,
        description=row.description,
        expires_at=row.expires_at,
        created_at=row.created_at,
        created_by=row.created_by,
        first_used_at=row.first_used_at,
        last_used_at=row.last_used_at,
        use_count=row.use_count,
    )
