"""Breaks things: `make faults`, or `make faults ARGS="L-02 L-03 --quick"`.

Each fault is played on each store that it concerns. Every write that the server acknowledges is
recorded outside of it and looked for afterwards. What a fault came to is kept in faults/results and
written into docs/faults.md, unless it was only a quick look. The exit status is 1 when a promise
was broken; what cannot be run on this machine says why, and breaks none.
"""

import argparse
import importlib
import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from bench import machine, progress
from faults import outcome as outcomes
from faults import paper, records
from faults.here import NotHere, need_store
from faults.outcome import Outcome
from faults.records import Record
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
    parser.add_argument("--quick", action="store_true", help="a few rounds of each, only shown")
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--minutes", type=float, help="so long a soak (L-15) instead of 60")
    parser.add_argument("--keep", action="store_true", help="keep what a quick look came to too")
    asked = parser.parse_args()
    unknown = [name for name in asked.faults if name not in FAULTS]
    if unknown:
        parser.error(f"no such fault: {', '.join(unknown)}")
    # the product's own lines, in faults that have it in this process, are many and expected
    logging.disable()
    found = []
    for each in _played(asked):
        found.append(each)
        if asked.keep or not asked.quick:
            records.keep(each)
            paper.keep(DOCUMENT, tuple(records.kept()))
    print(paper.told(found), flush=True)
    sys.exit(not all(each.outcome.is_met for each in found if each.outcome.skipped is None))


def _played(asked: Any) -> Iterator[Record]:
    size = Size.QUICK if asked.quick else Size.WHOLE
    for name in asked.faults or FAULTS:
        fault: Fault = importlib.import_module(FAULTS[name])
        for store in fault.STORES:
            if asked.store not in {None, store}:
                continue
            progress.say(f"{name} {fault.TITLE}, {store}")
            where, before = machine.described(), machine.load_now()
            with tempfile.TemporaryDirectory(prefix="gatepost-faults-") as folder:
                # PostgreSQL runs as a user of its own, who has to get to a disk in there
                Path(folder).chmod(0o711)
                stage = Stage(Path(folder) / "store", store, size, asked.seed, asked.minutes)
                outcome = one(name, fault, stage)
            progress.say(paper.line(outcome))
            loads = before, machine.load_now()
            day = time.strftime("%Y-%m-%d", time.gmtime())
            yield Record(outcome, size.value, asked.seed, day, machine.told_alone(where), loads)


def one(name: str, fault: Fault, stage: Stage) -> Outcome:
    """Play a fault on a store. Whatever becomes of it, it comes to an outcome."""
    began = time.monotonic()
    try:
        need_store(stage.store)
        outcome = fault.run(stage)
    except NotHere as why:
        outcome = outcomes.skipped(name, stage.store, str(why))
    except Exception as fault_of_it:  # noqa: BLE001  (the next fault is played whatever this one did)
        traceback.print_exc()
        outcome = outcomes.broken_off(name, stage.store, f"{fault_of_it!r:.300}")
    return outcome._replace(seconds=time.monotonic() - began)


if __name__ == "__main__":
    main()
