"""The family "growth": what a store grows by with each million tokens, and each million sign-ins.

Some are done over HTTP and counted: rows of each table, and bytes of the store when it is packed
(VACUUM), before and after. Then comes the sweep of a moment at which everything is over, and then
retention of the journal. What is left is what a store grows by for good.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import func, select

from bench import fill, progress, row_sizes, shown, signed_in
from bench.fill import Filled, Shape
from bench.grounds import POSTGRESQL, SQLITE
from bench.served import Running, serving
from bench.size import Size
from gatepost.services import retention
from gatepost.services.retention import RetentionRules
from gatepost.storage.engine import sqlite_path, transaction
from gatepost.storage.tables import metadata
from gatepost.system import SystemClock
from tests import postgres

MILLION = 1_000_000
TOKENS, SIGN_INS = "tokens of clients", "sign-ins with a code and a refresh"
BEFORE, SWEPT, TRIMMED = "before the sweep", "after it", "after the days of the journal"
_SHAPE = Shape(tenants=1, clients=20, users=20)
_BATCH = 1_000
_HEADS = 2
_OVER = timedelta(days=60)
_RULES = RetentionRules(timedelta(days=30), "all")


class Stock(NamedTuple):
    """What a store has: rows by table, and bytes when it is packed."""

    rows: Mapping[str, int]
    bytes_: int


class _Run(NamedTuple):
    """How many of each are done."""

    tokens: int
    sign_ins: int


_RUNS = {Size.QUICK: _Run(300, 20), Size.WHOLE: _Run(4_000, 250)}


def measure(size: Size) -> dict[str, Any]:
    """What is left of each kind of work on each database, for each one done."""
    run = _RUNS[size]
    work: Mapping[str, tuple[int, Callable[[Filled, Running, int], None]]] = {
        TOKENS: (run.tokens, signed_in.tokens),
        SIGN_INS: (run.sign_ins, signed_in.sign_ins),
    }
    told: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(prefix="gatepost-bench-") as name,
        postgres.server(durable=True) as address,
    ):
        for database in (SQLITE, POSTGRESQL):
            for number, (what, (times, do)) in enumerate(work.items()):
                progress.say(f"growth: {times:,} {what} on {database}")
                url = postgres.fresh_database(address) if database == POSTGRESQL else None
                folder = Path(name) / f"{database}-{number}"
                told.setdefault(what, {})[database] = _grown(folder, url, times, do)
    return {"done": run._asdict(), "work": told}


def tables(results: dict[str, Any]) -> str:
    """The figures, in Markdown."""
    lines = [*shown.titled("Growth by a million", _sizes(results["work"]))]
    for what, told in results["work"].items():
        rows = [*_rows(told)]
        if len(rows) > _HEADS:
            lines += shown.titled(f"Rows by a million {what}", iter(rows))
    done = results["done"]
    much = f"Measured on {done['tokens']:,} tokens and {done['sign_ins']:,} sign-ins, and scaled."
    lines += ["", f"{much} A use of a secret is counted in the secret's own row."]
    return "\n".join(lines).strip()


def _grown(
    folder: Path, url: str | None, times: int, do: Callable[[Filled, Running, int], None]
) -> dict[str, Any]:
    """What a store has more than at first, for each one done.

    Each client and each person has been there before, and that is over: the first use of a client
    and the consent of a person are not what a million more of the same grow by.
    """
    filled = fill.house(folder, url, _SHAPE)
    _serve(filled, lambda running: do(filled, running, _SHAPE.clients))
    later = SystemClock().now() + _OVER
    _sweep(filled, later)
    _trim(filled, later)
    first = _stock(filled)
    _serve(filled, lambda running: do(filled, running, times))
    told = {BEFORE: _more(first, _stock(filled), times)}
    _sweep(filled, later)
    told[SWEPT] = _more(first, _stock(filled), times)
    _trim(filled, later)
    return told | {TRIMMED: _more(first, _stock(filled), times)}


def _serve(filled: Filled, do: Callable[[Running], None]) -> None:
    """Until the server has ended, which writes down what it had counted."""
    with serving(filled.first) as running:
        do(running)


def _sweep(filled: Filled, later: datetime) -> None:
    with filled.open() as house:
        while any(house.store.sweep(later, _BATCH)):
            pass


def _trim(filled: Filled, later: datetime) -> None:
    """All events of now are older than is kept at that moment."""
    before = later - timedelta(days=30)
    with filled.open() as house:
        while retention.trim(house.world, filled.first.tenant_id, before, _RULES) >= _BATCH:
            pass


def _more(first: Stock, now: Stock, times: int) -> dict[str, Any]:
    """The difference, for each one done."""
    rows = {name: (now.rows[name] - first.rows[name]) / times for name in first.rows}
    return {
        "rows": {name: count for name, count in rows.items() if count},
        "bytes": (now.bytes_ - first.bytes_) / times,
    }


def _stock(filled: Filled) -> Stock:
    """What is there, once the store was packed."""
    path = sqlite_path(filled.first.url)
    size = _packed_server(filled.first.url) if path is None else _packed_file(path)
    with filled.open() as house, transaction(house.database.engine, writing=False) as connection:
        rows = {
            name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for name, table in metadata.tables.items()
        }
    return Stock(rows, size)


def _packed_file(path: Path) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def _packed_server(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM FULL")
    return row_sizes.database(url)


def _sizes(work: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    heads = [f"{said} {stage}" for stage in (BEFORE, SWEPT, TRIMMED) for said in ("rows", "MB")]
    yield f"| a million | database | {' | '.join(heads)} |"
    yield "|---" * (2 + len(heads)) + "|"
    for what, told in work.items():
        for database, stages in told.items():
            cells = [
                cell
                for stage in (BEFORE, SWEPT, TRIMMED)
                for cell in (
                    f"{MILLION * sum(stages[stage]['rows'].values()):,.0f}",
                    f"{stages[stage]['bytes']:,.0f}",  # bytes each are megabytes a million
                )
            ]
            yield f"| {what} | {database} | {' | '.join(cells)} |"


def _rows(told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of one database: both keep the same rows."""
    stages = next(iter(told.values()))
    yield f"| table | {BEFORE} | {SWEPT} | {TRIMMED} |"
    yield "|---|---|---|---|"
    for name in sorted({name for stage in stages.values() for name in stage["rows"]}):
        cells = [f"{MILLION * stages[stage]['rows'].get(name, 0):,.0f}" for stage in stages]
        yield f"| `{name}` | {' | '.join(cells)} |"
