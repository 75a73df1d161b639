"""How many connections each address may have: one caller is not to take everybody's place."""

from collections import Counter
from collections.abc import Callable

_WORDS = b"Too many connections from this address. Close some, or use them for more requests.\n"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%b"
) % (len(_WORDS), _WORDS)
"""What one connection too many is told."""


class Crowd:
    """How many connections each address has to this process; at most `most`, if that is not 0.

    Those who are `exempt`, such as the proxies in front of us, speak for many.
    """

    def __init__(self, most: int, exempt: Callable[[str], bool]) -> None:
        self._most = most
        self._exempt = exempt
        self._here: Counter[str] = Counter()

    def let_in(self, address: str) -> bool:
        """Whether one more connection may come."""
        if self._most and self._here[address] >= self._most and not self._exempt(address):
            return False
        self._here[address] += 1
        return True

    def left(self, address: str) -> None:
        """One that was let in is gone."""
        self._here[address] -= 1
        if self._here[address] <= 0:
            del self._here[address]


EVERYBODY = Crowd(0, lambda _address: True)
