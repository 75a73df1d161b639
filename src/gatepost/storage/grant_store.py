"""Errands under way, pushed requests and families. Codes and tokens stand in `token_store`."""

from datetime import datetime

from sqlalchemy import delete, select, update

from gatepost.model.grants import Family, PushedRequest
from gatepost.model.requests import Pending
from gatepost.storage.flow_rows import value_of
from gatepost.storage.flow_tables import families, pending_requests, pushed_requests
from gatepost.storage.token_store import SqlTokenStore


class SqlGrantStore(SqlTokenStore):
    """`ports.GrantStore` on SQL."""

    def add_pending(self, pending: Pending) -> None:
        """Keep an errand that begins. Bookkeeping."""
        self._work.keep_books(pending_requests.insert(), self._row(pending))

    def pending(self, pending_id: str) -> Pending | None:
        """An errand under way."""
        return self._first(pending_requests, Pending, id=pending_id)

    def save_pending(self, pending: Pending) -> None:
        """Keep an errand's progress. Bookkeeping."""
        mine = update(pending_requests).where(*self._here(pending_requests, id=pending.id))
        self._work.keep_books(mine.values(progress=self._row(pending)["progress"]))

    def remove_pending(self, pending_id: str) -> bool:
        """End an errand; False when it was ended already, so that one alone finishes it."""
        mine = self._here(pending_requests, id=pending_id)
        return self._work.keep_books(delete(pending_requests).where(*mine)) > 0

    def add_pushed(self, pushed: PushedRequest) -> None:
        """Keep a pushed request. Bookkeeping."""
        self._work.keep_books(pushed_requests.insert(), self._row(pushed))

    def pushed(self, digest: bytes) -> PushedRequest | None:
        """A pushed request."""
        return self._first(pushed_requests, PushedRequest, digest=digest)

    def remove_pushed(self, digest: bytes) -> bool:
        """Remove a pushed request; False when it was taken already. Bookkeeping."""
        mine = self._here(pushed_requests, digest=digest)
        return self._work.keep_books(delete(pushed_requests).where(*mine)) > 0

    def add_family(self, family: Family) -> None:
        """Keep a new family. Bookkeeping."""
        self._work.keep_books(families.insert(), self._row(family))

    def family(self, family_id: str) -> Family | None:
        """One family."""
        return self._first(families, Family, id=family_id)

    def revoke_family(self, family_id: str, now: datetime, because: str) -> bool:
        """Revoke; False when it was revoked already or is not there. A change."""
        alive = update(families).where(*self._here(families, id=family_id, revoked_at=None))
        return self._work.change(alive.values(revoked_at=now, revoked_because=because)) > 0

    def live_families_of(self, user_id: str, now: datetime) -> tuple[Family, ...]:
        """The person's families that are neither revoked nor past their end, oldest first."""
        alive = (
            *self._here(families, user_id=user_id, revoked_at=None),
            families.c.expires_at > now,
        )
        found = select(families).where(*alive).order_by(families.c.created_at, families.c.id)
        return tuple(value_of(row, Family) for row in self._work.read(found))

    def clients_of_sign_in(self, sign_in_id: str) -> tuple[str, ...]:
        """The clients that got something during a sign-in, in order of their ids."""
        during = self._here(families, sign_in_id=sign_in_id)
        found = select(families.c.client_id).where(*during).distinct()
        rows = self._work.read(found.order_by(families.c.client_id))
        return tuple(row.client_id for row in rows)
