"""The family "foundation": clients and the portal at scale, the start, a worker's memory."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench import memory, portal, progress, scale, start, stores, table
from bench.size import Size
from bench.stores import Filled
from gatepost.model.tenants import CLIENT_LIMIT
from tests import postgres

FEW = 100


class Amounts(NamedTuple):
    """How much is measured. There must be room for the one client that is created."""

    many: int
    rounds: int
    starts: int


_AMOUNTS: Mapping[Size, Amounts] = {
    Size.WHOLE: Amounts(many=CLIENT_LIMIT - 1, rounds=200, starts=7),
    Size.QUICK: Amounts(many=5_000, rounds=30, starts=3),
}


def measure(size: Size) -> dict[str, Any]:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="gatepost-bench-") as folder:
        return _measured(Path(folder), _AMOUNTS[size])


def tables(results: dict[str, Any]) -> str:
    """The whole report, as Markdown."""
    return table.told(results)


def _measured(folder: Path, size: Amounts) -> dict[str, Any]:
    progress.say("filling the stores")
    few = stores.sqlite_store(folder / "few", FEW)
    many = stores.sqlite_store(folder / "many", size.many)
    progress.say("start")
    started = start.measure(few, size.starts)
    progress.say("memory")
    held = memory.measure(few)
    progress.say("clients on SQLite")
    scaled = {"SQLite": scale.measure(few, many, size.rounds)}
    progress.say("portal on SQLite")
    pages = {"SQLite": portal.measure(few, many, size.rounds // 2)}
    scaled["PostgreSQL"], pages["PostgreSQL"] = _on_postgresql(folder, few, many, size.rounds)
    return {
        "rounds": size.rounds,
        "few": FEW,
        "many": size.many,
        "scale": scaled,
        "portal": pages,
        "start": started,
        "memory": held,
    }


def _on_postgresql(
    folder: Path, few: Filled, many: Filled, rounds: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same two stores on a private PostgreSQL that syncs to disk, as one in use does."""
    with postgres.server(durable=True) as address:
        progress.say("copying the stores to PostgreSQL")
        copies = [
            stores.copied(source, postgres.fresh_database(address), folder / name)
            for name, source in (("few-pg", few), ("many-pg", many))
        ]
        for copy in copies:
            _settle(copy.url)
        progress.say("clients on PostgreSQL")
        scaled = scale.measure(copies[0], copies[1], rounds)
        progress.say("portal on PostgreSQL")
        return scaled, portal.measure(copies[0], copies[1], rounds // 2)


def _settle(url: str) -> None:
    """Do now what autovacuum does within a minute, so that it does not do so meanwhile."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
