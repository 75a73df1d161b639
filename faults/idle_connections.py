"""L-10: ten thousand kept connections that ask for next to nothing."""

import time
from collections.abc import Awaitable, Mapping, Sequence

from bench import processes
from faults.crowd import Crowd, crowded
from faults.here import need_files, need_wrk
from faults.nodes import serving
from faults.outcome import Outcome, Row, at_most, none_of, told
from faults.size import Size, Stage
from faults.slow_clients import MORE_FILES, P99_TIMES, PER_SECOND, honest

TITLE = "10,000 kept connections"
STORES = ("sqlite",)
CONNECTIONS: Mapping[Size, int] = {Size.WHOLE: 10_000, Size.QUICK: 4_000, Size.SHORT: 200}
SECONDS: Mapping[Size, float] = {Size.WHOLE: 60.0, Size.QUICK: 15.0, Size.SHORT: 3.0}
EVERY_S = 12.0
"""Each asks so often; one that asks nothing for 15 s is closed by the server."""

EACH_KB = 10.0


def run(stage: Stage) -> Outcome:
    """Memory and an honest load before, and with all of them there."""
    number, seconds = CONNECTIONS[stage.size], SECONDS[stage.size]
    need_wrk()
    need_files(number + MORE_FILES)

    def come(crowd: Crowd) -> Sequence[Awaitable[None]]:
        return (crowd.idlers(number, EVERY_S),)

    with stage.founded(1) as made, serving(made.place) as node:
        base = honest(made, node, seconds)
        before = processes.used_mb(node.workers()[0])["rss_mb"]
        with crowded(node.port, come) as crowd:
            deadline = time.monotonic() + 4 * EVERY_S
            while crowd.open < number and time.monotonic() < deadline:
                time.sleep(0.2)
            there = crowd.open
            beside = honest(made, node, seconds)
            after = processes.used_mb(node.workers()[0])["rss_mb"]
            stayed, failed = crowd.open, crowd.failed
    each_kb = (after - before) * 1024 / max(1, there)
    return Outcome(
        "L-10",
        stage.store,
        f"{there:,} kept connections, each asking every {EVERY_S:g} s, for {seconds:g} s, "
        f"{PER_SECOND:g} tokens a second beside them",
        Row(other=beside.errors + failed),
        (
            none_of("connections that are missing", number - there),
            none_of("connections that were lost", there - stayed),
            none_of("honest requests that failed", beside.errors),
            at_most("p99 of the honest, times base", beside.p99_ms / base.p99_ms, P99_TIMES),
            at_most("memory of a connection", each_kb, EACH_KB, " kB"),
            told("p99 of the honest", f"{base.p99_ms:.1f} ms alone, {beside.p99_ms:.1f} ms beside"),
        ),
    )
