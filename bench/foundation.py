"""Measures what the foundation must reach: `make bench`, or `make bench ARGS=--quick`.

It prints tables and keeps the figures in bench/results/foundation.json. It fails for nothing but
a server that does not answer: bars are read, not asserted, because machines differ.
"""

import argparse
import json
import os
import platform
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench import memory, portal, scale, start, stores, table, tokens
from bench.stores import Filled
from gatepost.model.tenants import CLIENT_LIMIT
from tests import postgres

RESULTS = Path(__file__).parent / "results" / "foundation.json"
FEW = 100


class Size(NamedTuple):
    """How much is measured. There must be room for the one client that is created."""

    many: int
    rounds: int
    starts: int
    load_rounds: int
    load_seconds: int


WHOLE = Size(many=CLIENT_LIMIT - 1, rounds=200, starts=7, load_rounds=3, load_seconds=6)
QUICK = Size(many=5_000, rounds=30, starts=3, load_rounds=1, load_seconds=2)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="bench.foundation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fast look: fewer of everything")
    size = QUICK if parser.parse_args().quick else WHOLE
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-") as folder:
        results = _measured(Path(folder), size)
    print(table.told(results))
    if size is WHOLE:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _measured(folder: Path, size: Size) -> dict[str, Any]:
    machine = _machine()
    _say("filling the stores")
    few = stores.sqlite_store(folder / "few", FEW)
    many = stores.sqlite_store(folder / "many", size.many)
    _say("start")
    started = start.measure(few, size.starts)
    _say("memory")
    held = memory.measure(few)
    _say("tokens")
    issued = tokens.measure(few, size.load_rounds, size.load_seconds)
    _say("clients on SQLite")
    scaled = {"SQLite": scale.measure(few, many, size.rounds)}
    _say("portal on SQLite")
    pages = {"SQLite": portal.measure(few, many, size.rounds // 2)}
    scaled["PostgreSQL"], pages["PostgreSQL"] = _on_postgresql(folder, few, many, size.rounds)
    return {
        "machine": machine | {"load_after": os.getloadavg()[0]},
        "rounds": size.rounds,
        "few": FEW,
        "many": size.many,
        "scale": scaled,
        "portal": pages,
        "start": started,
        "memory": held,
        "tokens": issued,
    }


def _on_postgresql(
    folder: Path, few: Filled, many: Filled, rounds: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same two stores on a private PostgreSQL that syncs to disk, as one in use does."""
    with postgres.server(durable=True) as address:
        _say("copying the stores to PostgreSQL")
        copies = [
            stores.copied(source, postgres.fresh_database(address), folder / name)
            for name, source in (("few-pg", few), ("many-pg", many))
        ]
        for copy in copies:
            _settle(copy.url)
        _say("clients on PostgreSQL")
        scaled = scale.measure(copies[0], copies[1], rounds)
        _say("portal on PostgreSQL")
        return scaled, portal.measure(copies[0], copies[1], rounds // 2)


def _settle(url: str) -> None:
    """Do now what autovacuum does within a minute, so that it does not do so meanwhile."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": os.getloadavg()[0],
    }


def _processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _say(step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {step}", flush=True)


if __name__ == "__main__":
    main()
