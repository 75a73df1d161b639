"""What a fault came to: a row of the table, and the bars that it was held to."""

from collections.abc import Sequence
from typing import NamedTuple

from faults.reckoning import Reckoning
from faults.tally import Tally


class Bar(NamedTuple):
    """Something that was promised, and whether it was kept."""

    promise: str
    found: str
    is_met: bool


class Row(NamedTuple):
    """The figures that every fault tells, where it has them; times in seconds."""

    acknowledged: int | None = None
    lost: int | None = None
    doubled: int | None = None
    server_errors: int | None = None
    other: int | None = None
    longest_gap: float | None = None
    recovery: float | None = None

    def reckoned(self, reckoning: Reckoning) -> "Row":
        """The row with what became of the writes."""
        return self._replace(
            acknowledged=reckoning.acknowledged,
            lost=len(reckoning.lost),
            doubled=len(reckoning.doubled),
        )


class Outcome(NamedTuple):
    """A fault on a store: what was done, the row, and the bars."""

    fault: str
    store: str
    done: str
    """What was run, in a sentence, with its numbers."""
    row: Row
    bars: tuple[Bar, ...]
    seconds: float = 0.0
    skipped: str | None = None
    """Why it was not run."""

    @property
    def is_met(self) -> bool:
        """Whether it ran and kept all that was promised."""
        return self.skipped is None and all(bar.is_met for bar in self.bars)


def at_most(promise: str, found: float, most: float, unit: str = "") -> Bar:
    """A bar that a number must not pass."""
    return Bar(f"{promise} at most {_said(most)}{unit}", _said(found) + unit, found <= most)


def at_least(promise: str, found: float, least: float, unit: str = "") -> Bar:
    """A bar that a number must reach."""
    return Bar(f"{promise} at least {_said(least)}{unit}", _said(found) + unit, found >= least)


def none_of(promise: str, found: int) -> Bar:
    """A bar of what must not happen at all."""
    return Bar(f"{promise}: none", str(found), found == 0)


def nothing_lost(reckoning: Reckoning) -> tuple[Bar, ...]:
    """The bars of every fault under load; the first few that are missing are named."""
    asked_twice = _first(reckoning.unanswered)
    return (
        holds("nothing acknowledged is lost", said=_first(reckoning.lost)),
        holds("nothing is used twice", said=_first(reckoning.doubled)),
        *((told("asked twice when all was read back", asked_twice),) if asked_twice else ()),
    )


def holds(promise: str, *, said: str = "") -> Bar:
    """A bar that holds if nothing is said against it."""
    return Bar(promise, said or "yes", not said)


def told(what: str, found: str) -> Bar:
    """A figure without a bar."""
    return Bar(f"{what} (no bar)", found, is_met=True)


def skipped(fault: str, store: str, why: str) -> Outcome:
    """A fault that could not be run here."""
    return Outcome(fault, store, "", Row(), (), skipped=why)


def broken_off(fault: str, store: str, why: str) -> Outcome:
    """A fault whose trial did not come to its end, which keeps no promise."""
    return Outcome(fault, store, "broken off", Row(), (holds("it comes to its end", said=why),))


def row_of(figures: Tally, recoveries: Sequence[float] = ()) -> Row:
    """The row of a run whose writes are reckoned up apart."""
    return Row(
        server_errors=figures.server_errors,
        other=figures.other,
        longest_gap=figures.longest_gap,
        recovery=max(recoveries, default=None),
    )


def _first(faults: Sequence[str]) -> str:
    return f"{len(faults)}: {'; '.join(faults[:3])}" if faults else ""


def _said(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:.2f}"
