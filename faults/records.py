"""What came of each fault when it was last played, kept as figures, and the document of them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from faults.outcome import Bar, Outcome, Row

FOLDER = Path(__file__).parent / "results"


class Record(NamedTuple):
    """An outcome, and under which circumstances it came about."""

    outcome: Outcome
    size: str
    seed: int
    day: str
    machine: str
    loads: tuple[float, float]
    """How many programs wanted its processors, before and after."""


def keep(record: Record, folder: Path = FOLDER) -> None:
    """Keep a record in place of the one before it of the same fault and store."""
    folder.mkdir(exist_ok=True)
    outcome = record.outcome
    told = record._asdict() | {
        "outcome": outcome._asdict()
        | {"row": outcome.row._asdict(), "bars": [bar._asdict() for bar in outcome.bars]}
    }
    file = folder / f"{outcome.fault}-{outcome.store}.json"
    file.write_text(json.dumps(told, indent=2) + "\n")


def kept(folder: Path = FOLDER) -> Iterator[Record]:
    """All records, by fault and store."""
    for file in sorted(folder.glob("L-*.json")):
        yield _record(json.loads(file.read_text()))


def _record(told: Mapping[str, Any]) -> Record:
    outcome = told["outcome"]
    parts = {"row": Row(**outcome["row"]), "bars": tuple(Bar(**bar) for bar in outcome["bars"])}
    more = {"outcome": Outcome(**{**outcome, **parts}), "loads": tuple(told["loads"])}
    return Record(**{**told, **more})
