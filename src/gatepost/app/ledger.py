"""The ledger: what the workers of a node counted, in memory that they had before they were forked.

Each worker has a share of its own, which it alone writes. One that takes the place of a worker that
died goes on with the same share, so that nothing is lost or counted twice. Gauges are told only of
workers that showed a sign of life a moment ago (docs/decisions/0024).
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from math import isnan, nan
from mmap import mmap

from gatepost.model.measures import BOUNDS_NS, MEASURES, Kind, Series

SHARE_BYTES = 512 * 1024
"""Room for some thousand series. Memory that nothing was written to costs nothing."""

ALIVE_FOR_NS = 3_000_000_000
_WORD = 8
_USED, _SIGN, _FIRST = 0, 1, 2
_SUM = len(BOUNDS_NS) + 1  # after the bucket without a bound
_HISTOGRAM = _SUM + 1
_BETWEEN = "\x1f"
_COUNTED = frozenset({Kind.COUNTER, Kind.HISTOGRAM})


class Ledger:
    """The shares of all workers of a node."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self._memory = mmap(-1, workers * SHARE_BYTES)

    def share(self, worker: int) -> "Share":
        """The share of a worker, for it to write."""
        return Share(self._part(worker))

    def bury(self, worker: int) -> None:
        """Say that a worker is gone, at once instead of after a moment."""
        self._part(worker).cast("Q")[_SIGN] = 0

    def counted(self) -> dict[Series, list[int]]:
        """All counters and histograms, of those who are gone too."""
        found: dict[Series, list[int]] = {}
        for worker in range(self.workers):
            for series, start, end in _records(self._part(worker).cast("Q"), _COUNTED):
                values = self._part(worker).cast("Q")[start:end].tolist()
                known = found.get(series)
                joined = values if known is None else map(sum, zip(known, values, strict=True))
                found[series] = list(joined)
        return found

    def gauges(self) -> list[Mapping[Series, float]]:
        """The gauges of each worker that is alive."""
        now = time.monotonic_ns()
        alive: list[Mapping[Series, float]] = []
        for worker in range(self.workers):
            part = self._part(worker)
            words, floats = part.cast("Q"), part.cast("d")
            if words[_SIGN] and now - words[_SIGN] < ALIVE_FOR_NS:
                records = _records(words, frozenset(Kind) - _COUNTED)
                values = {series: floats[start] for series, start, _ in records}
                alive.append({key: value for key, value in values.items() if not isnan(value)})
        return alive

    def _part(self, worker: int) -> memoryview:
        return memoryview(self._memory)[worker * SHARE_BYTES : (worker + 1) * SHARE_BYTES]


class Share:
    """What one worker counts; one thread of it writes here."""

    def __init__(self, memory: memoryview) -> None:
        self._words = memory.cast("Q")
        self._floats = memory.cast("d")
        self._words[_USED] = max(self._words[_USED], _FIRST)
        self._places: dict[Series, int] = {}
        for series, start, _ in _records(self._words, frozenset(Kind)):
            self._places[series] = start
            if MEASURES[series[0]].kind not in _COUNTED:
                self._floats[start] = nan  # it was said by the one before

    def live(self) -> None:
        """Show a sign of life."""
        self._words[_SIGN] = time.monotonic_ns()

    def place(self, series: Series) -> int:
        """Where a series is kept."""
        found = self._places.get(series)
        if found is None:
            found = self._places[series] = self._made(series)
        return found

    def add(self, series: Series, number: int = 1) -> None:
        """Count so many more."""
        self._words[self.place(series)] += number

    def add_at(self, place: int) -> None:
        """Count one more of the series at a place, which is found once for many."""
        self._words[place] += 1

    def observe_at(self, place: int, nanoseconds: int) -> None:
        """Count a time more in the histogram at a place."""
        words = self._words
        words[place + bisect_left(BOUNDS_NS, nanoseconds)] += 1
        words[place + _SUM] += nanoseconds

    def set(self, series: Series, value: float | None) -> None:
        """Say what a gauge stands at, or that there is nothing to say."""
        self._floats[self.place(series)] = nan if value is None else value

    def _made(self, series: Series) -> int:
        """A record: its length, that of its name, the name, the cells. Told when it is whole.

        What there is no room for is kept at the end, where nobody reads it.
        """
        nowhere = len(self._words) - _HISTOGRAM
        cells = _HISTOGRAM if MEASURES[series[0]].kind is Kind.HISTOGRAM else 1
        name = _BETWEEN.join(series).encode()
        start = self._words[_USED]
        first = start + 2 + -(-len(name) // _WORD)
        if first + cells > nowhere:
            return nowhere
        words = memoryview(name.ljust((first - start - 2) * _WORD, b"\0")).cast("Q")
        self._words[start + 2 : first] = words
        self._words[start + 1] = len(name)
        self._words[start] = first + cells - start
        self._words[_USED] = first + cells
        return first


def _records(words: memoryview, kinds: frozenset[Kind]) -> Iterator[tuple[Series, int, int]]:
    """The series of these kinds, each with where its cells begin and end."""
    at, used = _FIRST, words[_USED]
    while at < used:
        length, size = words[at], words[at + 1]
        first = at + 2 + -(-size // _WORD)
        name = words[at + 2 : first].tobytes()[:size].decode()
        series = tuple(name.split(_BETWEEN))
        if MEASURES[series[0]].kind in kinds:
            yield series, first, at + length
        at += length
