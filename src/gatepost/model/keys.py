"""Signing keys: the phases of their life, as a function of the time (security.md R-73, D-03)."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

Algorithm = Literal["RS256", "ES256", "PS256"]


class Phase(StrEnum):
    """Announced: in the key set, not signing. Active: signing. Retained: still verifying."""

    ANNOUNCED = "announced"
    ACTIVE = "active"
    RETAINED = "retained"
    REMOVED = "removed"


class SigningKey(Struct, frozen=True, kw_only=True):
    """A key as the store keeps it: public part in the clear, private part sealed."""

    kid: str
    algorithm: Algorithm
    public_jwk: dict[str, str]
    sealed_private: bytes
    created_at: datetime
    active_from: datetime
    retained_from: datetime | None = None
    removed_from: datetime | None = None

    def phase(self, now: datetime) -> Phase:
        """Where the key stands at this moment."""
        if self.removed_from is not None and now >= self.removed_from:
            return Phase.REMOVED
        if self.retained_from is not None and now >= self.retained_from:
            return Phase.RETAINED
        return Phase.ACTIVE if now >= self.active_from else Phase.ANNOUNCED


def signing_key(keys: tuple[SigningKey, ...], now: datetime) -> SigningKey | None:
    """The key to sign with: the one that became active last."""
    active = [key for key in keys if key.phase(now) is Phase.ACTIVE]
    return max(active, key=lambda key: (key.active_from, key.kid), default=None)


def published_keys(keys: tuple[SigningKey, ...], now: datetime) -> tuple[SigningKey, ...]:
    """The keys of the key set: announced, active and retained, oldest first."""
    shown = [key for key in keys if key.phase(now) is not Phase.REMOVED]
    return tuple(sorted(shown, key=lambda key: (key.active_from, key.kid)))
