"""Answers on their way out, a few at a time.

Each write to a socket wakes whoever waits for it, who then takes the processor from us: once for
each answer, when each is written as soon as it is made. Written together after the requests that
came together, they wake others once.
"""

import asyncio
import time
from typing import Any
from weakref import WeakKeyDictionary

HELD_S = 0.0003
"""So long is an answer kept back at most, and what is being made then: nobody waits for a crowd."""


class Outbox:
    """The answers of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._kept: list[tuple[Any, bytes]] = []
        self._since = 0.0

    def put(self, transport: Any, message: bytes) -> None:
        """Send a message when the requests at hand are answered, or when the first has waited."""
        now = time.monotonic()  # the loop's own clock stands still within a turn
        if not self._kept:
            self._since = now
            self._loop.call_soon(self.send)
        self._kept.append((transport, message))
        if now - self._since >= HELD_S:
            self.send()

    def send(self) -> None:
        """Send all that is kept, in its order; who is gone meanwhile takes it from nobody else."""
        kept, self._kept = self._kept, []
        for transport, message in kept:
            if not transport.is_closing():
                transport.write(message)


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Outbox] = WeakKeyDictionary()


def outbox_of(loop: asyncio.AbstractEventLoop) -> Outbox:
    """The one outbox of a loop."""
    found = _BY_LOOP.get(loop)
    if found is None:
        found = _BY_LOOP[loop] = Outbox(loop)
    return found
