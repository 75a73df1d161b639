"""Together: small writes of many threads share one transaction and one wait for the disk.

SQLite has one writer, and a commit that is kept waits for the disk. Whoever comes first leads:
takes the turn, does the work of all who wait, commits once, and wakes them. Those who came in the
meantime are led by the first of them. When the transaction fails, each work is done alone, so that
one that cannot be done costs the others nothing.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from gatepost.model.errors import StoreUnavailable
from gatepost.storage.lines import Lines
from gatepost.storage.turns import Turns

MOST = 64

Work = Callable[[Any], bool]
"""What is done on a line, and whether it was done."""


class _Job:
    """One work, with what came of it and the one who waits for that."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.outcome: bool | BaseException | None = None
        self.woken = Lock()
        self.woken.acquire()

    def result(self) -> bool:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return bool(self.outcome)


class Together:
    """The small writes of one process at one embedded store."""

    def __init__(self, lines: Lines, turns: Turns) -> None:
        self._lines = lines
        self._turns = turns
        self._guard = Lock()
        self._waiting: deque[_Job] = deque()
        self._is_led = False

    def run(self, work: Work) -> bool:
        """Do a work in a transaction, with those of others; returns when it is kept."""
        job = _Job(work)
        with self._guard:
            self._waiting.append(job)
            leads, self._is_led = not self._is_led, True
        if not leads:
            job.woken.acquire()
        if job.outcome is None:
            self._lead()
        return job.result()

    def _lead(self) -> None:
        with self._guard:
            jobs = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            self._do(jobs)
        finally:
            for job in jobs:
                job.woken.release()
            self._hand_over()

    def _hand_over(self) -> None:
        with self._guard:
            self._is_led = bool(self._waiting)
            if self._is_led:
                self._waiting[0].woken.release()

    def _do(self, jobs: Sequence[_Job]) -> None:
        try:
            outcomes: Sequence[bool | BaseException] = self._done([job.work for job in jobs])
        except StoreUnavailable as error:
            outcomes = [error] * len(jobs)
        except BaseException as error:  # noqa: BLE001  (told to whoever asked for the work)
            outcomes = [error] if len(jobs) == 1 else [self._alone(job) for job in jobs]
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.outcome = outcome

    def _alone(self, job: _Job) -> bool | BaseException:
        try:
            return self._done([job.work])[0]
        except BaseException as error:  # noqa: BLE001  (told to whoever asked for the work)
            return error

    def _done(self, works: Sequence[Work]) -> list[bool]:
        """All of the works in one transaction, or none of them."""
        with self._turns.taken(), self._lines.taken() as line:
            line.execute("BEGIN IMMEDIATE")
            try:
                done = [work(line) for work in works]
                line.execute("COMMIT")
            except BaseException:
                with suppress(Exception):  # a fault may have undone it already
                    line.execute("ROLLBACK")
                raise
            return done
