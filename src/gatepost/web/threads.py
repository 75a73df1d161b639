"""Threads that calls are answered in: one call each, or several that wait for the same together.

In lanes a call that comes while all are busy waits, and the next one that is free takes all who
wait. So under load the turn to a thread and back, and what calls share, is paid once for many.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

from gatepost.model.errors import Code, Refused
from gatepost.web.http import Reply

MOST_AT_ONCE = 32
MOST_WAIT_S = 5.0
"""Who waited so long for a thread is refused instead: a store that hangs holds up all of them, and
whoever asked would wait for all who came before (R-47)."""

A = TypeVar("A")
B = TypeVar("B")


class Load(NamedTuple):
    """How much threads have to do, and how many calls they refused since they began."""

    busy: int
    waiting: int
    most: int
    refused: int


class _Waiting(NamedTuple, Generic[A, B]):
    """A call that waits for a lane, since when, and who is to be told."""

    came: float
    call: A
    future: asyncio.Future[B]


class Threads:
    """Worker threads with a bounded queue: beyond it a call is refused at once (R-47).

    `patience` is how many seconds a call waits in it; None is as long as it takes.
    """

    def __init__(
        self,
        name: str,
        number: int,
        most: int,
        patience: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._number = number
        self._most = most
        self._patience = patience
        self._now = now
        self._under_way = 0
        self._refused = 0

    async def run(self, work: Callable[[], Reply]) -> Reply:
        """The reply, made in a thread; all calls come from the one event loop."""
        if self._under_way >= self._most:
            self._refused += 1
            raise busy()
        self._under_way += 1
        came = self._now()
        try:
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(self._pool, self._in_time, came, work)
        finally:
            self._under_way -= 1
        if reply is None:
            self._refused += 1
            raise busy()
        return reply

    def _in_time(self, came: float, work: Callable[[], Reply]) -> Reply | None:
        if self._patience is not None and self._now() - came > self._patience:
            return None
        return work()

    def load(self) -> Load:
        """How much there is to do."""
        busy_now = min(self._under_way, self._number)
        return Load(busy_now, self._under_way - busy_now, self._most, self._refused)

    def close(self) -> None:
        """Wait for the work that is under way."""
        self._pool.shutdown(wait=True)


class Lanes(Generic[A, B]):
    """So many threads that answer several calls at once; all calls come from one event loop.

    Beyond `most` that wait a call is refused at once, and one that waited too long later (R-47).
    """

    def __init__(
        self,
        name: str,
        number: int,
        most: int,
        answer: Callable[[Sequence[A]], Sequence[B]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._answer = answer
        self._number = self._free = number
        self._most = most
        self._now = now
        self._refused = 0
        self._waiting: list[_Waiting[A, B]] = []

    def load(self) -> Load:
        """How much there is to do."""
        return Load(self._number - self._free, len(self._waiting), self._most, self._refused)

    async def run(self, call: A) -> B:
        """The answer to a call, made together with those of others."""
        if len(self._waiting) >= self._most:
            self._refused += 1
            raise busy()
        future: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(self._now(), call, future))
        if self._free:
            self._free -= 1
            asyncio.get_running_loop().call_soon(self._go)
        return await future

    def close(self) -> None:
        """Wait for the calls that are being answered."""
        self._pool.shutdown(wait=True)

    def _go(self) -> None:
        """A free lane takes those who wait."""
        self._refuse_late()
        taken, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        if not taken:
            self._free += 1
            return
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._answer, [each.call for each in taken])
        work.add_done_callback(lambda done: self._tell(taken, done))

    def _refuse_late(self) -> None:
        """Those who waited too long stand first."""
        latest = self._now() - MOST_WAIT_S
        while self._waiting and self._waiting[0].came < latest:
            future = self._waiting.pop(0).future
            self._refused += 1
            if not future.done():
                future.set_exception(busy())

    def _tell(self, taken: "Sequence[_Waiting[A, B]]", done: asyncio.Future[Sequence[B]]) -> None:
        fault = done.exception()
        answers = [None] * len(taken) if fault is not None else done.result()
        for waiting, answer in zip(taken, answers, strict=True):
            if waiting.future.done():
                continue  # whoever asked has gone
            if fault is not None:
                waiting.future.set_exception(fault)
            else:
                waiting.future.set_result(answer)  # type: ignore[arg-type]  # None only with a fault
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
