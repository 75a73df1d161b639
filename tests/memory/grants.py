"""`ports.GrantStore` in memory: errands, pushed requests and families, on top of tokens."""

from datetime import datetime

from msgspec import structs

from gatepost.model.grants import Family, PushedRequest
from gatepost.model.requests import Pending
from tests.memory.tokens import MemoryTokenStore


class MemoryGrantStore(MemoryTokenStore):
    """Requests under way, codes, tokens and the families they belong to."""

    def add_pending(self, pending: Pending) -> None:
        """Keep an errand that begins. Bookkeeping."""
        self._need_tenant()
        if pending.client_id is not None:
            self._need_client(pending.client_id)
        if self.pending(pending.id) is not None:
            raise ValueError("there is such an errand already")
        self._unit.keep_books(self._tables.pending, self._key(pending.id), pending)

    def pending(self, pending_id: str) -> Pending | None:
        """An errand under way."""
        return self._tables.pending.get(self._key(pending_id))

    def save_pending(self, pending: Pending) -> None:
        """Keep an errand's progress. Bookkeeping."""
        kept = self.pending(pending.id)
        if kept is not None:
            further = structs.replace(kept, progress=pending.progress)
            self._unit.keep_books(self._tables.pending, self._key(pending.id), further)

    def remove_pending(self, pending_id: str) -> bool:
        """End an errand; False when it was ended already, so that one alone finishes it."""
        return self._unit.clear_books(self._tables.pending, self._key(pending_id))

    def add_pushed(self, pushed: PushedRequest) -> None:
        """Keep a pushed request. Bookkeeping."""
        self._need_client(pushed.client_id)
        key = self._digest_key(pushed.digest)
        if key in self._tables.pushed:
            raise ValueError("there is such a pushed request already")
        self._unit.keep_books(self._tables.pushed, key, _apart(pushed))

    def pushed(self, digest: bytes) -> PushedRequest | None:
        """A pushed request."""
        kept = self._tables.pushed.get(self._digest_key(digest))
        return None if kept is None else _apart(kept)

    def remove_pushed(self, digest: bytes) -> bool:
        """Remove a pushed request; False when it was taken already. Bookkeeping."""
        return self._unit.clear_books(self._tables.pushed, self._digest_key(digest))

    def add_family(self, family: Family) -> None:
        """Keep a new family. Bookkeeping."""
        self._need_client(family.client_id)
        self._need_user(family.user_id)
        if self.family(family.id) is not None:
            raise ValueError("there is such a family already")
        self._unit.keep_books(self._tables.families, self._key(family.id), family)

    def family(self, family_id: str) -> Family | None:
        """One family."""
        return self._tables.families.get(self._key(family_id))

    def revoke_family(self, family_id: str, now: datetime, because: str) -> bool:
        """Revoke; False when it was revoked already or is not there. A change."""
        kept = self.family(family_id)
        if kept is None or kept.revoked_at is not None:
            return False
        revoked = structs.replace(kept, revoked_at=now, revoked_because=because)
        self._unit.put(self._tables.families, self._key(family_id), revoked)
        return True

    def live_families_of(self, user_id: str, now: datetime) -> tuple[Family, ...]:
        """The person's families that are neither revoked nor past their end, oldest first."""
        found = [
            family
            for family in self._here(self._tables.families)
            if family.user_id == user_id and family.revoked_at is None and family.expires_at > now
        ]
        return tuple(sorted(found, key=lambda family: (family.created_at, family.id)))

    def clients_of_sign_in(self, sign_in_id: str) -> tuple[str, ...]:
        """The clients that got something during a sign-in, in order of their ids."""
        families = self._here(self._tables.families)
        return tuple(sorted({one.client_id for one in families if one.sign_in_id == sign_in_id}))


def _apart(pushed: PushedRequest) -> PushedRequest:
    return structs.replace(pushed, parameters=dict(pushed.parameters))
