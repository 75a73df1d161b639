"""Password hashing has threads and a queue of its own: a flood of guesses stops nobody else."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from gatepost.model.errors import Code, Refused
from gatepost.web.front import HASHING
from gatepost.web.http import Reply
from gatepost.web.threads import MOST_WAIT_S, STALLED_S, Lanes, Room, Threads
from gatepost.web.wire import Gone
from tests.flows import Visitor, form_of, new_application
from tests.loops import run
from tests.served import Served, serve, sqlite_settings


class Gate:
    """A hasher that waits at a gate, in place of a slow one."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.decoy = "$none$"

    def verify(self, _phc: str, _password: str) -> bool:
        """Wrong, once the gate is open."""
        self.waiting.release()
        self.opened.wait(30)
        return False


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Served, Gate]]:
    """A server whose passwords take as long as the test likes."""
    gate = Gate()
    with serve(sqlite_settings(tmp_path)) as served:
        hasher = type(served.house.world.passwords)
        monkeypatch.setattr(hasher, "verify", lambda _self, phc, word: gate.verify(phc, word))
        try:
            yield served, gate
        finally:
            gate.opened.set()


@pytest.mark.requirement("R-47")
def test_others_are_answered_while_every_hashing_thread_is_busy(gated: tuple[Served, Gate]) -> None:
    served, gate = gated
    guesses = [_guess(served) for _ in range(HASHING.number + 4)]
    for _ in range(HASHING.number):
        assert gate.waiting.acquire(timeout=20)
    assert served.http.get("/health/ready").status_code == 200
    assert served.admin()["Authorization"]
    gate.opened.set()
    for thread, answers in guesses:
        thread.join(30)
        assert [answer.status_code for answer in answers] == [401]


