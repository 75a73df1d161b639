"""What the faults came to, as a table to read, and its place in the document."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.paper import placed
from faults.outcome import Outcome
from faults.records import Record
from faults.tally import BEYOND

PLACE = "faults"
_TITLES = (
    *("fault", "store", "acknowledged", "lost", "doubled", "5xx", "other"),
    *("gap s", "back s", "bars", "size", "s"),
)
_HEAD = (
    f"| {' | '.join(_TITLES)} |",
    "|---" * len(_TITLES) + "|",
)


def told(records: Sequence[Record]) -> str:
    """The whole report, as Markdown."""
    machines = [f"- {each}" for each in dict.fromkeys(record.machine for record in records)]
    rows = map(_row, records)
    return "\n".join((*machines, "", *_HEAD, *rows, "", *_details(records)))


def line(outcome: Outcome) -> str:
    """The same of one fault, in a line."""
    if outcome.skipped is not None:
        return f"{outcome.fault} {outcome.store}: not run, {outcome.skipped}"
    bars = "; ".join(
        f"{bar.promise}: {bar.found}{'' if bar.is_met else ' MISSED'}" for bar in outcome.bars
    )
    return f"{outcome.fault} {outcome.store}: {outcome.done}; {bars}"


def keep(document: Path, records: Sequence[Record]) -> None:
    """Write the report into its place in the document."""
    document.write_text(placed(document.read_text(), PLACE, told(records)))


def _row(record: Record) -> str:
    outcome, row = record.outcome, record.outcome.row
    counts = (row.acknowledged, row.lost, row.doubled, row.server_errors, row.other)
    times = (row.longest_gap, row.recovery)
    cells = [outcome.fault, outcome.store, *map(_count, counts), *map(_time, times)]
    how = [_verdict(outcome), record.size, f"{outcome.seconds:.0f}"]
    return f"| {' | '.join(cells + how)} |"


def _details(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        outcome, (before, after) = record.outcome, record.loads
        if outcome.skipped is None:
            yield (
                f"- **{outcome.fault} {outcome.store}**: {outcome.done}. On {record.day}, "
                f"{record.size}, seed {record.seed}; load average {before:.1f} before and "
                f"{after:.1f} after."
            )
            for bar in outcome.bars:
                yield f"  - {bar.promise}: {bar.found}{'' if bar.is_met else ' (**MISSED**)'}"


def _verdict(outcome: Outcome) -> str:
    if outcome.skipped is not None:
        return f"not run: {outcome.skipped}"
    missed = sum(not bar.is_met for bar in outcome.bars)
    return "kept" if not missed else f"**{missed} of {len(outcome.bars)} MISSED**"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return "never" if seconds == BEYOND else f"{seconds:.2f}"
