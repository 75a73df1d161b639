"""L-11: two nodes behind a load balancer are restarted in turn, and no request fails."""

import http.client
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress

from faults.campaign import Load
from faults.nodes import Node, serving
from faults.outcome import Outcome, at_most, holds, none_of
from faults.size import Size, Stage
from faults.trial import ended, loaded
from tests.nodes.relay import Relay, relaying

TITLE = "rolling restart of two nodes"
STORES = ("postgresql",)
ROUNDS: Mapping[Size, int] = {Size.WHOLE: 20, Size.QUICK: 4, Size.SHORT: 2}
DRAIN = "1"
STOP_S = 10.0
LOAD = Load(callers=8, per_second=100.0)
WORKERS: Mapping[Size, str] = {Size.WHOLE: "2", Size.QUICK: "2", Size.SHORT: "1"}
_PATIENCE_S = 20.0


def run(stage: Stage) -> Outcome:
    """Stop one in order, start it, wait until both are ready, and go on with the other."""
    stops, said = [], ""
    settings = {"GATEPOST_DRAIN_SECONDS": DRAIN}
    with ExitStack() as stack:
        made = stack.enter_context(stage.founded(LOAD.callers, **settings))
        how = ("--workers", WORKERS[stage.size])
        nodes = [stack.enter_context(serving(made.place, *how)) for _ in range(2)]
        relay = stack.enter_context(relaying([node.port for node in nodes], checks=True))
        port = int(relay.url.rpartition(":")[2])
        callers = stack.enter_context(loaded(stage, made, (port,), LOAD))
        for turn in range(ROUNDS[stage.size]):
            node = nodes[turn % 2]
            seconds, word = _stopped(node)
            stops.append(seconds)
            said = said or word
            node.start()
            _wait_for_both(relay)
            callers.wait_for(LOAD.callers)
        found = ended(stage, made, nodes[0].port, callers.end())
    return found.outcome(
        "L-11",
        f"{len(stops)} restarts in turn at {LOAD.per_second:g} deeds a second",
        (),
        (
            none_of("failed requests", found.met.server_errors + found.met.other),
            at_most("the longest stop", max(stops), STOP_S, " s"),
            holds("a node says that it is not ready before it stops", said=said),
        ),
    )


def _stopped(node: Node) -> tuple[float, str]:
    """The seconds that a stop took, and what is wrong with what was said meanwhile."""
    words: list[int] = []
    over = threading.Event()
    asking = threading.Thread(target=_ask, args=(node.port, words, over))
    asking.start()
    try:
        seconds = node.stop()
    finally:
        over.set()
        asking.join()
    return seconds, "" if 503 in words else f"only {sorted(set(words))} was said"


def _ask(port: int, words: list[int], over: threading.Event) -> None:
    """Ask again and again whether a node is ready, until it is gone."""
    while not over.wait(0.02):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with suppress(OSError, http.client.HTTPException):
            asked.request("GET", "/health/ready")
            words.append(asked.getresponse().status)
        asked.close()


def _wait_for_both(relay: Relay) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while relay.ready() < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
