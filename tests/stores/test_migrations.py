"""The migrations make what the tables say, on both databases, and can be taken back."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    inspect,
    select,
    text,
)

from gatepost.model.errors import StoreUnavailable
from gatepost.storage import flow_tables, schema
from gatepost.storage.engine import make_engine, transaction
from gatepost.storage.sql_store import SqlStore
from gatepost.storage.tables import metadata
from tests import postgres
from tests.stores.examples import ALL, LONG_AGO, SECRETS
from tests.stores.portal_examples import query

MADE_ANEW = {
    "sign_ins",
    "pending_requests",
    "families",
    "codes",
    "refresh_tokens",
    "device_codes",
}

# Rows of a store of 0002: of each table, what differs from the example of its columns.
_OF_MILL = {"tenant_id": "mill"}
_NAMELESS = {"given_name": None, "surname": None}
CHANGES: dict[str, tuple[dict[str, object], ...]] = {
    "tenants": ({"id": "mill"}, {"id": "twin"}),
    "users": (
        {**_OF_MILL, "id": "a", "given_name": "Kim", "surname": "M\u00dcLLER", "folded_email": "1"},
        {**_OF_MILL, "id": "b", "given_name": "KIM", "surname": None, "folded_email": None},
        {**_OF_MILL, **_NAMELESS, "id": "c", "folded_email": "folded of users"},
        {"tenant_id": "twin", "id": "a", "given_name": "Kim", "surname": "B"},
    ),
    "clients": tuple(
        {**_OF_MILL, "id": id_, "kind": "hybrid", "settings": {"Name": name}, "name": name}
        for id_, name in (("bare", "Press"), ("endless", "Hall-PRESS"), ("used", "M\u00dcLL"))
    ),
    "client_secrets": (
        {**_OF_MILL, "client_id": "endless", "id": 1, "expires_at": None, "last_used_at": 3},
        {**_OF_MILL, "client_id": "used", "id": 1, "expires_at": 70, "last_used_at": 9},
        {**_OF_MILL, "client_id": "used", "id": 2, "expires_at": 50, "last_used_at": 4},
        {**_OF_MILL, "client_id": "used", "id": 3, "expires_at": None, "last_used_at": None},
    ),
}


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
    _walk(engine, command.downgrade, "base")
    assert _tables(engine) <= {"alembic_version"}
    assert schema.revision(engine) is None
    assert schema.migrate(engine)
    assert _differences(engine) == []


@pytest.mark.parametrize("way", ["up", "up and down"])
def test_the_flows_come_to_a_store_with_rows(engine: Engine, way: str) -> None:
    _walk(engine, command.upgrade, "0001")
    with transaction(engine, writing=True) as connection:
        tables = _filled(connection)
        before = _rows(connection, tables)
    assert schema.migrate(engine)
    assert _differences(engine) == []
    with transaction(engine, writing=False) as connection:
        assert _rows(connection, tables) == before
        aliases = connection.execute(text("SELECT alias, folded_alias FROM tenants")).all()
    assert aliases == [("Alias of tenants: STRA\u00dfE", "alias of tenants: strasse")]
    if way == "up and down":
        _walk(engine, command.downgrade, "0001")
        with transaction(engine, writing=False) as connection:
            assert _rows(connection, tables) == before
            laid = MetaData()
            laid.reflect(connection)
        assert _shape(laid) == _shape(next(iter(tables.values())).metadata)
        assert schema.migrate(engine)
        assert _differences(engine) == []


def test_the_portal_finds_what_was_there(engine: Engine) -> None:
    _walk(engine, command.upgrade, "0002")
    with transaction(engine, writing=True) as connection:
        _portal_comes_to(connection)
        laid = MetaData()
        laid.reflect(connection)
    assert schema.migrate(engine)
    assert _differences(engine) == []
    store = SqlStore(engine, SECRETS)
    with store.reading("mill") as unit:
        listed = [unit.clients.listing(id_) for id_ in ("bare", "endless", "used")]
        assert [(one.next_expiry, one.last_used_at) for one in listed if one] == [
            (None, None),
            (None, _at(3)),
            (_at(50), _at(9)),
        ]
        by_use = query(kind="hybrid", order="used", descending=True)
        assert [one.client.settings.id for one in unit.clients.listed(by_use)] == [
            *("used", "endless", "bare")
        ]
        for search, sought in (
            ("press", ["endless", "bare"]),
            ("m\u00fc", ["used"]),
            ("USE", ["used"]),
        ):
            met = unit.clients.listed(query(kind="hybrid", search=search))
            assert sorted(one.client.settings.id for one in met) == sorted(sought)
        for search, wanted in (("m\u00fcller", ["a"]), ("kim", ["a", "b"]), ("of users", ["c"])):
            assert [one.id for one in unit.directory.found_users(search, ALL)] == wanted
    with store.reading("twin") as unit:
        assert [one.id for one in unit.directory.found_users("kim", ALL)] == ["a"]
    _walk(engine, command.downgrade, "0002")
    with transaction(engine, writing=False) as connection:
        again = MetaData()
        again.reflect(connection)
        assert _shape(again) == _shape(laid)
        names = connection.execute(text("SELECT given_name FROM users ORDER BY tenant_id, id"))
        assert [row.given_name for row in names] == ["Kim", "KIM", None, "Kim"]
    assert schema.migrate(engine)


@pytest.mark.requirement("R-83")
def test_ids_that_were_used_are_kept(engine: Engine) -> None:
    """Of an id that two tenants have, and of what was removed, as the journal tells."""
    _walk(engine, command.upgrade, "0006")
    with transaction(engine, writing=True) as connection:
        laid = MetaData()
        laid.reflect(connection)
        for name in ("tenants", "users", "clients"):
            row = {c.name: _example(c) for c in laid.tables[name].columns}
            for change in CHANGES[name]:
                connection.execute(laid.tables[name].insert(), {**row, **change})
        event = {c.name: _example(c) for c in laid.tables["events"].columns}
        removals = (("client.removed", "gone"), ("user.removed", "a"), ("client.changed", "x"))
        for seq, (action, target) in enumerate(removals):
            told = {"seq": seq, "action": action, "target": target, "tenant_id": "mill"}
            connection.execute(laid.tables["events"].insert(), {**event, **told})
    assert schema.migrate(engine)
    with transaction(engine, writing=False) as connection:
        kept = connection.execute(text("SELECT kind, id, tenant_id FROM reserved_ids")).all()
        verified = connection.execute(text("SELECT email_verified FROM users")).scalars()
        assert not any(verified)
    users = [("user", id_, "mill") for id_ in "abc"]
    clients = [("client", id_, "mill") for id_ in ("bare", "endless", "gone", "used")]
    assert sorted(tuple(row) for row in kept) == clients + users
    _walk(engine, command.downgrade, "0006")


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


def _walk(engine: Engine, walk: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with transaction(engine, writing=True) as connection:
        config.attributes["connection"] = connection
        walk(config, revision)


def _filled(connection: Connection) -> dict[str, Table]:
    """Put one row into each table of 0001 that 0002 keeps, and give those tables."""
    found = MetaData()
    found.reflect(connection)
    kept = [table for table in found.sorted_tables if table.name not in MADE_ANEW]
    for table in kept:
        if table.name != "alembic_version":
            connection.execute(table.insert(), {c.name: _example(c) for c in table.columns})
    return {table.name: table for table in kept if table.name != "alembic_version"}


def _portal_comes_to(connection: Connection) -> None:
    """Put people and clients with and without secrets into a store of 0002."""
    laid = MetaData()
    laid.reflect(connection)
    for name, changes in CHANGES.items():
        table = laid.tables[name]
        row = {c.name: _example(c) for c in table.columns}
        for change in changes:
            connection.execute(table.insert(), {**row, **change})


def _at(microseconds: int) -> datetime:
    return LONG_AGO + timedelta(microseconds=microseconds)


def _example(column: Column[Any]) -> object:
    """A value for a column; a reference is to the one row of its parent."""
    for key in column.foreign_keys:
        return _example(key.column)
    match column.type:
        case JSON():
            return {"of": str(column.table.name)}
        case Boolean():
            return True
        case Integer():
            return 7
        case LargeBinary():
            return b"\x00\xff"
        case _:
            street = ": STRA\u00dfE" if column.name == "alias" else ""
            return f"{column.name.capitalize()} of {column.table.name}{street}"


def _rows(connection: Connection, tables: dict[str, Table]) -> dict[str, list[Any]]:
    return {name: list(connection.execute(select(table))) for name, table in tables.items()}


def _shape(found: MetaData) -> dict[str, object]:
    """Columns, indexes and references of all tables."""
    return {
        table.name: (
            {(c.name, repr(c.type), c.nullable, c.primary_key) for c in table.columns},
            {(index.name, tuple(c.name for c in index.columns)) for index in table.indexes},
            {(key.parent.name, key.target_fullname, key.ondelete) for key in table.foreign_keys},
        )
        for table in found.sorted_tables
    }
