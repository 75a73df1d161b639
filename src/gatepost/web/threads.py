"""Threads that calls are answered in: one call each, or several that wait for the same together.

In lanes a call that comes while all are busy waits, and the next one that is free takes all who
wait. So under load the turn to a thread and back, and what calls share, is paid once for many.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

from gatepost.model.errors import Code, Refused
from gatepost.web.http import Reply
from gatepost.web.wire import Gone

MOST_AT_ONCE = 32
MOST_WAIT_S = 5.0
"""Who waited so long for a thread is refused instead: a store that hangs holds up all of them, and
whoever asked would wait for all who came before (R-47)."""

STALLED_S = 0.02
"""Who is at one thing for so long waits for something, and another thread may begin beside it."""

IsGone = Callable[[], bool]

A = TypeVar("A")
B = TypeVar("B")


class Room(NamedTuple):
    """So many threads answer, and so many calls may wait for one, each for so many seconds.

    The spare threads are for when others stall: more that compute at once than are needed would
    only take turns at the interpreter, and the event loop would get its turn last. Without
    `patience` a call waits as long as it takes.
    """

    number: int
    most: int
    spare: int = 0
    patience: float | None = MOST_WAIT_S


class Load(NamedTuple):
    """How much threads have to do, and how many calls they refused since they began."""

    busy: int
    waiting: int
    most: int
    refused: int


def stays() -> bool:
    """Of a caller of whom nothing else is known."""
    return False


class _Waiting(NamedTuple, Generic[A, B]):
    """A call that waits for a lane, since when, and who is to be told, if they are still there."""

    came: float
    call: A
    is_gone: IsGone
    future: asyncio.Future[B]


class Lanes(Generic[A, B]):
    """Threads that answer several calls at once; all calls come from one event loop.

    Where too many wait a call is refused at once, and one that waited too long later (R-47).
    """

    def __init__(
        self,
        name: str,
        room: Room,
        answer: Callable[[Sequence[A]], Sequence[B]],
        together: int = MOST_AT_ONCE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = ThreadPoolExecutor(room.number + room.spare, thread_name_prefix=name)
        self._room = room
        self._answer = answer
        self._together = together
        self._now = now
        self._refused = 0
        self._waiting: deque[_Waiting[A, B]] = deque()
        self._began: dict[int, float] = {}
        self._turns = 0
        self._is_coming = False
        self._watch: asyncio.TimerHandle | None = None

    def load(self) -> Load:
        """How much there is to do."""
        return Load(len(self._began), len(self._waiting), self._room.most, self._refused)

    async def run(self, call: A, is_gone: IsGone = stays) -> B:
        """The answer to a call, made together with those of others.

        Raises Gone when whoever asked had gone when its turn came: then nothing was done.
        """
        if len(self._waiting) >= self._room.most:
            raise self._turned_away()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[B] = loop.create_future()
        self._waiting.append(_Waiting(self._now(), call, is_gone, future))
        if self._together == 1:
            self._go()
        elif not self._is_coming:  # what comes in the same moment goes along
            self._is_coming = True
            loop.call_soon(self._go)
        return await future

    def close(self) -> None:
        """Wait for the calls that are being answered."""
        if self._watch is not None:
            self._watch.cancel()
        self._pool.shutdown(wait=True)

    def _go(self) -> None:
        """Threads that are free take those who wait."""
        self._is_coming = False
        self._refuse_late()
        while self._waiting and len(self._began) < self._allowed():
            taken = self._taken()
            if taken:
                self._start(taken)
        if self._room.spare and self._waiting and self._watch is None:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(STALLED_S, self._look)

    def _taken(self) -> Sequence[_Waiting[A, B]]:
        """Those whose turn it is, without those who have gone."""
        most = min(self._together, len(self._waiting))
        first = [self._waiting.popleft() for _ in range(most)]
        for each in first:
            if each.is_gone() and not each.future.done():
                each.future.set_exception(Gone())
        return [each for each in first if not each.future.done()]

    def _start(self, taken: Sequence[_Waiting[A, B]]) -> None:
        turn = self._turns = self._turns + 1
        self._began[turn] = self._now()
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._answer, [each.call for each in taken])
        work.add_done_callback(lambda done: self._tell(turn, taken, done))

    def _allowed(self) -> int:
        """How many may be busy: those that stall take nobody's place."""
        number, spare = self._room.number, self._room.spare
        if not spare:
            return number
        latest = self._now() - STALLED_S
        return number + min(spare, sum(began <= latest for began in self._began.values()))

    def _look(self) -> None:
        self._watch = None
        self._go()

    def _refuse_late(self) -> None:
        """Those who waited too long stand first."""
        if self._room.patience is None:
            return
        latest = self._now() - self._room.patience
        while self._waiting and self._waiting[0].came < latest:
            future = self._waiting.popleft().future
            if not future.done():
                future.set_exception(self._turned_away())

    def _turned_away(self) -> Refused:
        self._refused += 1
        return busy()

    def _tell(
        self, turn: int, taken: "Sequence[_Waiting[A, B]]", done: asyncio.Future[Sequence[B]]
    ) -> None:
        del self._began[turn]
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


class Threads(Lanes[Callable[[], Reply], Reply]):
    """Threads that make one reply at a time."""

    def __init__(self, name: str, room: Room, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name, room, _each, together=1, now=now)


def _each(works: Sequence[Callable[[], Reply]]) -> Sequence[Reply]:
    return [work() for work in works]


def joined(loads: Sequence[Load]) -> Load:
    """Several loads as one."""
    return Load(*(sum(column) for column in zip(*loads, strict=True))) if loads else _NOTHING


_NOTHING = Load(0, 0, 0, 0)


def busy() -> Refused:
    """What is told when too many wait already."""
    return Refused(
        Code.STORE_UNAVAILABLE, "The server has too much to do just now.", "Try again in a moment."
    )
