"""What each request costs when there is more data: clients, tenants and live refresh tokens.

Stores of several sizes are served at once and asked in turn. The cost of a request is its median
time with one connection: with several, writers that wait for each other make it unsteady. Client
credentials are asked for by 16 at once too, because what is written of their use is written behind
the answers; the median is then 16 times what a request costs the server in all. Before a workload
is measured, both workers have met the clients and people of its rotation a few times, as they have
in use: 10,000 clients, or the people of 1,000 applications, where there are so many.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench import fill, progress, stored
from bench.fill import Shape
from bench.grounds import POSTGRESQL, SQLITE, served
from bench.rounds import Side, interleaved, spread, summed
from bench.size import Plan, Size
from bench.workloads import WORKLOADS, Ground, Shoot
from tests import postgres

BAR = 1.3
_BUSY = 16
_AT_ONCE = "client credentials, 16 at once"
_WARM_UP_S, _MOST_WARM_UPS = 2, 5
_ENOUGH = {"client credentials": 40_000}
_ENOUGH_OF_OTHERS = 2_000

ASKED: Mapping[str, tuple[str, int]] = {_AT_ONCE: ("client credentials", _BUSY)} | {
    name: (name, 1) for name in WORKLOADS
}
"""What is measured: a workload, and with how many connections."""
SMALL = Shape(tenants=1, clients=100, users=10, refresh_tokens=1_000)
MIDDLE = Shape(tenants=100, clients=10_000, users=1_000, refresh_tokens=100_000)
LARGE = Shape(tenants=10_000, clients=1_000_000, users=100_000, refresh_tokens=1_000_000)


class _Run(NamedTuple):
    """How one size of run is done."""

    shapes: Sequence[Shape]
    plan: Plan


_RUNS: Mapping[Size, _Run] = {
    Size.QUICK: _Run((SMALL, MIDDLE), Plan(rounds=3, seconds=1, warm_up=1)),
    Size.WHOLE: _Run((SMALL, LARGE), Plan(rounds=3, seconds=2, warm_up=2)),
}


def measure(size: Size) -> dict[str, Any]:
    """For each database and workload the cost at every size, as ratios to the smallest."""
    run = _RUNS[size]
    return {
        "shapes": [shape._asdict() for shape in run.shapes],
        "databases": {
            SQLITE: _on_sqlite(run),
            POSTGRESQL: _on_postgresql(run),
        },
    }


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines: list[str] = []
    for database, workloads in results["databases"].items():
        lines += _table(results["shapes"], database, workloads)
    return "\n".join(lines).strip()


def costs(rounds: Sequence[Mapping[str, Any]], small: str, other: str) -> dict[str, float]:
    """How many times as long a request takes in the other store, round by round."""
    return spread([each[other].shot.p50_ms / each[small].shot.p50_ms for each in rounds])


def called(shape: Mapping[str, int] | Shape) -> str:
    """How a size is named."""
    told = shape if isinstance(shape, Mapping) else shape._asdict()
    return f"{told['clients']:,} clients, {told['tenants']:,} tenants"


def _on_sqlite(run: _Run) -> dict[str, Any]:
    with ExitStack() as stack:
        progress.say("sizes: filling SQLite")
        filled = [stored.sqlite(shape) for shape in run.shapes]
        return _all(run, [served(stack, each) for each in filled])


def _on_postgresql(run: _Run) -> dict[str, Any]:
    with _folder() as folder, postgres.server(durable=True) as address, ExitStack() as stack:
        progress.say("sizes: filling PostgreSQL")
        filled = [
            fill.house(folder / str(shape.clients), postgres.fresh_database(address), shape)
            for shape in run.shapes
        ]
        return _all(run, [served(stack, each) for each in filled])


def _all(run: _Run, grounds: Sequence[Ground]) -> dict[str, Any]:
    return {name: _one(run, name, grounds) for name in ASKED}


def _one(run: _Run, name: str, grounds: Sequence[Ground]) -> dict[str, Any]:
    progress.say(f"sizes: {name}")
    sides = [
        Side(called(shape), _warmed(name, ground))
        for shape, ground in zip(run.shapes, grounds, strict=True)
    ]
    rounds = interleaved(sides, run.plan)
    smallest = sides[0].name
    return {
        "sides": summed(rounds),
        "ratios": {side.name: costs(rounds, smallest, side.name) for side in sides[1:]},
    }


def _warmed(name: str, ground: Ground) -> Shoot:
    """The workload, after some connections at once have made it known to both workers."""
    workload, connections = ASKED[name]
    wanted = _ENOUGH.get(workload, _ENOUGH_OF_OTHERS)
    busy = WORKLOADS[workload](ground._replace(connections=_BUSY))
    answered = 0
    for _ in range(_MOST_WARM_UPS):
        answered += busy(_WARM_UP_S).requests
        if answered >= wanted:
            break
    return WORKLOADS[workload](ground._replace(connections=connections))


def _table(
    shapes: Sequence[Mapping[str, int]], database: str, workloads: Mapping[str, Any]
) -> Iterator[str]:
    names = [called(shape) for shape in shapes]
    yield from ("", f"### Cost by size, {database}: median ms of a request", "")
    heads = (f"{name} | ratio | lowest to highest" for name in names[1:])
    yield f"| request | {names[0]} | {' | '.join(heads)} | errors | bar |"
    yield "|---" * (4 + 3 * len(names[1:])) + "|"
    for name, told in workloads.items():
        cells = [f"{told['sides'][names[0]]['p50_ms']:.3f}"]
        for size in names[1:]:
            ratio = told["ratios"][size]
            cells += [
                f"{told['sides'][size]['p50_ms']:.3f}",
                f"{ratio['median']:.2f}",
                f"{ratio['lowest']:.2f} to {ratio['highest']:.2f}",
            ]
        errors = sum(side["errors"] for side in told["sides"].values())
        last = told["ratios"][names[-1]]["median"]
        yield f"| {name} | {' | '.join(cells)} | {errors} | {_met(last)} |"


def _met(ratio: float) -> str:
    return "met" if ratio <= BAR else f"MISSED ({BAR})"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-") as folder:
        yield Path(folder)
