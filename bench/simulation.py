"""The family "simulation": nodes and database for so many devices, from what was measured.

The model is in `growth`. Costs come from the last whole run of the family "nodes", if there is one,
and are measured shortly otherwise. The sizes of rows are measured each time. Two predictions are
held against what is measured: requests a second, and the size of a store.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench import commits, fill, growth, kept, node_costs, nodes, progress, row_sizes, simulated
from bench.fill import Shape
from bench.growth import Cost, Habits, Machines, Measured, Population
from bench.size import Size
from gatepost.services.cards import MOST_CARDS
from tests import postgres

POPULATIONS = tuple(Population(n, n // 10, n // 1_000) for n in (10**5, 10**7, 10**9))
_TIMES: Mapping[str, float] = {"the busiest hour": 0, "after an outage": 1}


class _Run(NamedTuple):
    """How much is measured: so many of each for the sizes, and a store to be foretold."""

    rows: int
    foretold: Shape


_RUNS = {
    Size.QUICK: _Run(2_000, Shape(100, 10_000, 1_000, 10_000)),
    Size.WHOLE: _Run(10_000, Shape(1_000, 100_000, 10_000, 100_000)),
}


def measure(size: Size) -> dict[str, Any]:
    """What the model starts from, what it says, and how it does where it can be checked."""
    run = _RUNS[size]
    spent, source = kept.results("nodes") or (nodes.measure(Size.QUICK), "measured shortly")
    memory, of_memory = kept.worker_mb()
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-") as name:
        folder = Path(name)
        with postgres.server(durable=True) as address:
            bytes_of = row_sizes.measured(
                folder / "rows", postgres.fresh_database(address), run.rows
            )
            made = commits.a_second(address)
            size_check = _foretold(folder, postgres.fresh_database(address), run, bytes_of)
    measured = _measured(spent, bytes_of, memory, made)
    return {
        "sources": {"costs": source, "memory of a worker": of_memory},
        "measured": measured._asdict(),
        "habits": Habits()._asdict(),
        "machines": Machines()._asdict(),
        "needs": [_needs(who, measured) for who in POPULATIONS],
        "checks": [*simulated.of_speed(spent), size_check],
    }


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    return simulated.told(results)


def _needs(who: Population, measured: Measured) -> dict[str, Any]:
    found = {}
    for name, outage in _TIMES.items():
        needed = growth.needs(who, measured, Habits(), Machines(), outage=outage)
        found[name] = needed._asdict() | {
            "databases": needed.databases,
            "first_limit": needed.first_limit,
            "rates": needed.rates._asdict(),
        }
    return {"who": who._asdict(), "times": found}


def _measured(
    spent: Mapping[str, Any], bytes_of: Mapping[str, float], memory: float, made: float
) -> Measured:
    def cost(name: str) -> Cost:
        row = spent["costs"][name]
        return Cost(row["node_ms"], row["database_ms"], row["wal_bytes"])

    return Measured(
        card=cost(node_costs.COUNTED),
        store=cost(node_costs.FROM_STORE),
        refresh=cost(node_costs.REFRESH),
        sign_in=cost(node_costs.SIGN_IN),
        change=cost(node_costs.CHANGE),
        bytes_of=bytes_of,
        cards_kept=MOST_CARDS,
        worker_mb=memory,
        commits_a_second=made,
        turn_ms=spent["turn"]["turn_ms"],
        token_bytes=spent["token_bytes"],
    )


def _foretold(folder: Path, url: str, run: _Run, bytes_of: Mapping[str, float]) -> dict[str, Any]:
    """The size of a larger store, by the rows of a smaller one."""
    progress.say(f"simulation: a store of {run.foretold}")
    shape = run.foretold
    fill.house(folder / "foretold", url, shape)
    token = bytes_of["family"] + bytes_of["refresh token"]
    said = (
        shape.clients * bytes_of["client"]
        + shape.users * bytes_of["person"]
        + shape.tenants * (bytes_of["tenant"] + bytes_of["event"])
        + shape.refresh_tokens * token
    )
    what = f"MB of a store of {shape.clients:,} clients and {shape.refresh_tokens:,} refresh tokens"
    return simulated.check(what, said / 1e6, row_sizes.database(url) / 1e6)
