"""Second factors: authenticator apps, recovery codes, who owes a second step (decision 0025)."""

import base64
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from gatepost.model.sign_ins import PASSWORD
from gatepost.model.tenants import SecondFactor
from gatepost.model.throttle import Limit

KEY_BYTES = 20  # RFC 4226, 4: as long as what SHA-1 gives
DRAFT_LIFETIME = timedelta(minutes=10)
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
_RECOVERY_LENGTH = 10  # of 32 letters: 50 bits
_LOOKS_LIKE = str.maketrans("018", "OIB")

# Three codes of a million are good at a time: one chance in 2,300 a day for who has the password.
CODES = Limit(20, timedelta(minutes=10))
CODES_AND_ADDRESS = Limit(10, timedelta(minutes=10))


class Owed(StrEnum):
    """What is missing beside a password."""

    NOTHING = "nothing"
    A_SECOND_STEP = "second step"
    A_FACTOR = "factor"


class Factors(NamedTuple):
    """What a person has, and what their tenant demands of whom."""

    demanded: SecondFactor
    is_administrator: bool
    has_authenticator: bool
    has_passkey: bool


class Authenticator(Struct, frozen=True, kw_only=True):
    """A person's authenticator app: its key, sealed, and the newest time step that was used."""

    user_id: str
    sealed_key: bytes
    used_step: int
    created_at: datetime
    last_used_at: datetime | None = None


def owed(method: str, known: Factors) -> Owed:
    """What somebody still owes who signed in by this method. No other method is half a sign-in."""
    if method != PASSWORD:
        return Owed.NOTHING
    if known.has_authenticator:
        return Owed.A_SECOND_STEP
    if not is_demanded(known.demanded, is_administrator=known.is_administrator):
        return Owed.NOTHING
    return Owed.A_SECOND_STEP if known.has_passkey else Owed.A_FACTOR


def is_demanded(demanded: SecondFactor, *, is_administrator: bool) -> bool:
    """Whether the tenant demands a second factor of such a person."""
    return demanded == "everybody" or (demanded == "administrators" and is_administrator)


def recovery_code(octets: bytes) -> str:
    """A code as people read it, from random octets."""
    letters = base64.b32encode(octets).decode()[:_RECOVERY_LENGTH]
    return f"{letters[:5]}-{letters[5:]}"


def typed_recovery_code(text: str) -> str | None:
    """A code as it is compared: with what looks alike read as what we print; None for no code."""
    letters = "".join(c for c in text.upper().translate(_LOOKS_LIKE) if c not in " -\t")
    usual = letters.isascii() and letters.isalnum() and "9" not in letters
    return letters if usual and len(letters) == _RECOVERY_LENGTH else None
