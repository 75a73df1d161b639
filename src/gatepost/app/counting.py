"""Counting what one worker answers, behind the answers: the thread that writes their lines does it.

Whoever answers only remembers that it did. So counting costs the answers nothing, and one thread
writes the worker's share of the ledger.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from gatepost.app.gauges import Say
from gatepost.app.ledger import Share
from gatepost.model import measures
from gatepost.model.measures import Series
from gatepost.protocol.grants import GRANTS
from gatepost.web.front import Answered

GAUGES_EVERY_S = 0.25
MOST_NOTED = 100_000
_POOLS = ("call", "hash", "lane")


class Counting:
    """What one worker counts; `gauges` say what it stands at, and are asked for at the start."""

    def __init__(self, share: Share, gauges: Callable[[], Sequence[Say]]) -> None:
        self._share = share
        self._made_gauges = gauges
        self._gauges: Sequence[Say] = ()
        self._gauges_at = 0.0
        self._log = logging.getLogger("gatepost.metrics")
        self._noted: deque[Series] = deque(maxlen=MOST_NOTED)
        self._lags: deque[int] = deque(maxlen=MOST_NOTED)
        self._lag_place = share.place((measures.LAG,))
        self._places: dict[tuple[str, str, int], tuple[int, int]] = {}

    def start(self) -> None:
        """A worker has begun. What may happen stands at 0 until it does."""
        self._gauges = self._made_gauges()
        for pool in _POOLS:
            self._share.add((measures.CALLS_REFUSED, pool), 0)
        for grant_type in GRANTS:
            self._share.add((measures.TOKENS, grant_type.rpartition(":")[2], "issued"), 0)
        self._share.add((measures.LINES_LOST,), 0)
        self._share.add((measures.WORKER_STARTS,))
        self.take(())

    def note(self, series: Series) -> None:
        """Count one more of a series, soon; from any thread."""
        self._noted.append(series)

    def note_lag(self, nanoseconds: int) -> None:
        """Count how late the worker came to its next turn, soon."""
        self._lags.append(nanoseconds)

    def take(self, answers: Iterable[Answered], lines_lost: int = 0) -> None:
        """Count answers, and what was noted meanwhile; from one thread."""
        self._share.live()
        for each in answers:
            self._count(each)
        for _ in range(len(self._noted)):
            self._share.add(self._noted.popleft())
        for _ in range(len(self._lags)):
            self._share.observe_at(self._lag_place, self._lags.popleft())
        if lines_lost:
            self._share.add((measures.LINES_LOST,), lines_lost)
        if time.monotonic() >= self._gauges_at:
            self._gauges_at = time.monotonic() + GAUGES_EVERY_S
            self._say()

    def _say(self) -> None:
        for say in self._gauges:
            try:
                say(self._share)
            except Exception:  # noqa: BLE001  (the log of answers is written by this thread too)
                self._log.exception("a gauge could not be read")

    def _count(self, answered: Answered) -> None:
        name = (answered.method, answered.route, answered.status)
        counter, histogram = self._places.get(name) or self._placed(*name)
        self._share.add_at(counter)
        self._share.observe_at(histogram, answered.nanoseconds)
        if answered.counted is not None:
            self._share.add(answered.counted)

    def _placed(self, method: str, route: str, status: int) -> tuple[int, int]:
        """Where answers like this are counted; of methods that nobody knows it is not kept."""
        word = measures.method_word(method)
        counter = self._share.place((measures.REQUESTS, word, route, str(status)))
        places = (counter, self._share.place((measures.SECONDS, word, route)))
        if word == method:
            self._places[method, route, status] = places
        return places
