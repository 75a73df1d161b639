"""The real clock and the real dice: the only place that asks the system for them."""

import os
import secrets
from binascii import b2a_base64
from datetime import UTC, datetime
from threading import Lock

_AHEAD = 512
_URL = bytes.maketrans(b"+/", b"-_")


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
        digits = _ROLLED.take(16).hex()
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def token(self, size: int) -> str:
        """`size` random bytes as URL-safe text without padding."""
        text = b2a_base64(_ROLLED.take(size), newline=False).rstrip(b"=")
        return text.translate(_URL).decode("ascii")


class _Rolled:
    """Bytes of the system's generator, some fetched ahead, because each call costs like many.

    What was fetched is given out once: a forked process forgets what it was born with.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._left = b""
        os.register_at_fork(after_in_child=self._forget)

    def take(self, size: int) -> bytes:
        with self._lock:
            if len(self._left) < size:
                self._left = secrets.token_bytes(_AHEAD + size)
            taken, self._left = self._left[:size], self._left[size:]
        return taken

    def _forget(self) -> None:
        self._lock = Lock()
        self._left = b""


_ROLLED = _Rolled()
