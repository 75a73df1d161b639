"""The sign-ins of one tenant. Consents, passkeys and attempts stand in `consent_store`, other
factors in `factor_store`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, delete, select, update

from gatepost.model.sign_ins import SignIn, SignInDigests
from gatepost.storage.factor_store import SqlFactorStore
from gatepost.storage.flow_rows import value_of
from gatepost.storage.flow_tables import sign_ins

_NEWEST_FIRST = (sign_ins.c.signed_in_at.desc(), sign_ins.c.id.desc())


class SqlSignInStore(SqlFactorStore):
    """`ports.SignInStore` on SQL."""

    def add(self, sign_in: SignIn, digests: SignInDigests) -> None:
        """Keep a new sign-in. A change."""
        found_by = {"digest": digests.session, "silent_digest": digests.silent}
        self._work.add_all(sign_ins, [{**self._row(sign_in), **found_by}])

    def with_session(self, digests: Sequence[bytes]) -> SignIn | None:
        """The newest sign-in that one of these session digests belongs to."""
        return self._newest(sign_ins.c.digest, digests)

    def with_silent(self, digests: Sequence[bytes]) -> SignIn | None:
        """The newest sign-in that one of these digests of the silent page belongs to."""
        return self._newest(sign_ins.c.silent_digest, digests)

    def get(self, sign_in_id: str) -> SignIn | None:
        """One sign-in by its public id."""
        return self._first(sign_ins, SignIn, id=sign_in_id)

    def of_user(self, user_id: str) -> tuple[SignIn, ...]:
        """A person's sign-ins, newest first."""
        mine = select(sign_ins).where(*self._here(sign_ins, user_id=user_id))
        rows = self._work.read(mine.order_by(*_NEWEST_FIRST))
        return tuple(value_of(row, SignIn) for row in rows)

    def touch(self, sign_in_id: str, now: datetime) -> None:
        """Note that the person was just seen. Bookkeeping."""
        # of two calls that cross, the later moment stays
        mine = (*self._here(sign_ins, id=sign_in_id), sign_ins.c.last_seen_at < now)
        self._work.keep_books(update(sign_ins).where(*mine).values(last_seen_at=now))

    def end(self, sign_in_id: str) -> bool:
        """Remove a sign-in; False when there is none. A change."""
        gone = delete(sign_ins).where(*self._here(sign_ins, id=sign_in_id))
        return self._work.change(gone) > 0

    def _newest(self, column: Column[bytes], digests: Sequence[bytes]) -> SignIn | None:
        if not digests:
            return None
        found = select(sign_ins).where(*self._here(sign_ins), column.in_(list(digests)))
        row = self._work.one(found.order_by(*_NEWEST_FIRST).limit(1))
        return value_of(row, SignIn) if row else None
