"""How many connections each caller may have: one is not to take everybody's place.

Callers are told apart by their network, because one has many addresses of IPv6.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from gatepost.model.networks import network

_WORDS = b"Too many connections from this address. Close some, or use them for more requests.\n"
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%b"
) % (len(_WORDS), _WORDS)
"""What one connection too many is told."""

_WAIT_S = 1.0
"""So late is it told: whoever comes again at once would keep us busy with nothing else."""

_MOST_AT_DOOR = 1_000


class Crowd:
    """How many connections each network has to this process; at most `most`, if that is not 0.

    Those who are `exempt`, such as the proxies in front of us, speak for many.
    """

    def __init__(self, most: int, exempt: Callable[[str], bool]) -> None:
        self._most = most
        self._exempt = exempt
        self._here: Counter[str] = Counter()
        self.at_door = 0
        """How many wait to be told that they are not let in."""

    def let_in(self, address: str) -> bool:
        """Whether one more connection may come."""
        caller = network(address)
        if self._most and self._here[caller] >= self._most and not self._exempt(address):
            return False
        self._here[caller] += 1
        return True

    def left(self, address: str) -> None:
        """One that was let in is gone."""
        caller = network(address)
        self._here[caller] -= 1
        if self._here[caller] <= 0:
            del self._here[caller]


class AtDoor(asyncio.Protocol):
    """A connection that is not let in: nobody listens to it, and a moment later it is told so.

    Where too many wait like this, it is told at once.
    """

    def __init__(self, transport: Any, crowd: Crowd, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._crowd = crowd
        wait = _WAIT_S if crowd.at_door < _MOST_AT_DOOR else 0
        self._timer = loop.call_later(wait, self._turn_away)
        crowd.at_door += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, maybe of its own accord."""
        super().connection_lost(exc)
        self._timer.cancel()
        self._crowd.at_door -= 1

    def _turn_away(self) -> None:
        self._transport.write(FULL)
        self._transport.close()


EVERYBODY = Crowd(0, lambda _address: True)
