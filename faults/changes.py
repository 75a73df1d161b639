"""L-17: what one node changed is in force at the other within a second."""

from collections.abc import Mapping

from bench import fill, node_changes, node_pair
from bench.fill import Shape
from faults.outcome import Outcome, Row, at_most, none_of, told
from faults.postgresql import cluster
from faults.size import Size, Stage

TITLE = "a change in force at the other node"
STORES = ("postgresql",)
CHANGES: Mapping[Size, int] = {Size.WHOLE: 1_000, Size.QUICK: 60, Size.SHORT: 9}
IN_FORCE_S = 1.0


def run(stage: Stage) -> Outcome:
    """Disable clients, remove secrets and add roles at one node, and ask the other."""
    changes = CHANGES[stage.size]
    with cluster() as database:
        filled = fill.house(stage.folder / "store", database.fresh(), Shape(1, changes, 1))
        with node_pair.two_nodes(filled) as pair:
            found = node_changes.measure(filled, pair, changes)
    every = found["all"]
    spread = f"{every['median_ms']:.0f} ms, p99 {every['p99_ms']:.0f} ms"
    return Outcome(
        "L-17",
        stage.store,
        f"{changes} changes: clients disabled, secrets removed, roles added",
        Row(recovery=every["max_ms"] / 1000),
        (
            at_most("the longest", every["max_ms"] / 1000, IN_FORCE_S, " s"),
            none_of("not in force at once where it was made", found["late_at_home"]),
            told("median", spread),
        ),
    )
