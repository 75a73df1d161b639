"""What a load costs everybody who has a part in it, in processor seconds."""

import time
from collections.abc import Callable, Sequence
from resource import RUSAGE_CHILDREN, getrusage
from typing import NamedTuple

from bench import spent
from bench.load import Shot

SETTLED_S = 1.5
"""After so long the counts of use are written, and what they cost is in the figures."""


class Cost(NamedTuple):
    """What the requests of a shot cost: their nodes, the database, and the load generator."""

    requests: int
    per_second: float
    nodes_s: float
    database_s: float
    load_s: float
    errors: int

    @property
    def node_ms(self) -> float:
        """A request, on its node."""
        return 1000 * self.nodes_s / self.requests

    @property
    def all_ms(self) -> float:
        """A request, on everybody's account."""
        return 1000 * (self.nodes_s + self.database_s + self.load_s) / self.requests


def metered(pids: Sequence[int], database: int, load: Callable[[], Sequence[Shot]]) -> Cost:
    """A load, and what was spent on it until the counts of use are written.

    Nodes that nobody asks look at the store all the same. What they spend then, looked at just
    before, is taken off.
    """
    idle = _Watched(pids, database)
    time.sleep(SETTLED_S)
    rest = idle.rates()
    busy = _Watched(pids, database)
    shots = load()
    time.sleep(SETTLED_S)
    rates, lasted = busy.rates(), busy.lasted()
    nodes, stored, loaded = (
        max(0.0, rate - at_rest) * lasted for rate, at_rest in zip(rates, rest, strict=True)
    )
    return Cost(
        sum(shot.requests for shot in shots),
        sum(shot.per_second for shot in shots),
        nodes,
        stored,
        loaded,
        sum(shot.errors for shot in shots),
    )


class _Watched:
    """Nodes, their database and the load generator, from now on."""

    def __init__(self, pids: Sequence[int], database: int) -> None:
        self._pids = pids
        self._database = database
        self._began = time.perf_counter()
        self._before = self._spent()

    def lasted(self) -> float:
        """Seconds by the clock."""
        return time.perf_counter() - self._began

    def rates(self) -> list[float]:
        """What each spent, in processor seconds a second."""
        pairs = zip(self._spent(), self._before, strict=True)
        return [(after - before) / self.lasted() for after, before in pairs]

    def _spent(self) -> tuple[float, float, float]:
        used = getrusage(RUSAGE_CHILDREN)
        nodes = sum(map(spent.seconds, self._pids))
        return nodes, spent.seconds(self._database), used.ru_utime + used.ru_stime
