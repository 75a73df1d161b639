"""The migrations make what the tables say, on both databases, and can be taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from gatepost.model.errors import StoreUnavailable
from gatepost.storage import flow_tables, schema
from gatepost.storage.engine import make_engine, transaction
from gatepost.storage.tables import metadata
from tests import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path / 'gatepost.db'}")
    else:
        made = make_engine(postgres.fresh_database(postgres.shared_server()))
    yield made
    made.dispose()


def test_migrating_an_empty_store_gives_the_tables(engine: Engine) -> None:
    assert schema.revision(engine) is None
    assert schema.migrate(engine)
    assert schema.revision(engine) == schema.HEAD
    assert not schema.migrate(engine)
    assert _differences(engine) == []
    assert _tables(engine) == {*metadata.tables, "alembic_version"}


def test_a_difference_would_be_seen(engine: Engine) -> None:
    schema.migrate(engine)
    with transaction(engine, writing=True) as connection:
        connection.execute(text("DROP TABLE device_codes"))
    assert any(flow_tables.device_codes.name in repr(found) for found in _differences(engine))


def test_down_to_nothing_and_up_again(engine: Engine) -> None:
    schema.migrate(engine)
    _downgrade(engine)
    assert _tables(engine) <= {"alembic_version"}
    assert schema.revision(engine) is None
    assert schema.migrate(engine)
    assert _differences(engine) == []


def test_the_head_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert scripts.get_heads() == [schema.HEAD]
    # the order of revisions is the order of their names, which tells older from newer
    walked = [script.revision for script in scripts.walk_revisions()]
    assert walked == sorted(walked, reverse=True)


def test_a_newer_store_is_left_alone(engine: Engine) -> None:
    schema.migrate(engine)
    with transaction(engine, writing=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer Gatepost"):
        schema.migrate(engine)


def test_an_acknowledged_write_is_a_kept_write(engine: Engine) -> None:
    asked = (
        {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        if engine.dialect.name == "sqlite"
        else {"fsync": "off", "statement_timeout": "5s", "lock_timeout": "2s", "TimeZone": "UTC"}
    )
    verb = "PRAGMA" if engine.dialect.name == "sqlite" else "SHOW"
    for writing in (False, True):
        with transaction(engine, writing=writing) as connection:
            found = {name: connection.execute(text(f"{verb} {name}")).scalar() for name in asked}
        assert found == asked


def test_postgresql_keeps_what_it_acknowledges_unless_its_owner_said_otherwise() -> None:
    """The server of most tests was told to be hasty; one that was told nothing is durable."""
    with postgres.server(durable=True) as url:
        engine = make_engine(url)
        try:
            with transaction(engine, writing=True) as connection:
                assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        finally:
            engine.dispose()


def _differences(engine: Engine) -> list[object]:
    with transaction(engine, writing=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        found: list[object] = compare_metadata(context, metadata)
    return found


def _tables(engine: Engine) -> set[str]:
    with transaction(engine, writing=False) as connection:
        return set(inspect(connection).get_table_names())


def _downgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with transaction(engine, writing=True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
