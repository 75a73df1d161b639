"""Many connections at once that misbehave or do next to nothing, in one thread of this process."""

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

HOST = "127.0.0.1"
_HEAD = b"POST /identity/connect/token HTTP/1.1\r\nHost: localhost\r\n"
_FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 2000\r\n\r\n"
_BIG = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 16
"""Four megabytes: more than the system takes for who does not read."""

_ALIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_BYTE_S = 5.0
_ANEW_S = 0.5
_COMING_S = 10.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Life(NamedTuple):
    """How long a connection lived, and whether it was the server that ended it."""

    kind: str
    seconds: float
    is_closed: bool


class Crowd:
    """Connections that are kept up until it is told to end."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = asyncio.Event()
        self.lives: list[Life] = []
        self.open = 0
        self.failed = 0

    async def slow_heads(self, number: int) -> None:
        """Heads that never end, a byte at a time."""
        await self._kept(number, "slow head", _HEAD + b"X-A: ", _trickle)

    async def slow_bodies(self, number: int) -> None:
        """Bodies that never end, a byte at a time."""
        await self._kept(number, "slow body", _HEAD + _FORM, _trickle)

    async def slow_readers(self, number: int) -> None:
        """Callers who ask for much and read nothing."""
        await self._kept(number, "slow reader", _BIG, _stare)

    async def idlers(self, number: int, every: float) -> None:
        """Kept connections that ask for something small now and then, before they are closed."""
        await asyncio.gather(*(self._idle(each / number * every, every) for each in range(number)))

    def end(self) -> None:
        """Close them."""
        self._over.set()

    async def _kept(
        self, number: int, kind: str, first: bytes, then: Callable[[Streams], Awaitable[None]]
    ) -> None:
        """So many, who come one after the other; whoever is closed comes again."""

        async def come(late: float) -> None:
            await asyncio.sleep(late)
            await self._again(kind, first, then)

        await asyncio.gather(*(come(each / number * _COMING_S) for each in range(number)))

    async def _again(
        self, kind: str, first: bytes, then: Callable[[Streams], Awaitable[None]]
    ) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            ended_by_us = await self._one(first, then)
            self.lives.append(Life(kind, time.monotonic() - began, not ended_by_us))
            await asyncio.sleep(_ANEW_S)

    async def _one(self, first: bytes, then: Callable[[Streams], Awaitable[None]]) -> bool:
        """One connection, until the server closes it; True when it was we who did."""
        try:
            streams = await asyncio.open_connection(HOST, self._port, limit=1024)
        except OSError:
            self.failed += 1
            return True
        writer = streams[1]
        task, over = asyncio.ensure_future(then(streams)), asyncio.ensure_future(self._over.wait())
        try:
            writer.write(first)
            await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
            return not task.done()
        finally:
            for each in (task, over):
                each.cancel()
            writer.transport.abort()

    async def _idle(self, after: float, every: float) -> None:
        await asyncio.sleep(after)
        try:
            reader, writer = await asyncio.open_connection(HOST, self._port)
        except OSError:
            self.failed += 1
            return
        self.open += 1
        try:
            while not self._over.is_set():
                writer.write(_ALIVE)
                if not await _is_good(reader):
                    self.failed += 1
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), every)
        except (OSError, EOFError):
            self.failed += 1
        finally:
            self.open -= 1
            writer.transport.abort()


@contextmanager
def crowded(port: int, come: Callable[[Crowd], Sequence[Awaitable[None]]]) -> Iterator[Crowd]:
    """The crowd at a server in the block; `come` says who is in it."""
    made: list[Crowd] = []
    ready = threading.Event()

    async def be_there() -> None:
        made.append(Crowd(port))
        ready.set()
        await asyncio.gather(*come(made[0]))

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(be_there(),))
    thread.start()
    ready.wait()
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(made[0].end)
        thread.join()
        loop.close()


async def _is_good(reader: asyncio.StreamReader) -> bool:
    """Read one whole answer, which may come in pieces."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    await reader.readexactly(int(length[1]) if length else 0)
    return head.startswith(b"HTTP/1.1 200 ")


async def _trickle(streams: Streams) -> None:
    """A byte now and then, until the server hangs up."""
    reader, writer = streams
    gone = asyncio.ensure_future(_stare_at(reader))
    try:
        while not gone.done():
            await asyncio.wait({gone}, timeout=_BYTE_S)
            with suppress(OSError):
                writer.write(b"x")
    finally:
        gone.cancel()


async def _stare_at(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1024):
            pass


async def _stare(streams: Streams) -> None:
    """Read nothing, and look now and then whether the connection still takes a byte."""
    reader, writer = streams
    while reader.exception() is None and not writer.transport.is_closing():
        await asyncio.sleep(0.25)
        writer.write(b"\r\n")
