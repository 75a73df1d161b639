"""The real clock and the real dice: the only place that asks the system for them."""

import secrets
from datetime import UTC, datetime
from uuid import uuid4


class SystemClock:
    """`ports.Clock` on the system's clock."""

    def now(self) -> datetime:
        """This moment, in UTC."""
        return datetime.now(UTC)


class SystemDice:
    """`ports.Dice` on the operating system's generator (R-74)."""

    def guid(self) -> str:
        """A random GUID in lower case."""
        return str(uuid4())

    def token(self, size: int) -> str:
        """`size` random bytes as URL-safe text without padding."""
        return secrets.token_urlsafe(size)
