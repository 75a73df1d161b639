"""Connections: how each database is opened so that an acknowledged write is a kept write.

SQLite: WAL, synchronous FULL, foreign keys on, BEGIN IMMEDIATE for writers. PostgreSQL:
synchronous_commit stays on, statements and locks have time limits, a pool waits two seconds.
Nothing is kept in a session of the database, so that a pooler may give each transaction another
one (docs/decisions/0022).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gatepost.model.errors import Code, Refused, StoreUnavailable
from gatepost.model.setting_values import Pooler
from gatepost.storage.pools import WatchedPool

BUSY_TIMEOUT_MS = 5_000
POOL_WAIT_S = 2.0
_FILE_KEPT, _FILE_MOST = 8, 48
"""Connections to a file: each that is kept holds pages, so the last one used is used again."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-512")
"""Each commit of another connection empties the cache of pages (KiB): a large one helps nobody."""

_ALWAYS: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
    "hide_parameters": True,
}
_LIMITS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
}
_TOO_LARGE = "54000"  # among others an entry of an index with more than 2704 octets
_REFUSED_BY_POOLER = "unsupported startup parameter"
_OF_THE_SESSION = " ".join(f"-c {name}={value}" for name, value in _LIMITS.items())
_OF_THE_SESSION += " -c timezone=UTC"
_OF_THE_TRANSACTION = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', true)" for name, value in _LIMITS.items()
)


class Database:
    """A store by its address: the engine, and the file where it is one."""

    def __init__(self, url: str, pooler: Pooler = "none") -> None:
        self.path = sqlite_path(url)
        self.engine = make_engine(url, pooler)


def make_engine(url: str, pooler: Pooler = "none") -> Engine:
    """An engine for a `sqlite:///` or `postgresql://` address, which may be a pooler's."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if pooler == "transaction":
        return _behind_pooler(parsed)
    return _postgresql(parsed, {"options": _OF_THE_SESSION})


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite address, or None for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def _sqlite(url: URL) -> Engine:
    if url.database:
        _make_private_file(Path(url.database))
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        poolclass=WatchedPool,
        pool_size=_FILE_KEPT,
        max_overflow=_FILE_MOST - _FILE_KEPT,
        pool_timeout=POOL_WAIT_S,
        pool_use_lifo=True,
        **_ALWAYS,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("gatepost_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _make_private_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600, exist_ok=True)


def _behind_pooler(url: URL) -> Engine:
    """The session is another one in each transaction: it has no limits and knows no statements."""
    engine = _postgresql(url, {"prepare_threshold": None})

    @event.listens_for(engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(_OF_THE_TRANSACTION)

    return engine


def _postgresql(url: URL, session: dict[str, Any]) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            **session,
            "connect_timeout": 2,
            "keepalives_idle": 5,
            "tcp_user_timeout": 10_000,
        },
        poolclass=WatchedPool,
        pool_size=8,
        max_overflow=8,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        **_ALWAYS,
    )


@contextmanager
def transaction(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """One transaction: kept when the block ends, undone when it raises."""
    options: dict[str, Any] = {"gatepost_writing": writing}
    if engine.dialect.name == "postgresql" and not writing:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
    except IntegrityError:
        raise
    except (OperationalError, PoolTimeout) as error:
        if _state(error) == _TOO_LARGE:
            raise Refused(
                Code.INVALID_MEMBER,
                "A text is longer than the database can compare.",
                "Send a shorter text, or one with fewer unusual signs.",
            ) from error
        raise StoreUnavailable(_first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_passing(error):
            raise StoreUnavailable(_first_line(error)) from error
        raise


def _is_passing(error: DBAPIError) -> bool:
    """A state of the server that another try may not meet: standby, shutdown, out of room."""
    state = _state(error)
    return state[:2] in {"08", "25", "53", "57"} or state == "0A000"


def _state(error: BaseException) -> str:
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    said = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    if _REFUSED_BY_POOLER in said:
        return f"{said}; behind a pooler set GATEPOST_DATABASE_POOLER=transaction"
    return said
