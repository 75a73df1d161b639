"""Threads that calls are answered in: one call each, or several that wait for the same together.

In lanes a call that comes while all are busy waits, and the next one that is free takes all who
wait. So under load the turn to a thread and back, and what calls share, is paid once for many.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

from gatepost.model.errors import Code, Refused
from gatepost.web.http import Reply

MOST_AT_ONCE = 32

A = TypeVar("A")
B = TypeVar("B")


class Load(NamedTuple):
    """How much threads have to do, and how many calls they refused since they began."""

    busy: int
    waiting: int
    most: int
    refused: int


class Threads:
    """Worker threads with a bounded queue: beyond it a call is refused at once (R-47)."""

    def __init__(self, name: str, number: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._number = number
        self._most = most
        self._under_way = 0
        self._refused = 0

    async def run(self, work: Callable[[], Reply]) -> Reply:
        """The reply, made in a thread; all calls come from the one event loop."""
        if self._under_way >= self._most:
            self._refused += 1
            raise busy()
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1

    def load(self) -> Load:
        """How much there is to do."""
        busy_now = min(self._under_way, self._number)
        return Load(busy_now, self._under_way - busy_now, self._most, self._refused)

    def close(self) -> None:
        """Wait for the work that is under way."""
        self._pool.shutdown(wait=True)


class Lanes(Generic[A, B]):
    """So many threads that answer several calls at once; all calls come from one event loop.

    Beyond `most` that wait a call is refused at once (R-47).
    """

    def __init__(
        self, name: str, number: int, most: int, answer: Callable[[Sequence[A]], Sequence[B]]
    ) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._answer = answer
        self._number = self._free = number
        self._most = most
        self._refused = 0
        self._waiting: list[tuple[A, asyncio.Future[B]]] = []

    def load(self) -> Load:
        """How much there is to do."""
        return Load(self._number - self._free, len(self._waiting), self._most, self._refused)

    async def run(self, call: A) -> B:
        """The answer to a call, made together with those of others."""
        if len(self._waiting) >= self._most:
            self._refused += 1
            raise busy()
        future: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, future))
        if self._free:
            self._free -= 1
            asyncio.get_running_loop().call_soon(self._go)
        return await future

    def close(self) -> None:
        """Wait for the calls that are being answered."""
        self._pool.shutdown(wait=True)

    def _go(self) -> None:
        """A free lane takes those who wait."""
        taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        if not taken:
            self._free += 1
            return
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._answer, [call for call, _ in taken])
        work.add_done_callback(lambda done: self._tell(taken, done))

    def _tell(
        self, taken: Sequence[tuple[A, asyncio.Future[B]]], done: asyncio.Future[Sequence[B]]
    ) -> None:
        fault = done.exception()
        answers = [None] * len(taken) if fault is not None else done.result()
        for (_, future), answer in zip(taken, answers, strict=True):
            if future.done():
                continue  # whoever asked has gone
            if fault is not None:
                future.set_exception(fault)
            else:
                future.set_result(answer)  # type: ignore[arg-type]  # None only with a fault
        self._go()


def joined(loads: Sequence[Load]) -> Load:
    """Several loads as one."""
    return Load(*(sum(column) for column in zip(*loads, strict=True))) if loads else _NOTHING


_NOTHING = Load(0, 0, 0, 0)


def busy() -> Refused:
    """What is told when too many wait already."""
    return Refused(
        Code.STORE_UNAVAILABLE, "The server has too much to do just now.", "Try again in a moment."
    )
