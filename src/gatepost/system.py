"""The real clock and the real dice: the only place that asks the system for them."""

import secrets
from datetime import UTC, datetime
from secrets import token_hex


class SystemClock:
    """`ports.Clock` on the system's clock."""

    def now(self) -> datetime:
        """This moment, in UTC."""
        return datetime.now(UTC)


class SystemDice:
    """`ports.Dice` on the operating system's generator (R-74)."""

    def guid(self) -> str:
        """A random GUID in lower case."""
        # the bits that RFC 9562 gives to version 4, without the object that uuid makes of them
        digits = token_hex(16)
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def token(self, size: int) -> str:
        """`size` random bytes as URL-safe text without padding."""
        return secrets.token_urlsafe(size)
