"""A backup has the flows too, and fits the schema it was made of; as a program: tests/cli."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from gatepost.model.errors import BackupFault
from gatepost.storage.backup import backup, restore
from gatepost.storage.engine import Database, transaction
from gatepost.storage.schema import HEAD, migrate
from gatepost.storage.sql_store import SqlStore
from tests import postgres
from tests.stores.examples import NOW, SECRETS, found_tenant, recorded, seen
from tests.stores.flow_examples import Flow


def new_database(kind: str, folder: Path) -> Database:
    """An empty database."""
    if kind == "sqlite":
        return Database(f"sqlite:///{folder / 'new.db'}")
    return Database(postgres.fresh_database(postgres.shared_server()))


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_backup_has_what_the_flows_keep(source: str, target: str, tmp_path: Path) -> None:
    for folder in ("from", "to"):
        (tmp_path / folder).mkdir()
    database, copy = new_database(source, tmp_path / "from"), tmp_path / "copy.db"
    migrate(database.engine)
    store = SqlStore(database.engine, SECRETS)
    here = found_tenant(store)
    flow, key = Flow(store, here), b"\x00key\xff"
    with recorded(store, here) as unit:
        unit.sign_ins.save_attempts({key: NOW})
        unit.grants.revoke_token("a token", NOW)
    rows = backup(database, copy)
    other = new_database(target, tmp_path / "to")
    url = other.engine.url.set(drivername=target).render_as_string(hide_password=False)
    assert restore(copy, url) == rows
    restored = SqlStore(other.engine, SECRETS)
    assert seen(restored, here) == seen(store, here)
    with restored.reading(here) as unit:
        assert flow.kept(unit) == flow.whole
        assert unit.sign_ins.with_session([flow.digests.session]) == flow.sign_in
        assert unit.sign_ins.attempts([key]) == {key: NOW}
        assert unit.grants.is_revoked("a token")
    with restored.reading_all() as deployment:
        assert deployment.tenant_with_alias("MILL") == here
    for kept in (store, restored):
        kept.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_of_another_version_is_not_backed_up(kind: str, tmp_path: Path) -> None:
    database = new_database(kind, tmp_path)
    migrate(database.engine)
    with transaction(database.engine, writing=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        connection.execute(text("DROP TABLE passkeys"))
    with pytest.raises(BackupFault, match="another version"):
        backup(database, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    database.engine.dispose()


def test_a_backup_of_another_version_is_called_that(tmp_path: Path) -> None:
    database, copy = new_database("sqlite", tmp_path), tmp_path / "copy.db"
    migrate(database.engine)
    found_tenant(SqlStore(database.engine, SECRETS))
    backup(database, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [(HEAD,)]
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.execute("DROP TABLE passkeys")
    with pytest.raises(BackupFault, match="another version"):
        restore(copy, f"sqlite:///{tmp_path / 'restored.db'}")
    assert not (tmp_path / "restored.db").exists()
    database.engine.dispose()
