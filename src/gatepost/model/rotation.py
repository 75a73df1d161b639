"""When a secret ends, which one takes its place, and whether it can be removed safely."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from gatepost.model.clients import Secret

SOON = timedelta(days=90)
URGENT = timedelta(days=14)


class State(StrEnum):
    """How far a secret is from its end."""

    NEVER = "never"
    OK = "ok"
    SOON = "soon"
    URGENT = "urgent"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why a secret can be removed safely, or why not."""

    EXPIRED = "expired"
    REPLACED = "replaced"
    NEVER_USED = "never_used"
    STILL_USED = "still_used"
    NO_SUCCESSOR = "no_successor"
    SUCCESSOR_UNUSED = "successor_unused"


SAFE = frozenset({Reason.EXPIRED, Reason.REPLACED, Reason.NEVER_USED})


class Removal(NamedTuple):
    """What speaks for or against a removal, and the secret that takes the place of this one."""

    reason: Reason
    successor: Secret | None

    @property
    def is_safe(self) -> bool:
        """Whether nothing is known to need the secret any more."""
        return self.reason in SAFE


def standing_of_expiry(expires_at: datetime | None, now: datetime) -> State:
    """How far an expiry is; a secret is valid strictly before it (R-61)."""
    if expires_at is None:
        return State.NEVER
    if expires_at <= now:
        return State.EXPIRED
    left = expires_at - now
    if left < URGENT:
        return State.URGENT
    return State.SOON if left < SOON else State.OK


def state(secret: Secret, now: datetime) -> State:
    """The state of a secret at a moment."""
    return standing_of_expiry(secret.expires_at, now)


def is_valid(secret: Secret, now: datetime) -> bool:
    """Whether the secret works at a moment."""
    return state(secret, now) is not State.EXPIRED


def is_last_valid(secret: Secret, secrets: Sequence[Secret], now: datetime) -> bool:
    """Whether no other of the client's secrets works."""
    others = (other for other in secrets if other.id != secret.id)
    return is_valid(secret, now) and not any(is_valid(other, now) for other in others)


def successor(secret: Secret, secrets: Sequence[Secret], now: datetime) -> Secret | None:
    """The newest secret of the client that is younger, still valid and ends later.

    What never expires is succeeded by any valid younger one: it has no end that is to be outlived.
    """
    found = [
        other
        for other in secrets
        if _age(other) > _age(secret) and is_valid(other, now) and _outlives(other, secret)
    ]
    return max(found, key=_age, default=None)


def removal(secret: Secret, secrets: Sequence[Secret], now: datetime) -> Removal:
    """Whether the secret can be removed safely, by what is known of its use."""
    after = successor(secret, secrets, now)
    return Removal(_reason(secret, after, now), after)


def is_pushed_out(before: datetime | None, after: datetime | None) -> bool:
    """Whether an expiry is moved to a later time, or taken away."""
    return before is not None and (after is None or after > before)


def _reason(secret: Secret, after: Secret | None, now: datetime) -> Reason:
    if not is_valid(secret, now):
        return Reason.EXPIRED
    if after is None:
        return Reason.NO_SUCCESSOR
    if secret.last_used_at is None:
        return Reason.NEVER_USED
    if after.first_used_at is None:
        return Reason.SUCCESSOR_UNUSED
    still_used = secret.last_used_at >= after.first_used_at
    return Reason.STILL_USED if still_used else Reason.REPLACED


def _outlives(other: Secret, secret: Secret) -> bool:
    if other.expires_at is None or secret.expires_at is None:
        return True
    return other.expires_at > secret.expires_at


def _age(secret: Secret) -> tuple[datetime, int]:
    return secret.created_at, secret.id
