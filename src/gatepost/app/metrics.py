"""The page of metrics: what all workers of this node counted, and what they stand at, as text."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from gatepost.app.ledger import Ledger
from gatepost.model import measures
from gatepost.model.measures import MEASURES, Join, Kind, Series
from gatepost.protocol import exposition
from gatepost.protocol.exposition import Told

_JOINED: Mapping[Join, Callable[[list[float]], float]] = {
    Join.SUM: sum,
    Join.HIGHEST: max,
    Join.LOWEST: min,
}


def page(ledger: Ledger) -> str:
    """The page, from memory alone."""
    told: dict[str, list[Told]] = defaultdict(list)
    for series, counts in ledger.counted().items():
        told[series[0]].append(Told(series, counts))
    alive = ledger.gauges()
    said = joined(alive, time.monotonic()) | {
        (measures.WORKERS,): float(len(alive)),
        (measures.WORKERS_WANTED,): float(ledger.workers),
    }
    for series, value in said.items():
        told[series[0]].append(Told(series, (value,)))
    rows = MEASURES.values()
    return exposition.text((row, sorted(told[row.name])) for row in rows)


def joined(workers: Sequence[Mapping[Series, float]], now: float) -> dict[Series, float]:
    """What the gauges of several workers come to; an age is told from the moment that is kept."""
    found: dict[Series, list[float]] = defaultdict(list)
    for worker in workers:
        for series, value in worker.items():
            is_age = MEASURES[series[0]].kind is Kind.AGE
            found[series].append(now - value if is_age else value)
    return {
        series: float(_JOINED[MEASURES[series[0]].join](values)) for series, values in found.items()
    }
