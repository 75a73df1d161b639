"""The faults in their short versions: a few rounds each, by a seed, and every promise is kept.

How long things take, and how many requests are refused meanwhile, is told by `make faults`. Here
only what is lost, doubled or wrong counts.
"""

import importlib
from pathlib import Path

import pytest

from faults import paper
from faults.__main__ import FAULTS
from faults.outcome import Bar, Outcome
from faults.size import Size, Stage
from tests.faults.conftest import Stands

PLAYED = [
    ("L-01", "sqlite"),
    ("L-02", "sqlite"),
    ("L-02", "postgresql"),
    ("L-03", "postgresql"),
    ("L-06", "sqlite"),
    ("L-11", "postgresql"),
    ("L-12", "sqlite"),
    ("L-13", "sqlite"),
    ("L-13", "postgresql"),
    ("L-17", "postgresql"),
    ("L-18", "sqlite"),
]
SEEDS = {played: 1_000 + number for number, played in enumerate(PLAYED)}
"""Each its own, because the same chance would choose the same ids."""

WITH_THEIR_OWN = frozenset({"L-13", "L-17", "L-18"})


@pytest.mark.requirement("L-01", "L-02", "L-03", "L-06", "L-11", "L-12", "L-13", "L-17", "L-18")
@pytest.mark.parametrize(("fault", "store"), PLAYED)
def test_what_was_promised_is_kept(fault: str, store: str, stands: Stands, tmp_path: Path) -> None:
    module = importlib.import_module(FAULTS[fault])
    there = stands.on(store) if fault not in WITH_THEIR_OWN else None
    outcome: Outcome = module.run(
        Stage(tmp_path / "own", store, Size.SHORT, SEEDS[fault, store], stand=there)
    )
    broken = [bar for bar in outcome.bars if not bar.is_met and not _is_of_time(bar)]
    assert broken == [], paper.line(outcome)
    assert outcome.skipped is None


def _is_of_time(bar: Bar) -> bool:
    """Whether a slow machine alone may miss it: one that is busy refuses what waits too long."""
    return bar.promise.endswith(" s") or bar.promise.startswith(("failed requests", "failures of"))
