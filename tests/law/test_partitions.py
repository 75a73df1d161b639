"""The stores work when PostgreSQL itself places the rows of each tenant, by a hash of its id.

A partition stands here for a shard: PostgreSQL asks of keys and unique constraints what databases
that spread over machines ask, namely that each has the tenant in it. What is unique across tenants
is then unique within a tenant only, and the three calls that notice are named.
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine, MetaData, Table, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError

from gatepost.storage.engine import make_engine
from gatepost.storage.sql_store import SqlStore
from gatepost.storage.tables import metadata
from tests import postgres
from tests.law.test_shards import OF_THE_DEPLOYMENT, UNIQUE_IN_THE_DEPLOYMENT
from tests.stores.examples import NOW, SECRETS, found_tenant
from tests.stores.isolation_flows import DIGEST
from tests.stores.isolation_rows import MARK, REFUSED, Row, Scene
from tests.stores.isolation_table import TABLES
from tests.stores.test_isolation import fill

SHARDS = 4


class Undone(Exception):
    """Ends a unit that is not to be kept."""


NOTICED = {
    "ClientStore.add": True,
    "DirectoryStore.reserve_id": True,
    "GrantStore.add_device_code": REFUSED,
}
"""Calls that give something else: they no longer see that another tenant has the same value.

The device code is refused later, because its client is of the other tenant.
"""


def spread_over_shards(table: Table) -> None:
    """Give a table its partitions, and the tenant to what is unique in it."""
    table.kwargs["postgresql_partition_by"] = "HASH (tenant_id)"
    for each in list(table.constraints):
        if isinstance(each, UniqueConstraint) and "tenant_id" not in each.columns:
            table.constraints.discard(each)
            table.append_constraint(UniqueConstraint("tenant_id", *each.columns.keys()))


def partitions_of(name: str) -> Iterator[str]:
    """The statements that make them."""
    for number in range(SHARDS):
        values = f"WITH (MODULUS {SHARDS}, REMAINDER {number})"
        yield f"CREATE TABLE {name}_{number} PARTITION OF {name} FOR VALUES {values}"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A database with all tables of tenants in partitions."""
    engine = make_engine(postgres.fresh_database(postgres.shared_server()))
    spread = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(spread)
    names = [name for name in spread.tables if name not in OF_THE_DEPLOYMENT]
    for name in names:
        spread_over_shards(spread.tables[name])
    with engine.begin() as connection:
        spread.create_all(connection)
        for statement in (each for name in names for each in partitions_of(name)):
            connection.execute(text(statement))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def store(engine: Engine) -> SqlStore:
    """The store on it."""
    return SqlStore(engine, SECRETS)


@pytest.fixture(scope="module")
def scene(store: SqlStore) -> Scene:
    """A tenant that has two of everything, and a twin that has one."""
    first, twin, empty = (found_tenant(store) for _ in range(3))
    ids = fill(store, first, MARK, size=2)
    fill(store, twin, "twin", size=1)
    return Scene(first, twin, empty, *ids)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (f"{protocol.__name__}.{name}", row)
        for protocol, rows in TABLES.items()
        for name, row in rows.items()
    ],
)
def test_each_call_finds_its_rows_in_the_partitions(
    store: SqlStore, scene: Scene, name: str, row: Row
) -> None:
    assert called_and_undone(store, row, scene) == NOTICED.get(name, row.twin)


def called_and_undone(store: SqlStore, row: Row, scene: Scene) -> object:
    """What a call gives in the twin, or that it was refused."""
    found: object = REFUSED
    with suppress(Undone, DBAPIError), store.writing(scene.twin) as unit:
        found = row.call(unit, scene)
        raise Undone
    return found


def test_rows_of_many_tenants_fall_on_all_partitions(store: SqlStore, engine: Engine) -> None:
    for _ in range(8 * SHARDS):
        found_tenant(store)
    with engine.connect() as connection:
        counted = [
            connection.scalar(text(f"SELECT count(*) FROM roles_{number}"))
            for number in range(SHARDS)
        ]
    assert all(counted)


def test_what_is_over_is_swept_from_all_partitions(store: SqlStore, scene: Scene) -> None:
    with store.reading(scene.first) as unit:
        assert unit.grants.refresh_token(DIGEST) is not None
    later = NOW.replace(year=NOW.year + 100)
    while any(store.sweep(later, 1_000)):
        pass
    with store.reading(scene.first) as unit:
        assert unit.grants.refresh_token(DIGEST) is None


def test_a_table_without_its_constraint_widened_is_refused(engine: Engine) -> None:
    table, column = next(iter(UNIQUE_IN_THE_DEPLOYMENT))
    statement = f"CREATE UNIQUE INDEX ON {table} ({column})"
    with engine.connect() as connection, pytest.raises(Exception, match="partitioning columns"):
        connection.execute(text(statement))
