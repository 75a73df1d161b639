"""`ports.SignInStore` in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import structs

from gatepost.model.portal import PortalSession
from gatepost.model.sign_ins import Consent, Passkey, SignIn, SignInDigests
from tests.memory.cascades import end_portal_sessions
from tests.memory.factors import MemoryFactorStore
from tests.memory.unit import KeptSignIn, MissingParent


class MemorySignInStore(MemoryFactorStore):
    """Sign-ins, consents, passkeys and counted attempts of the tenant's people."""

    def add(self, sign_in: SignIn, digests: SignInDigests) -> None:
        """Keep a new sign-in. A change."""
        self._need_user(sign_in.user_id)
        known = [kept.digests for kept in self._tables.sign_ins.values()]
        if (
            self._key(sign_in.id) in self._tables.sign_ins
            or any(digests.session == other.session for other in known)
            or any(digests.silent == other.silent for other in known)
        ):
            raise ValueError("there is such a sign-in already")
        self._unit.put(self._tables.sign_ins, self._key(sign_in.id), KeptSignIn(sign_in, digests))

    def with_session(self, digests: Sequence[bytes]) -> SignIn | None:
        """The newest sign-in that one of these session digests belongs to."""
        kept = self._here(self._tables.sign_ins)
        return _newest([sign_in for sign_in, own in kept if own.session in digests])

    def with_silent(self, digests: Sequence[bytes]) -> SignIn | None:
        """The newest sign-in that one of these digests of the silent page belongs to."""
        kept = self._here(self._tables.sign_ins)
        return _newest([sign_in for sign_in, own in kept if own.silent in digests])

    def get(self, sign_in_id: str) -> SignIn | None:
        """One sign-in by its public id."""
        kept = self._tables.sign_ins.get(self._key(sign_in_id))
        return kept.sign_in if kept else None

    def of_user(self, user_id: str) -> tuple[SignIn, ...]:
        """A person's sign-ins, newest first."""
        kept = self._here(self._tables.sign_ins)
        return _newest_first([sign_in for sign_in, _ in kept if sign_in.user_id == user_id])

    def touch(self, sign_in_id: str, now: datetime) -> None:
        """Note that the person was just seen. Bookkeeping."""
        key = self._key(sign_in_id)
        kept = self._tables.sign_ins.get(key)
        if kept is not None and kept.sign_in.last_seen_at < now:
            touched = structs.replace(kept.sign_in, last_seen_at=now)
            self._unit.keep_books(self._tables.sign_ins, key, KeptSignIn(touched, kept.digests))

    def end(self, sign_in_id: str) -> bool:
        """Remove a sign-in; False when there is none. A change."""
        end_portal_sessions(self._unit, self._key(sign_in_id))
        return self._unit.drop(self._tables.sign_ins, self._key(sign_in_id))

    def consent(self, user_id: str, client_id: str) -> Consent | None:
        """What the person allowed the client."""
        return self._tables.consents.get((self._tenant_id, user_id, client_id))

    def consents_of(self, user_id: str) -> tuple[Consent, ...]:
        """All that the person allowed, newest first."""
        found = [kept for kept in self._here(self._tables.consents) if kept.user_id == user_id]
        by_client = sorted(found, key=lambda consent: consent.client_id)
        return tuple(sorted(by_client, key=lambda consent: consent.given_at, reverse=True))

    def save_consent(self, consent: Consent) -> None:
        """Keep a consent in place of an earlier one to the same client. A change."""
        self._need_user(consent.user_id)
        self._need_client(consent.client_id)
        key = (self._tenant_id, consent.user_id, consent.client_id)
        self._unit.put(self._tables.consents, key, consent)

    def remove_consent(self, user_id: str, client_id: str) -> bool:
        """Forget a consent; False when there is none. A change."""
        return self._unit.drop(self._tables.consents, (self._tenant_id, user_id, client_id))

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when its id is taken in the tenant. A change."""
        if self.passkey(passkey.id) is not None:
            return False
        self._need_user(passkey.user_id)
        self._unit.put(self._tables.passkeys, self._key(passkey.id), passkey)
        return True

    def passkey(self, passkey_id: str) -> Passkey | None:
        """One passkey by its credential id."""
        return self._tables.passkeys.get(self._key(passkey_id))

    def passkeys_of(self, user_id: str) -> tuple[Passkey, ...]:
        """A person's passkeys, oldest first."""
        found = [kept for kept in self._here(self._tables.passkeys) if kept.user_id == user_id]
        return tuple(sorted(found, key=lambda passkey: (passkey.created_at, passkey.id)))

    def note_passkey_use(self, passkey_id: str, sign_count: int, now: datetime) -> None:
        """Note the counter and the time of a use. Bookkeeping."""
        kept = self.passkey(passkey_id)
        if kept is not None:
            used = structs.replace(kept, sign_count=sign_count, last_used_at=now)
            self._unit.keep_books(self._tables.passkeys, self._key(passkey_id), used)

    def remove_passkey(self, user_id: str, passkey_id: str) -> bool:
        """Remove a person's passkey; False when there is none. A change."""
        kept = self.passkey(passkey_id)
        if kept is None or kept.user_id != user_id:
            return False
        return self._unit.drop(self._tables.passkeys, self._key(passkey_id))

    def add_portal_session(self, session: PortalSession, digest: bytes) -> None:
        """Keep a new session of the portal. Bookkeeping; it goes with its sign-in."""
        if self.get(session.sign_in_id) is None:
            raise MissingParent(f"there is no sign-in {session.sign_in_id!r} in the tenant")
        if any(digest == known for _, known in self._tables.portal_sessions):
            raise ValueError("there is such a session already")
        self._unit.keep_books(self._tables.portal_sessions, self._digest_key(digest), session)

    def portal_session(self, digest: bytes) -> PortalSession | None:
        """The session of the portal with this digest."""
        return self._tables.portal_sessions.get(self._digest_key(digest))

    def end_portal_session(self, digest: bytes) -> bool:
        """Remove it; False when there is none. Bookkeeping."""
        return self._unit.clear_books(self._tables.portal_sessions, self._digest_key(digest))

    def attempts(self, keys: Sequence[bytes]) -> Mapping[bytes, datetime]:
        """For each key that has one, the moment at which its attempts are forgotten."""
        kept = {key: self._tables.attempts.get(self._digest_key(key)) for key in keys}
        return {key: moment for key, moment in kept.items() if moment is not None}

    def save_attempts(self, ends: Mapping[bytes, datetime]) -> None:
        """Keep those moments. Bookkeeping."""
        for key, moment in ends.items():
            self._unit.keep_books(self._tables.attempts, self._digest_key(key), moment)


def _newest_first(sign_ins: list[SignIn]) -> tuple[SignIn, ...]:
    return tuple(sorted(sign_ins, key=lambda one: (one.signed_in_at, one.id), reverse=True))


def _newest(sign_ins: list[SignIn]) -> SignIn | None:
    found = _newest_first(sign_ins)
    return found[0] if found else None
