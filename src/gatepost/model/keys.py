"""Signing keys: the phases of their life, and what is to be done next (security.md R-73, D-03)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

Algorithm = Literal["RS256", "ES256", "PS256"]

CLOCKS_DIFFER = timedelta(minutes=5)
"""What is later than this was made by a clock that was wrong, and not by another node's."""


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


class KeyRules(NamedTuple):
    """How long a key is announced, signs, and verifies after that; `algorithm` is of the next key.

    Where `active_for` is None a key signs until somebody orders another.
    """

    algorithm: Algorithm
    announce_for: timedelta
    active_for: timedelta | None
    retain_for: timedelta


class Announce(NamedTuple):
    """A successor is to be made, which signs from this moment on."""

    active_from: datetime


class Remove(NamedTuple):
    """These keys are over."""

    kids: tuple[str, ...]


NextStep = Announce | Remove | None


def signing_key(keys: tuple[SigningKey, ...], now: datetime) -> SigningKey | None:
    """The key to sign with: the one that became active last.

    Where none is active the clock went back, or was ahead before. Then it is the one that begins
    first, and in the end one that is retained: as long as there is a key, one signs.
    """
    phases = {
        phase: [key for key in keys if key.phase(now) is phase]
        for phase in (Phase.ACTIVE, Phase.ANNOUNCED, Phase.RETAINED)
    }
    if phases[Phase.ACTIVE]:
        return max(phases[Phase.ACTIVE], key=_age)
    if phases[Phase.ANNOUNCED]:
        return min(phases[Phase.ANNOUNCED], key=_age)
    return max(phases[Phase.RETAINED], key=_age, default=None)


def published_keys(keys: tuple[SigningKey, ...], now: datetime) -> tuple[SigningKey, ...]:
    """The keys of the key set: announced, active and retained, oldest first."""
    shown = [key for key in keys if key.phase(now) is not Phase.REMOVED]
    return tuple(sorted(shown, key=_age))


def successor(keys: tuple[SigningKey, ...], now: datetime) -> SigningKey | None:
    """The announced key that signs next; one from the future, of a wrong clock, is none."""
    signing = signing_key(keys, now)
    announced = [key for key in keys if key is not signing and _will_sign(key, now)]
    return min(announced, key=_age, default=None)


def next_step(keys: tuple[SigningKey, ...], now: datetime, rules: KeyRules) -> NextStep:
    """What is to be done with the keys at this moment, or nothing."""
    over = tuple(key.kid for key in keys if key.phase(now) is Phase.REMOVED)
    if over:
        return Remove(over)
    signing, follows = signing_key(keys, now), successor(keys, now)
    if signing is None or signing.phase(now) is Phase.RETAINED:
        return Announce(now)
    if follows is not None or rules.active_for is None:
        return None
    due = signing.active_from + rules.active_for
    if now < due - rules.announce_for:
        return None
    return Announce(max(due, now + rules.announce_for))


def due_at(keys: tuple[SigningKey, ...], now: datetime, rules: KeyRules) -> datetime | None:
    """When a successor of the key that signs is announced; None when that is on order only."""
    signing = signing_key(keys, now)
    if signing is None or rules.active_for is None or successor(keys, now) is not None:
        return None
    return max(now, signing.active_from + rules.active_for - rules.announce_for)


def ending(key: SigningKey, at: datetime, retain_for: timedelta) -> SigningKey:
    """The key as it is when another one signs from a moment on; one that ends sooner stays so."""
    if key.retained_from is not None and key.retained_from <= at:
        return key
    return replace(key, retained_from=at, removed_from=at + retain_for)


def heir(rest: tuple[SigningKey, ...], now: datetime) -> SigningKey | None:
    """Of the keys that a revocation leaves, the one that signs from now on; None where a new one
    must be made.

    It is the active one, which has no end any more unless another follows it, or else an announced
    one, before its time.
    """
    signing = signing_key(rest, now)
    if signing is None or signing.phase(now) is Phase.RETAINED:
        return None
    if signing.phase(now) is Phase.ANNOUNCED:
        return replace(signing, active_from=now)
    if successor(rest, now) is not None:
        return signing
    return replace(signing, retained_from=None, removed_from=None)


def _will_sign(key: SigningKey, now: datetime) -> bool:
    ends = key.retained_from
    return (
        key.phase(now) is Phase.ANNOUNCED
        and (ends is None or ends > key.active_from)
        and key.created_at <= now + CLOCKS_DIFFER
    )


def _age(key: SigningKey) -> tuple[datetime, str]:
    return key.active_from, key.kid
