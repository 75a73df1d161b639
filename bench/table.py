"""What was measured of the foundation, as tables to read."""

from collections.abc import Iterator
from typing import Any

from bench import memory, portal, scale, start


def told(results: dict[str, Any]) -> str:
    """The whole report, as Markdown."""
    parts = (_scale, _portal, _start, _memory)
    return "\n".join(line for part in parts for line in part(results)).strip()


def _scale(results: dict[str, Any]) -> Iterator[str]:
    for store, rows in results["scale"].items():
        title = f"Clients at scale, {store}: median ms a request in {results['rounds']} rounds"
        yield from _compared(results, title, rows, scale.BAR)


def _portal(results: dict[str, Any]) -> Iterator[str]:
    for store, rows in results["portal"].items():
        title = f"The portal's list at scale, {store}: median ms a page"
        yield from _compared(results, title, rows, portal.BAR)


def _compared(
    results: dict[str, Any], title: str, rows: dict[str, Any], bar: float
) -> Iterator[str]:
    yield from (
        "",
        f"### {title}",
        "",
        f"| request | {results['few']} clients | {results['many']} | ratio | halves | bar |",
        "|---|---|---|---|---|---|",
    )
    for name, row in rows.items():
        yield (
            f"| {name} | {row['few_ms']:.2f} | {row['many_ms']:.2f} | {row['ratio']:.2f} "
            f"| {row['ratio_low']:.2f} to {row['ratio_high']:.2f} "
            f"| {_met(row['ratio'], bar)} |"
        )


def _start(results: dict[str, Any]) -> Iterator[str]:
    row = results["start"]
    imports = ", ".join(f"{name} {spent:.0f}" for name, spent in row["imports_ms"].items())
    yield from (
        "",
        "### Start on an existing SQLite store",
        "",
        "| | seconds | bar |",
        "|---|---|---|",
        f"| start to first token | {row['seconds']:.2f} | {_met(row['seconds'], start.BAR_S)} |",
        f"| fastest and slowest | {row['lowest']:.2f} to {row['highest']:.2f} | |",
        f"| processor time in it | {row['cpu_seconds']:.2f} | |",
        f"| Python with all imports, alone | {row['import_seconds']:.2f} | |",
        "",
        f"Milliseconds of a package's own modules (-X importtime): {imports}.",
    )


def _memory(results: dict[str, Any]) -> Iterator[str]:
    names = {
        "after_start": "one worker, after start",
        "after_requests": f"one worker, after {memory.REQUESTS} token requests",
        "two_workers_and_launcher": "two workers and their launcher, after as many",
    }
    yield from ("", "### Memory in MB", "", "| | RSS | PSS | bar |", "|---|---|---|---|")
    for key, name in names.items():
        row = results["memory"][key]
        bar = _met(row["rss_mb"], memory.BAR_MB) if name.startswith("one") else ""
        yield f"| {name} | {row['rss_mb']:.0f} | {row['pss_mb']:.0f} | {bar} |"


def _met(value: float, bar: float) -> str:
    return "met" if value <= bar else f"MISSED ({bar})"
