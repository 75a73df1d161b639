"""Breaks things: `make faults`, or `make faults ARGS="L-02 L-03 --quick"`.

Each fault is played on each store that it concerns. Every write that the server acknowledges is
recorded outside of it and looked for afterwards. A whole run of all faults writes its table into
docs/faults.md. The exit status is 1 when a promise was broken.
"""

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from bench import machine, progress
from faults import paper
from faults.outcome import Outcome
from faults.size import Size, Stage

FAULTS = {
    "L-01": "faults.worker_killed",
    "L-02": "faults.server_killed",
    "L-03": "faults.database_killed",
    "L-04": "faults.database_stopped",
    "L-05": "faults.pool_exhausted",
    "L-06": "faults.writers",
    "L-07": "faults.disk_full",
    "L-08": "faults.clock",
    "L-09": "faults.slow_clients",
    "L-10": "faults.idle_connections",
    "L-11": "faults.rolling",
    "L-12": "faults.rotation",
    "L-13": "faults.migrating",
    "L-14": "faults.backups",
    "L-15": "faults.soak",
    "L-16": "faults.overload",
    "L-17": "faults.changes",
    "L-18": "faults.every_call",
    "L-19": "faults.fuzz",
}
"""Each fault's module, which is imported when it is its turn."""

DOCUMENT = Path(__file__).parent.parent / "docs" / "faults.md"
_SEED = 20_261


class Fault(Protocol):
    """What the module of a fault has."""

    TITLE: str
    STORES: Sequence[str]

    def run(self, stage: Stage) -> Outcome:
        """Break it, and tell what came of it."""


def main() -> None:
    """Play the faults that are named, or all."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("faults", nargs="*", help=f"of {', '.join(FAULTS)}; all if none")
    parser.add_argument("--quick", action="store_true", help="a few rounds of each")
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--keep", action="store_true", help="write the table into docs/faults.md")
    asked = parser.parse_args()
    unknown = [name for name in asked.faults if name not in FAULTS]
    if unknown:
        parser.error(f"no such fault: {', '.join(unknown)}")
    before = machine.described()
    size = Size.QUICK if asked.quick else Size.WHOLE
    found = list(_played(asked.faults or list(FAULTS), asked.store, (size, asked.seed)))
    where = machine.told(before | {"load_after": machine.load_now()})
    text = paper.told(found, f"{where} Seed {asked.seed}, {size.value}.")
    print(text)
    if asked.keep:
        paper.keep(DOCUMENT, text)
    sys.exit(not all(each.is_met for each in found if each.skipped is None))


def _played(names: Sequence[str], store: str | None, how: tuple[Size, int]) -> Iterator[Outcome]:
    for name in names:
        fault: Fault = importlib.import_module(FAULTS[name])
        for each in fault.STORES:
            if store in {None, each}:
                progress.say(f"{name} {fault.TITLE}, {each}")
                outcome = _one(fault, each, how)
                progress.say(paper.line(outcome))
                yield outcome


def _one(fault: Fault, store: str, how: tuple[Size, int]) -> Outcome:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gatepost-faults-") as folder:
        outcome = fault.run(Stage(Path(folder), store, *how))
    return outcome._replace(seconds=time.monotonic() - began)


if __name__ == "__main__":
    main()
