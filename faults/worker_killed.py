"""L-01: one of two workers is killed under load, over and over."""

import os
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from faults.journal import Attempt
from faults.nodes import Node
from faults.outcome import Outcome, at_most, none_of
from faults.size import Size, Stage
from faults.tally import recoveries, spans
from faults.trial import trial

TITLE = "kill -9 of one worker"
STORES = ("sqlite", "postgresql")
WORKERS, BACK_S = 2, 2.0
_PATIENCE_S = 20.0
_LISTENS = "0A"


class _Plan(NamedTuple):
    """How often, and how many seconds apart."""

    kills: int
    apart: float


PLANS: Mapping[Size, _Plan] = {
    Size.WHOLE: _Plan(40, 5.0),
    Size.QUICK: _Plan(6, 2.0),
    Size.SHORT: _Plan(2, 0.3),
}


def run(stage: Stage) -> Outcome:
    """Kill one by its number, wait until it is replaced, and kill the next."""
    chance, plan = Random(stage.seed), PLANS[stage.size]
    killed_at, taken = [], []
    with trial(stage, "--workers", str(WORKERS)) as on:
        for _ in range(plan.kills):
            time.sleep(plan.apart)
            killed_at.append(time.monotonic())
            pid = chance.choice(on.node.workers())
            os.kill(pid, signal.SIGKILL)
            taken.append(_until_replaced(on.node, pid))
            on.callers.wait_for_success()
        found = on.end()
    well = spans(killed_at)
    back = recoveries(found.attempts, well)
    return found.outcome(
        "L-01",
        f"{plan.kills} kills of a worker of {WORKERS}, {plan.apart:g} s apart",
        well,
        (
            at_most(
                "failures of a connection for each kill", most_each(found.attempts, killed_at), 1
            ),
            none_of("wrong answers", found.met.refused + found.met.server_errors),
            at_most("the last failure after a kill", max(back), BACK_S, " s"),
            at_most("the worker is replaced after", max(taken), BACK_S, " s"),
        ),
    )


def most_each(attempts: Sequence[Attempt], moments: Sequence[float]) -> int:
    """The most broken requests that any connection had between two of the moments."""
    broken: Counter[tuple[int, int]] = Counter()
    for each in attempts:
        if each.status == 0:
            broken[each.caller, sum(moment <= each.ended for moment in moments)] += 1
    return max(broken.values(), default=0)


def _until_replaced(node: Node, pid: int) -> float:
    """The seconds until each worker listens, and the killed one is none of them."""
    began = time.monotonic()
    while pid in node.workers() or listeners(node.port) < WORKERS:
        if time.monotonic() > began + _PATIENCE_S:
            return float("inf")
        time.sleep(0.02)
    return time.monotonic() - began


def listeners(port: int) -> int:
    """How many sockets listen on a port of this machine, as the kernel tells it (Linux only)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == _LISTENS for row in rows)
