"""Codes of authenticator apps: RFC 6238 on RFC 4226, and the address that an app reads."""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
_AROUND = (-1, 0, 1)  # RFC 6238, 5.2: clocks differ, and typing takes time


def step_at(moment: datetime) -> int:
    """The number of the time step that a moment is in (RFC 6238, 4.2)."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(key: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step (RFC 4226, 5.3). SHA-1 is what apps can; as a MAC it is sound."""
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matched_step(key: bytes, typed: str, now: datetime) -> int | None:
    """The step that a typed code is of, the earliest where it is of several; None for none.

    Every step is compared, so that the time tells nothing (R-75).
    """
    code = typed_code(typed)
    here = step_at(now)
    steps = [here + by for by in _AROUND if here + by >= 0]
    found = [step for step in steps if hmac.compare_digest(code_at(key, step), code or "")]
    return found[0] if found else None


def typed_code(text: str) -> str | None:
    """The digits of a code, without the blanks that apps show; None for anything else."""
    digits = "".join(text.split())
    return digits if digits.isascii() and digits.isdigit() and len(digits) == DIGITS else None


def key_text(key: bytes) -> str:
    """The key as apps take it: base32 without padding."""
    return base64.b32encode(key).decode().rstrip("=")


def shown_key(key: bytes) -> str:
    """The key in groups of four, for people to type."""
    text = key_text(key)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(key: bytes, issuer: str, account: str) -> str:
    """What the QR code says. A name that would make it too long is cut."""
    named, whose = _cut(issuer.replace(":", " ")), _cut(account.replace(":", " "))
    told = {
        "secret": key_text(key),
        "issuer": named,
        "algorithm": "SHA1",
        "digits": str(DIGITS),
        "period": str(STEP_SECONDS),
    }
    label = f"{quote(named, safe='')}:{quote(whose, safe='@')}"
    return f"otpauth://totp/{label}?{urlencode(told, quote_via=quote)}"


def _cut(name: str) -> str:
    """As much of a name as stands in so many characters of an address."""
    shown = name.encode("utf-8", "replace").decode().strip()
    while len(quote(shown, safe="")) > _MOST_OF_A_NAME:
        shown = shown[:-1]
    return shown


_MOST_OF_A_NAME = 90
