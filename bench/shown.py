"""Rounds as tables to read, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def sides(summed: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Each side's medians, as `rounds.summed` gives them."""
    yield "| | a second | p50 ms | p99 ms | errors | PSS, MB |"
    yield "|---|---|---|---|---|---|"
    for name, row in summed.items():
        held = "" if row["pss_mb"] is None else f"{row['pss_mb']:.0f}"
        yield (
            f"| {name} | {row['per_second']:,.0f} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} "
            f"| {row['errors']} | {held} |"
        )


def ratios(told: Sequence[Mapping[str, Any]], of: str = "requests a second") -> Iterator[str]:
    """The ratios of something, as `rounds.ratios` gives them."""
    yield f"| {of} | to | ratio | lowest to highest |"
    yield "|---|---|---|---|"
    for row in told:
        yield (
            f"| {row['of']} | {row['to']} | {row['median']:.2f} "
            f"| {row['lowest']:.2f} to {row['highest']:.2f} |"
        )


def titled(title: str, *parts: Iterator[str]) -> Iterator[str]:
    """A heading, and tables with an empty line before each."""
    yield from ("", f"### {title}")
    for part in parts:
        yield ""
        yield from part
