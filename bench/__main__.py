"""Measures: `make bench`, or `make bench ARGS="tokens --quick"` for one family or a fast look.

Each family prints its tables. A whole run keeps its figures in bench/results and writes the tables
into docs/performance.md or docs/scale.md. Nothing fails but a server that does not answer: bars
are read, not asserted, because machines differ.
"""

import argparse
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from bench import machine, paper, progress
from bench.size import Size

FAMILIES: Mapping[str, str] = {
    "foundation": "bench.foundation",
    "tokens": "bench.tokens",
    "profile": "bench.profile",
    "flows": "bench.flows",
    "sizes": "bench.sizes",
    "nodes": "bench.nodes",
    "growth": "bench.grown",
    "simulation": "bench.simulation",
}
"""Each family's module, which is imported when it is its turn."""

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
ELSEWHERE = dict.fromkeys(("nodes", "growth", "simulation"), DOCUMENT.with_name("scale.md"))
"""Families whose tables stand in another document."""


class Family(Protocol):
    """What the module of a family has."""

    def measure(self, size: Size) -> dict[str, Any]:
        """Measure, and tell the figures."""

    def tables(self, results: dict[str, Any]) -> str:
        """The figures as tables, in Markdown."""


def main() -> None:
    """Measure the families that are named, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("families", nargs="*", help=f"of {', '.join(FAMILIES)}; all if none")
    parser.add_argument("--quick", action="store_true", help="a fast look, which is not kept")
    asked = parser.parse_args()
    unknown = [name for name in asked.families if name not in FAMILIES]
    if unknown:
        parser.error(f"no such family: {', '.join(unknown)}")
    for name in asked.families or FAMILIES:
        results, text = _measured(name, Size.QUICK if asked.quick else Size.WHOLE)
        print(text, flush=True)
        if not asked.quick:
            _keep(name, results, text)


def _measured(name: str, size: Size) -> tuple[dict[str, Any], str]:
    """The figures with their machine, and the tables."""
    progress.say(f"measuring {name}")
    family: Family = importlib.import_module(FAMILIES[name])
    before = machine.described()
    results = family.measure(size)
    where = before | {"load_after": machine.load_now()}
    return {"machine": where} | results, f"{machine.told(where)}\n\n{family.tables(results)}"


def _keep(name: str, results: dict[str, Any], text: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")
    document = ELSEWHERE.get(name, DOCUMENT)
    try:
        document.write_text(paper.placed(document.read_text(), name, text))
    except paper.NoPlaceError as error:
        progress.say(f"{document.name} was left as it is: {error}")


if __name__ == "__main__":
    main()
