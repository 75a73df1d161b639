"""Backup and restore: a backup is itself an embedded store, whatever it was made from.

SQLite is copied by its online backup, PostgreSQL table by table within one snapshot, so that
either is consistent at one moment while others go on writing.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, insert, select

from gatepost.model.errors import BackupFault
from gatepost.model.setting_values import Pooler
from gatepost.storage import flow_tables, journal_tables, portal_tables, schema
from gatepost.storage.engine import Database, transaction
from gatepost.storage.tables import metadata

_BATCH = 1_000
_LAID = (flow_tables.__name__, journal_tables.__name__, portal_tables.__name__)


def backup(source: Database, target: Path) -> int:
    """Copy a store into a new file while it is in use; the number of rows."""
    if target.exists():
        raise BackupFault(f"{target} exists already. Name a new file.")
    found = schema.revision(source.engine)
    if found is None:
        raise BackupFault("The store is empty; there is nothing to back up.")
    if found != schema.HEAD:
        raise BackupFault(
            "The store is of another version of Gatepost. Back it up with that, or bring it to "
            "this one first: gatepost migrate"
        )
    _make_private(target)
    try:
        if source.path is not None:
            _copy_file(source.path, target)
        else:
            _copy_snapshot(source.engine, target)
        return _sealed(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def restore(source: Path, target_url: str, pooler: Pooler = "none") -> int:
    """Fill an empty store from a backup; refuses to overwrite."""
    if not source.is_file():
        raise BackupFault(f"{source} is not there. Name a file that gatepost backup wrote.")
    rows = _checked(source)
    target = Database(target_url, pooler)  # not before, because this makes an embedded store
    try:
        if not _is_empty(target.engine):
            raise BackupFault(
                "The store is not empty, and restore does not overwrite. Move it away."
            )
        if target.path is None:
            _fill(target.engine, source)
    finally:
        target.engine.dispose()
    if target.path is not None:
        _copy_file(source, target.path)
    return rows


def _fill(target: Engine, source: Path) -> None:
    schema.migrate(target)
    with (
        create_engine("sqlite://", creator=lambda: _reader(source)).connect() as here,
        transaction(target, writing=True) as there,
    ):
        _copy_rows(here, there)
        there.exec_driver_sql("ANALYZE")


def _is_empty(engine: Engine) -> bool:
    """Whether a store has no schema, or the newest without a row."""
    found = schema.revision(engine)
    if found != schema.HEAD:
        return found is None
    with transaction(engine, writing=False) as connection:
        return all(
            connection.execute(select(table).limit(1)).first() is None
            for table in metadata.sorted_tables
        )


def _reader(path: Path) -> sqlite3.Connection:
    """A backup as it is: nothing is written to it, or beside it."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _copy_file(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)


def _copy_snapshot(engine: Engine, target: Path) -> None:
    copy = Database(f"sqlite:///{target}")
    schema.migrate(copy.engine)
    with (
        transaction(engine, writing=False) as here,
        transaction(copy.engine, writing=True) as there,
    ):
        _copy_rows(here, there)
    copy.engine.dispose()


def _copy_rows(here: Connection, there: Connection) -> None:
    for connection in (here, there):
        if connection.dialect.name == "postgresql":
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
    for table in metadata.sorted_tables:
        result = here.execution_options(yield_per=_BATCH).execute(select(table))
        for batch in result.mappings().partitions(_BATCH):
            there.execute(insert(table), [dict(row) for row in batch])


def _make_private(path: Path) -> None:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise BackupFault(f"{path} cannot be made: {error.strerror}.") from None


def _sealed(path: Path) -> int:
    """Make the copy one whole file, without a write-ahead log beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return _checked(path)


def _checked(path: Path) -> int:
    """The number of rows in a backup; refuses what is not a whole one."""
    try:
        with closing(_reader(path)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            # only then, because another version has other tables
            rows = _count(connection) if whole and found == schema.HEAD else None
    except sqlite3.DatabaseError:
        raise BackupFault(f"{path} is not a backup of Gatepost.") from None
    if rows is None:
        raise BackupFault(f"{path} is damaged or of another version of Gatepost.")
    return rows


def _count(connection: sqlite3.Connection) -> int:
    return sum(
        connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]  # noqa: S608  (our own table names)
        for table in metadata.sorted_tables
    )
