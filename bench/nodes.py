"""The family "nodes": what a second node adds, and how soon it knows what the first one changed."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench import fill, node_changes, node_costs, node_pair, node_turns, progress, shown, spent
from bench.fill import Filled, Shape
from bench.node_costs import Meters
from bench.size import Plan, Size
from tests import postgres

WAY = "Each row is processor time of one worker on PostgreSQL, with the counts of use it wrote."


class _Run(NamedTuple):
    """How much is measured."""

    shape: Shape
    plan: Plan
    changes: int


_RUNS: Mapping[Size, _Run] = {
    Size.QUICK: _Run(Shape(100, 2_000, 500), Plan(rounds=1, seconds=2, warm_up=1), 50),
    Size.WHOLE: _Run(Shape(1_000, 10_000, 10_000), Plan(rounds=7, seconds=5, warm_up=2), 1_000),
}


def measure(size: Size) -> dict[str, Any]:
    """Costs, then two nodes at once, and the changes in a store of their own: one big tenant."""
    run = _RUNS[size]
    with _ground(run.shape) as (filled, meters):
        costs = node_costs.measure(filled, meters, run.plan.seconds)
        carried = node_costs.token_bytes(filled)
        with node_pair.two_nodes(filled) as pair:
            both = node_pair.measure(filled, pair, meters.pid, run.plan)
    with _ground(Shape(1, run.changes, 1)) as (filled, meters):
        turn = node_turns.measure(filled, meters.connection, run.plan.seconds)
        with node_pair.two_nodes(filled) as pair:
            changes = node_changes.measure(filled, pair, run.changes)
    return {
        "shape": run.shape._asdict(),
        "costs": costs,
        "token_bytes": carried,
        "turn": turn,
        "pair": both,
        "changes": changes,
    }


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines = [
        *shown.titled("What a request costs", _costs(results["costs"])),
        "",
        WAY,
        _turn(results["turn"]),
        *shown.titled("A second node, each on a core of its own", _pair(results["pair"])),
        "",
        _ratio(results["pair"]),
        *shown.titled(
            "A change of one node in force at the other, in milliseconds",
            _changes(results["changes"]),
        ),
        "",
        f"Not in force at once at the node that made it: {results['changes']['late_at_home']}.",
    ]
    return "\n".join(lines).strip()


def _costs(costs: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    yield "| request | node ms | database ms | log bytes | requests | errors |"
    yield "|---|---|---|---|---|---|"
    for name, row in costs.items():
        yield (
            f"| {name} | {row['node_ms']:.2f} | {row['database_ms']:.2f} "
            f"| {row['wal_bytes']:,.0f} | {row['requests']:,.0f} | {row['errors']:.0f} |"
        )


def _turn(turn: Mapping[str, float]) -> str:
    return (
        f"A change of a client holds the turn of its tenant for {turn['turn_ms']:.1f} ms. The "
        f"changes and sign-ins of one tenant come one after another, {1000 / turn['turn_ms']:,.0f} "
        "a second at most, however many nodes there are. Tokens and refreshes take no turn."
    )


def _pair(pair: Mapping[str, Any]) -> Iterator[str]:
    yield "| | node ms a request | one core carries | told by the clock | database ms | load ms |"
    yield "|---|---|---|---|---|---|"
    for name, cost in node_pair.middle(pair["rounds"]).items():
        yield (
            f"| {name} | {cost.node_ms:.3f} | {1000 / cost.node_ms:,.0f} | {cost.per_second:,.0f} "
            f"| {1000 * cost.database_s / cost.requests:.3f} "
            f"| {1000 * cost.load_s / cost.requests:.3f} |"
        )


def _ratio(pair: Mapping[str, Any]) -> str:
    told = pair["ratio"]
    met = "met" if told["median"] >= node_pair.BAR else f"MISSED ({node_pair.BAR})"
    return (
        f"Two nodes carry {told['median']:.2f} times as much as one "
        f"({told['lowest']:.2f} to {told['highest']:.2f} in {len(pair['rounds'])} rounds, "
        f"{pair['cores']} cores): {met}."
    )


def _changes(changes: Mapping[str, Any]) -> Iterator[str]:
    yield "| change | number | least | median | p99 | most | bar |"
    yield "|---|---|---|---|---|---|---|"
    for name, row in {**changes["kinds"], "all": changes["all"]}.items():
        met = "met" if row["max_ms"] <= 1000 * node_changes.BAR_S else "MISSED (1 s)"
        yield (
            f"| {name} | {row['changes']} | {row['min_ms']:.0f} | {row['median_ms']:.0f} "
            f"| {row['p99_ms']:.0f} | {row['max_ms']:.0f} | {met} |"
        )


@contextmanager
def _ground(shape: Shape) -> Iterator[tuple[Filled, Meters]]:
    progress.say("nodes: filling PostgreSQL")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatepost-bench-")))
        address = stack.enter_context(postgres.server(durable=True))
        filled = fill.house(folder / "store", postgres.fresh_database(address), shape)
        watching = stack.enter_context(psycopg.connect(address, autocommit=True))
        yield filled, Meters(spent.of_database(watching), watching)
