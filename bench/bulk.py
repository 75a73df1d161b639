"""Writing rows by the million, straight into either database.

`hurried` is for a store that nobody serves yet: nothing is kept safe or checked on the way, and a
fill that breaks off is thrown away. `beside` adds rows to a store that is being served.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from bench.molds import Castings
from gatepost.storage.engine import sqlite_path

_SQLITE_IN_A_HURRY = (
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "cache_size=-400000",
)
_PATIENCE_S = 30


class Writer(Protocol):
    """Takes rows."""

    def write(self, castings: Castings) -> None:
        """Write all of them."""


@contextmanager
def hurried(url: str) -> Iterator[Writer]:
    """Write to a store that nobody else has open."""
    path = sqlite_path(url)
    writing = _hurried_sqlite(path) if path else _hurried_postgresql(url)
    with writing as writer:
        yield writer


@contextmanager
def beside(url: str) -> Iterator[Writer]:
    """Write in one transaction to a store that is in use."""
    path = sqlite_path(url)
    if path is None:
        with psycopg.connect(url) as connection:
            yield _Postgresql(connection)
        return
    with closing(sqlite3.connect(path, _PATIENCE_S, isolation_level=None)) as connected:
        connected.execute("BEGIN IMMEDIATE")
        yield _Sqlite(connected)
        connected.execute("COMMIT")


def settle(url: str) -> None:
    """Do now what PostgreSQL does within minutes by itself, so that it does not do so meanwhile."""
    if sqlite_path(url) is None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def write(self, castings: Castings) -> None:
        """Insert row by row."""
        for (table, columns), rows in castings.items():
            places = ", ".join("?" * len(columns))
            # The names are those of the product's own tables.
            statement = f'INSERT INTO {table} ("{_listed(columns)}") VALUES ({places})'  # noqa: S608
            self._connection.executemany(statement, rows)


class _Postgresql:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def write(self, castings: Castings) -> None:
        """Copy all rows of a table at once."""
        for (table, columns), rows in castings.items():
            named = sql.SQL(", ").join(map(sql.Identifier, columns))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), named)
            with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)


@contextmanager
def _hurried_sqlite(path: Path) -> Iterator[Writer]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in _SQLITE_IN_A_HURRY:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        yield _Sqlite(connection)
        connection.execute("COMMIT")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


@contextmanager
def _hurried_postgresql(url: str) -> Iterator[Writer]:
    """Foreign keys are looked at for each row by triggers, which this session leaves out."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        yield _Postgresql(connection)


def _listed(columns: tuple[str, ...]) -> str:
    return '", "'.join(columns)
