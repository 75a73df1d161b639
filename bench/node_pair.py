"""Two nodes on one PostgreSQL, a core each: what a request costs alone and beside the other.

Two cores cannot carry two nodes, their database and the load at full speed, so the throughput of a
node with a core of its own is computed: one second divided by the processor seconds of a request.
What the second node adds is the ratio of these, and the plain rates are told beside it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from bench import progress, spent
from bench.fill import Filled
from bench.load import Shot
from bench.node_costs import tokens
from bench.node_meter import Cost, metered
from bench.rounds import spread
from bench.served import Running, serving
from bench.size import Plan
from bench.workloads import Ground, Shoot

PUBLIC_URL = "https://id.example.com"
BAR, HOPE = 1.8, 1.95


class Node(NamedTuple):
    """A node that is up, the core it is held to, and a load for it."""

    running: Running
    core: int
    shoot: Shoot


@contextmanager
def two_nodes(filled: Filled) -> Iterator[tuple[Running, Running]]:
    """Two processes with the same key and public address, each held to a core of its own."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(_node(filled, name, core))
            for name, core in zip("ab", cores(), strict=True)
        )
        yield first, second


def cores() -> tuple[int, int]:
    """The two cores; the same one twice where there is but one, which is then told."""
    free = sorted(os.sched_getaffinity(0))
    return free[0], free[-1]


def measure(filled: Filled, pair: tuple[Running, Running], database: int, plan: Plan) -> Any:
    """Each node alone and both together, in turn."""
    progress.say("nodes: each alone, both together")
    nodes = [
        Node(running, core, tokens(_ground(filled, running, name)))
        for running, core, name in zip(pair, cores(), "ab", strict=True)
    ]
    _each(nodes, plan.warm_up)
    rounds = [_round(nodes, database, plan.seconds) for _ in range(plan.rounds)]
    return {
        "cores": len(set(cores())),
        "rounds": [{name: cost._asdict() for name, cost in each.items()} for each in rounds],
        "ratio": spread([ratio(each) for each in rounds]),
    }


def ratio(costs: dict[str, Cost]) -> float:
    """How many times as much two nodes carry as one, if each has a core of its own."""
    alone = (costs["A alone"].node_ms + costs["B alone"].node_ms) / 2
    return (2 / costs["both"].node_ms) / (1 / alone)


def middle(rounds: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, Cost]:
    """Of each way the shot whose requests cost as the median of its rounds."""
    found = {}
    for name in rounds[0]:
        costs = [Cost(**each[name]) for each in rounds]  # type: ignore[arg-type]
        found[name] = sorted(costs, key=lambda cost: cost.node_ms)[len(costs) // 2]
    return found


def _round(nodes: Sequence[Node], database: int, seconds: float) -> dict[str, Cost]:
    first, second = nodes
    pids = [node.running.process.pid for node in nodes]
    return {
        "A alone": metered(pids[:1], database, lambda: [_from(second.core, first, seconds)]),
        "B alone": metered(pids[1:], database, lambda: [_from(first.core, second, seconds)]),
        "both": metered(pids, database, lambda: _each(nodes, seconds)),
    }


def _from(core: int, node: Node, seconds: float) -> Shot:
    """Load a node from the other core."""
    with spent.held_to({core}):
        return node.shoot(seconds)


def _each(nodes: Sequence[Node], seconds: float) -> list[Shot]:
    with ThreadPoolExecutor(len(nodes)) as threads:
        return list(threads.map(lambda node: node.shoot(seconds), nodes))


def _ground(filled: Filled, running: Running, name: str) -> Ground:
    """The load's files stand in a folder of the node's own."""
    return Ground(_apart(filled, name), running)


def _apart(filled: Filled, name: str) -> Filled:
    folder = filled.first.folder / name
    folder.mkdir(exist_ok=True)
    return filled._replace(first=filled.first._replace(folder=folder))


@contextmanager
def _node(filled: Filled, name: str, core: int) -> Iterator[Running]:
    settings = {"PUBLIC_URL": PUBLIC_URL}
    with ExitStack() as stack:
        with spent.held_to({core}):
            running = stack.enter_context(serving(_apart(filled, name).first, settings=settings))
        yield running