@pytest.mark.requirement("R-47")
def test_beyond_its_queue_work_is_refused_at_once() -> None:
    opened = threading.Event()

    def work() -> Reply:
        opened.wait(30)
        return Reply(200)

    async def crowd() -> list[int]:
        threads = Threads("test", Room(1, 2))
        running = [asyncio.ensure_future(threads.run(work)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Refused) as refused:
            await threads.run(work)
        assert refused.value.code is Code.STORE_UNAVAILABLE
        opened.set()
        statuses = [(await answer).status for answer in running]
        statuses.append((await threads.run(work)).status)
        threads.close()
        return statuses

    assert run(crowd()) == [200] * 4


@pytest.mark.requirement("R-47", "L-05")
def test_who_waited_too_long_for_a_thread_is_refused_and_not_answered_late() -> None:
    """All threads hang at a store; what queued behind them does not hang after them."""
    opened, clock, worked = threading.Event(), [0.0], []

    def work() -> Reply:
        worked.append(opened.wait(30))
        return Reply(200)

    async def crowd() -> Sequence[object]:
        threads = Threads("test", Room(1, 9, patience=3.0), lambda: clock[0])
        running = [asyncio.ensure_future(threads.run(work)) for _ in range(3)]
        await asyncio.sleep(0)
        clock[0] = 3.5
        later = asyncio.ensure_future(threads.run(work))
        await asyncio.sleep(0)
        opened.set()
        told = await asyncio.gather(*running, later, return_exceptions=True)
        assert threads.load().refused == sum(isinstance(each, Refused) for each in told)
        threads.close()
        return told

    told = run(crowd())
    assert [isinstance(each, Refused) for each in told[1:]] == [True, True, False]
    assert len(worked) <= 2


@pytest.mark.requirement("R-47", "L-05")
def test_who_waited_too_long_for_a_lane_is_refused() -> None:
    opened, clock = threading.Event(), [0.0]

    def answer(calls: Sequence[int]) -> Sequence[int]:
        opened.wait(30)
        return calls

    async def crowd() -> Sequence[object]:
        lanes = Lanes[int, int]("test", Room(1, 9), answer, now=lambda: clock[0])
        first = asyncio.ensure_future(lanes.run(1))
        for _ in range(3):  # the task begins, and the lane takes its call
            await asyncio.sleep(0)
        assert lanes.load().waiting == 0
        second = asyncio.ensure_future(lanes.run(2))
        await asyncio.sleep(0)
        clock[0] = MOST_WAIT_S + 0.5
        third = asyncio.ensure_future(lanes.run(3))
        await asyncio.sleep(0)
        opened.set()
        told = await asyncio.gather(first, second, third, return_exceptions=True)
        assert lanes.load().refused == 1
        lanes.close()
        return told

    told = run(crowd())
    assert told[0] == 1
    assert isinstance(told[1], Refused)
    assert told[2] == 3


@pytest.mark.requirement("R-47")
def test_what_stalls_takes_nobody_elses_place() -> None:
    """One thread is enough for those who compute, and there are more for when it waits."""
    opened, clock = threading.Event(), [0.0]

    def stall() -> Reply:
        opened.wait(30)
        return Reply(200)

    async def crowd() -> tuple[int, int]:
        threads = Threads("test", Room(1, 9, spare=1), lambda: clock[0])
        stalled = asyncio.ensure_future(threads.run(stall))
        other = asyncio.ensure_future(threads.run(lambda: Reply(204)))
        await asyncio.sleep(0)
        assert threads.load()[:2] == (1, 1)
        clock[0] = STALLED_S
        status = (await asyncio.wait_for(other, 20)).status
        opened.set()
        statuses = (await stalled).status, status
        threads.close()
        return statuses

    assert run(crowd()) == (200, 204)


@pytest.mark.requirement("R-47")
def test_no_more_than_all_threads_begin_however_many_stall() -> None:
    opened, clock, begun = threading.Event(), [0.0], []

    def stall() -> Reply:
        begun.append(1)
        opened.wait(30)
        return Reply(200)

    async def crowd() -> None:
        threads = Threads("test", Room(1, 9, spare=2), lambda: clock[0])
        calls = [asyncio.ensure_future(threads.run(stall)) for _ in range(5)]
        for _ in range(6):
            clock[0] += STALLED_S
            await asyncio.sleep(2 * STALLED_S)
        assert threads.load()[:2] == (3, 2)
        opened.set()
        await asyncio.gather(*calls)
        threads.close()

    run(crowd())
    assert len(begun) == 5


@pytest.mark.requirement("R-47")
def test_nothing_is_done_for_who_has_gone_before_their_turn() -> None:
    opened, worked, is_gone = threading.Event(), [], [False]

    def work(name: str) -> Callable[[], Reply]:
        def made() -> Reply:
            opened.wait(30)
            worked.append(name)
            return Reply(200)

        return made

    async def crowd() -> None:
        threads = Threads("test", Room(1, 9))
        first = asyncio.ensure_future(threads.run(work("first"), lambda: is_gone[0]))
        gone = asyncio.ensure_future(threads.run(work("gone"), lambda: is_gone[0]))
        last = asyncio.ensure_future(threads.run(work("last")))
        await asyncio.sleep(0)
        is_gone[0] = True
        opened.set()
        assert [(await each).status for each in (first, last)] == [200, 200]
        with pytest.raises(Gone):
            await gone
        threads.close()

    run(crowd())
    assert worked == ["first", "last"]


@pytest.mark.requirement("R-47")
def test_a_guess_whose_caller_hung_up_is_not_hashed(gated: tuple[Served, Gate]) -> None:
    served, gate = gated
    guesses = [_guess(served) for _ in range(HASHING.number)]
    for _ in range(HASHING.number):
        assert gate.waiting.acquire(timeout=20)
    thread, answers = _guess(served, patience=0.5)
    thread.join(30)
    assert answers == []
    gate.opened.set()
    for other, told in guesses:
        other.join(30)
        assert [answer.status_code for answer in told] == [401]
    assert not gate.waiting.acquire(timeout=0.5)


def _guess(served: Served, patience: float = 30) -> tuple[threading.Thread, list[httpx.Response]]:
    """Somebody who guesses a password, and hangs up when that takes too long."""
    visitor = Visitor(served)
    page = visitor.authorize(new_application(served, served.first))
    _, fields = form_of(page.response.text, "submit")
    body = fields | {"email": "kim@example.com", "password": "a guess"}
    answers: list[httpx.Response] = []

    def guess() -> None:
        with suppress(httpx.ReadTimeout):
            answers.append(visitor.http.post("/identity/signin", data=body, timeout=patience))

    thread = threading.Thread(target=guess)
    thread.start()
    return thread, answers
