"""L-06: many writers at once on one SQLite file, from four processes."""

import time
from collections.abc import Mapping

from faults.campaign import Load
from faults.outcome import Outcome, none_of, told
from faults.size import Size, Stage
from faults.tally import percentile
from faults.trial import trial

TITLE = "SQLite writer contention"
STORES = ("sqlite",)
SECONDS: Mapping[Size, float] = {Size.WHOLE: 60.0, Size.QUICK: 6.0, Size.SHORT: 2.0}
CALLERS: Mapping[Size, int] = {Size.WHOLE: 64, Size.QUICK: 64, Size.SHORT: 16}
WORKERS = 4
WRITES = {"add client": 4, "change secrets": 5, "give roles": 3, "redeem code": 3, "refresh": 5}
_CHANGES = frozenset({"add client", "change secrets", "give roles"})


def run(stage: Stage) -> Outcome:
    """Nothing but writes, as fast as they are answered."""
    callers, seconds = CALLERS[stage.size], SECONDS[stage.size]
    with trial(stage, "--workers", str(WORKERS), load=Load(callers, 0, WRITES)) as on:
        time.sleep(seconds)
        found = on.end()
    taken = [each.ended - each.began for each in found.attempts if each.deed in _CHANGES]
    locked = [each for each in found.attempts if "locked" in each.fault]
    rate = found.reckoning.acknowledged / seconds
    return found.outcome(
        "L-06",
        f"{callers} callers at {WORKERS} processes for {seconds:g} s, {rate:.0f} writes a second",
        (),
        (
            none_of("failed requests", found.met.server_errors + found.met.other),
            none_of('"database is locked"', len(locked)),
            told("a change takes at p99", f"{percentile(taken, 0.99):.2f} s"),
        ),
    )
