"""L-04: the database is stopped for a while, and then another one takes its place."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psycopg

from faults.nodes import Node, serving
from faults.outcome import Outcome, at_most, holds, none_of
from faults.postgresql import Cluster, at, standby
from faults.size import Size, Stage
from faults.switch import Switch, switched
from faults.tally import recoveries, spans
from faults.trial import LOADS, ended, loaded
from faults.wire import Unanswered, Wire
from gatepost.protocol import discovery as addresses

TITLE = "database stopped, then failover"
STORES = ("postgresql",)
DOWN_S: Mapping[Size, float] = {Size.WHOLE: 30.0, Size.QUICK: 5.0, Size.SHORT: 2.0}
STOPS: Mapping[Size, int] = {Size.WHOLE: 3, Size.QUICK: 2, Size.SHORT: 1}
BACK_S = 2.0
FILES_MORE = 8
"""So many open files and threads a worker may have more in the end than at first."""

_UP_S = 3.0
_SEEN_LOST_S = 2.0
_PATIENCE_S = 20.0
_WANTED: Mapping[str, int] = {
    "/health/live": 200,
    "/health/ready": 503,
    addresses.ISSUER_PATH + addresses.DISCOVERY_PATH: 200,
    addresses.ISSUER_PATH + addresses.JWKS_PATH: 200,
}


class _Held(NamedTuple):
    """What a worker has: threads and open files."""

    threads: int
    files: int


class _Told(NamedTuple):
    """When the database was away and when it was back, what was wrong, and what was held."""

    down_at: list[float]
    back_at: list[float]
    wrong: list[str]
    held: list[list[_Held]]


def run(stage: Stage) -> Outcome:
    """Stop, look, start, over again; then kill it, promote its standby and turn the address."""
    load, stops, down_s = LOADS[stage.size], STOPS[stage.size], DOWN_S[stage.size]
    seen = _Told([], [], [], [])
    with ExitStack() as stack:
        made = stack.enter_context(stage.founded(load.callers))
        assert made.database is not None
        other = stack.enter_context(standby(made.database))
        switch = stack.enter_context(switched(made.database.port))
        url = at(made.place.settings["GATEPOST_DATABASE_URL"], switch.port)
        behind = made._replace(place=made.place.with_settings(GATEPOST_DATABASE_URL=url))
        node = stack.enter_context(serving(behind.place, "--workers", "2"))
        callers = stack.enter_context(loaded(stage, behind, (node.port,), load))
        for _ in range(stops):
            _stop_and_start(made.database, node, down_s, seen)
            callers.wait_for_success()
        _make_synchronous(made.database)
        callers.wait_for_success()
        _fail_over(made.database, other, switch, seen)
        callers.wait_for_success()
        time.sleep(_UP_S)
        found = ended(stage, behind, node.port, callers.end())
        made.database.start()
    well = spans(seen.back_at, seen.down_at)
    return found.outcome(
        "L-04",
        f"{stops} stops of {down_s:g} s, and a failover to a standby that confirms each write",
        well,
        (
            holds("alive, not ready, and keys told meanwhile", said=_few(seen.wrong)),
            none_of("503 without Retry-After", found.met.without_retry_after),
            at_most("the last failure after", max(recoveries(found.attempts, well)), BACK_S, " s"),
            at_most("threads more", _more(seen.held, 0), FILES_MORE),
            at_most("open files more", _more(seen.held, 1), FILES_MORE),
        ),
    )


def _stop_and_start(database: Cluster, node: Node, seconds: float, seen: _Told) -> None:
    time.sleep(_UP_S)
    seen.held.append(_held(node))
    seen.down_at.append(time.monotonic())
    database.stop()
    seen.wrong.extend(_while_down(node, seconds))
    seen.back_at.append(database.start())
    time.sleep(_UP_S)
    seen.held.append(_held(node))


def _fail_over(database: Cluster, other: Cluster, switch: Switch, seen: _Told) -> None:
    seen.down_at.append(time.monotonic())
    database.kill()
    other.promote()
    switch.turn(other.port)
    seen.back_at.append(time.monotonic())


def _while_down(node: Node, seconds: float) -> list[str]:
    """What a server says wrongly while its database is down."""
    began, wrong = time.monotonic(), []
    time.sleep(_SEEN_LOST_S)
    wire = Wire(node.port)
    while time.monotonic() < began + seconds:
        for path, wanted in _WANTED.items():
            try:
                status = wire.call("GET", path).status
            except Unanswered:
                status = 0
            if status != wanted:
                wrong.append(f"{path} {status}")
        time.sleep(0.2)
    wire.close()
    return wrong


def _make_synchronous(database: Cluster) -> None:
    """From now on nothing is acknowledged that the standby does not have."""
    deadline = time.monotonic() + _PATIENCE_S
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        while time.monotonic() < deadline:
            found = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
            if ("sync",) in found:
                return
            time.sleep(0.1)
    raise TimeoutError("the standby does not follow")


def _held(node: Node) -> list[_Held]:
    return [
        _Held(*(len(list(Path(f"/proc/{pid}/{what}").iterdir())) for what in ("task", "fd")))
        for pid in node.workers()
    ]


def _more(held: list[list[_Held]], which: int) -> int:
    """How many more the worker that grew most had after the last stop than before the first."""
    return max(last[which] - first[which] for first, last in zip(held[0], held[-1], strict=True))


def _few(wrong: list[str]) -> str:
    return "; ".join(sorted(set(wrong)))
