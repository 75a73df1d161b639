"""What belongs to a person and outlives their sign-ins: consents, passkeys, counted attempts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from gatepost.model.sign_ins import Consent, Passkey
from gatepost.storage.flow_rows import value_of
from gatepost.storage.flow_tables import attempts, consents, passkeys
from gatepost.storage.portal_session_store import SqlPortalSessionStore


class SqlConsentStore(SqlPortalSessionStore):
    """The part of `ports.SignInStore` that concerns consents, passkeys and attempts."""

    def consent(self, user_id: str, client_id: str) -> Consent | None:
        """What the person allowed the client."""
        return self._first(consents, Consent, user_id=user_id, client_id=client_id)

    def consents_of(self, user_id: str) -> tuple[Consent, ...]:
        """All that the person allowed, newest first."""
        mine = select(consents).where(*self._here(consents, user_id=user_id))
        rows = self._work.read(mine.order_by(consents.c.given_at.desc(), consents.c.client_id))
        return tuple(value_of(row, Consent) for row in rows)

    def save_consent(self, consent: Consent) -> None:
        """Keep a consent in place of an earlier one to the same client. A change."""
        new = self._work.insert(consents)
        changed = {"scopes": new.excluded.scopes, "given_at": new.excluded.given_at}
        self._work.change(
            new.on_conflict_do_update(index_elements=consents.primary_key, set_=changed),
            self._row(consent),
        )

    def remove_consent(self, user_id: str, client_id: str) -> bool:
        """Forget a consent; False when there is none. A change."""
        mine = self._here(consents, user_id=user_id, client_id=client_id)
        return self._work.change(delete(consents).where(*mine)) > 0

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when its id is taken in the tenant. A change."""
        return self._work.add(passkeys, self._row(passkey))

    def passkey(self, passkey_id: str) -> Passkey | None:
        """One passkey by its credential id."""
        return self._first(passkeys, Passkey, id=passkey_id)

    def passkeys_of(self, user_id: str) -> tuple[Passkey, ...]:
        """A person's passkeys, oldest first."""
        mine = select(passkeys).where(*self._here(passkeys, user_id=user_id))
        rows = self._work.read(mine.order_by(passkeys.c.created_at, passkeys.c.id))
        return tuple(value_of(row, Passkey) for row in rows)

    def note_passkey_use(self, passkey_id: str, sign_count: int, now: datetime) -> None:
        """Note the counter and the time of a use. Bookkeeping."""
        mine = update(passkeys).where(*self._here(passkeys, id=passkey_id))
        self._work.keep_books(mine.values(sign_count=sign_count, last_used_at=now))

    def remove_passkey(self, user_id: str, passkey_id: str) -> bool:
        """Remove a person's passkey; False when there is none. A change."""
        mine = self._here(passkeys, user_id=user_id, id=passkey_id)
        return self._work.change(delete(passkeys).where(*mine)) > 0

    def attempts(self, keys: Sequence[bytes]) -> Mapping[bytes, datetime]:
        """For each key that has one, the moment at which its attempts are forgotten."""
        if not keys:
            return {}
        named = attempts.c.key.in_(list(keys))
        rows = self._work.read(select(attempts).where(*self._here(attempts), named))
        return {row.key: row.ends_at for row in rows}

    def save_attempts(self, ends: Mapping[bytes, datetime]) -> None:
        """Keep those moments. Bookkeeping."""
        new = self._work.insert(attempts)
        statement = new.on_conflict_do_update(
            index_elements=attempts.primary_key, set_={"ends_at": new.excluded.ends_at}
        )
        for key, moment in ends.items():
            row = {"tenant_id": self._tenant_id, "key": key, "ends_at": moment}
            self._work.keep_books(statement, row)
