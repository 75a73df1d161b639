"""L-02: the whole server is killed and started again at once, over and over under load."""

import time
from collections.abc import Mapping
from random import Random

from faults.outcome import Outcome, at_most, none_of
from faults.size import Size, Stage
from faults.soundness import attest
from faults.tally import spans
from faults.trial import trial

TITLE = "kill -9 of the whole server"
STORES = ("sqlite", "postgresql")
KILLS: Mapping[Size, int] = {Size.WHOLE: 40, Size.QUICK: 6, Size.SHORT: 2}
START_S = 3.0
ATTESTED_EVERY = 8
"""After so many kills, from the first one on, the journals' state is put down outside."""

_BETWEEN_S = (0.5, 2.0)


def run(stage: Stage) -> Outcome:
    """Kill, start, let them work for a moment, and kill again."""
    chance, killed_at, starts = Random(stage.seed), [], []
    with trial(stage, "--workers", "2") as on:
        for number in range(KILLS[stage.size]):
            time.sleep(chance.uniform(*_BETWEEN_S))
            killed_at.append(time.monotonic())
            on.node.kill()
            starts.append(on.node.start().seconds)
            on.callers.wait_for_success()
            if number % ATTESTED_EVERY == 0:
                attest(on.stand.place)
        found = on.end()
    return found.outcome(
        "L-02",
        f"{len(starts)} kills of two workers and their launcher",
        spans(killed_at),
        (
            at_most("the longest start", max(starts), START_S, " s"),
            none_of("wrong answers", found.met.refused + found.met.server_errors),
        ),
    )
