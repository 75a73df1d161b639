"""Connections to the database that break off at one call, the nth that a request makes.

Every statement and every commit goes through them, those of the hot path too. The calls of the
threads that work behind the requests are not counted, because they come at moments of their own.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Engine, event

_BEHIND = ("watch", "usage", "courier", "MainThread")


class Break(Enum):
    """Whether the call is not made, or is made and its answer is lost."""

    BEFORE = "before"
    AFTER = "after"


class Fuse:
    """Counts the calls of requests, and breaks at one of them, once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: int | None = None
        self._when = Break.BEFORE
        self._calls = 0
        self.blown: str | None = None
        """The call at which it broke, in its first words."""

    def arm(self, at: int, when: Break) -> None:
        """Break at this call from now on, counted from 1."""
        with self._lock:
            self._at, self._when, self._calls, self.blown = at, when, 0, None

    def disarm(self) -> None:
        """Break no more."""
        with self._lock:
            self._at = None

    @contextmanager
    def call(self, words: str, broken: Exception) -> Iterator[None]:
        """One call, which may not be made, or may be made in vain."""
        when = self._hit(words)
        if when is Break.BEFORE:
            raise broken
        yield
        if when is Break.AFTER:
            raise broken

    def _hit(self, words: str) -> Break | None:
        with self._lock:
            if self._at is None or threading.current_thread().name.startswith(_BEHIND):
                return None
            self._calls += 1
            if self._calls != self._at:
                return None
            self.blown = " ".join(words.split()[:4])
            return self._when


@contextmanager
def balky(fuse: Fuse) -> Iterator[None]:
    """All engines open such connections in the block."""

    def connect(dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        if dialect.name == "sqlite":
            return sqlite3.connect(*arguments, **options, factory=_sqlite(fuse))
        return _postgresql(fuse).connect(*arguments, **options)

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)


def _sqlite(fuse: Fuse) -> type[sqlite3.Connection]:
    def broken() -> Exception:
        return sqlite3.OperationalError("disk I/O error")

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *values: Any) -> Any:
            with fuse.call(sql, broken()):
                return super().execute(sql, *values)

        def executemany(self, sql: str, values: Any) -> Any:
            with fuse.call(sql, broken()):
                return super().executemany(sql, values)

    class Connection(sqlite3.Connection):
        def cursor(self, _factory: Any = None) -> Any:
            return super().cursor(Cursor)

        def execute(self, sql: str, *values: Any) -> Any:
            return self.cursor().execute(sql, *values)

        def commit(self) -> None:
            with fuse.call("COMMIT", broken()):
                super().commit()

    return Connection


def _postgresql(fuse: Fuse) -> Any:
    """What breaks is closed too, as a connection is that the server has left."""

    def called(connection: Any, words: str, make: Callable[[], Any]) -> Any:
        broken = psycopg.OperationalError("the connection is lost")
        try:
            with fuse.call(words, broken):
                return make()
        except psycopg.OperationalError as fault:
            if fault is broken:
                connection.close()
            raise

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *values: Any, **more: Any) -> Any:
            make = partial(super().execute, query, *values, **more)
            return called(self.connection, str(query), make)

    class Connection(psycopg.Connection[Any]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.cursor_factory = Cursor

        def commit(self) -> None:
            called(self, "COMMIT", super().commit)

    return Connection
