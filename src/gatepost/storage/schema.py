"""The schema: which revision the store has, and how it is brought to the newest.

Alembic is imported only when there is something to migrate, because a start on a current store
must not wait for it. Migrating takes a lock, so that processes that start together migrate once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from gatepost.model.errors import StoreUnavailable
from gatepost.storage.engine import transaction

HEAD = "0007"
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = "gatepost migrations"


def revision(engine: Engine) -> str | None:
    """The revision of the store, or None when it is empty."""
    with _readable(), transaction(engine, writing=False) as connection:
        return _revision(connection)


def migrate(engine: Engine) -> bool:
    """Bring the store to the newest revision; True when there was something to do."""
    if _settled(revision(engine)):
        return False
    with _readable(), transaction(engine, writing=True) as connection:
        _lock(connection)
        if _settled(_revision(connection)):
            return False
        _upgrade(connection)
    return True


def _settled(found: str | None) -> bool:
    """Whether nothing is to be done; a store of a newer Gatepost is left alone."""
    if found is not None and found > HEAD:
        raise StoreUnavailable(f"its schema {found} is of a newer Gatepost than this, with {HEAD}")
    return found == HEAD


@contextmanager
def _readable() -> Iterator[None]:
    """What the database refuses here (it is no database, or has no such rights) is said so."""
    try:
        yield
    except DBAPIError as error:
        raise StoreUnavailable(str(error.orig).splitlines()[0]) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return row.version_num if row else None


def _lock(connection: Connection) -> None:
    """SQLite holds its one writer lock already; PostgreSQL waits here for another migrator."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 60000"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        key = func.hashtextextended(_LOCK_KEY, 0)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  (slow to import, needed once in a store's life)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
