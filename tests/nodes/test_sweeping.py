"""One process of all nodes sweeps, and waits for nobody."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from gatepost.app import open_house
from gatepost.settings import read_settings
from gatepost.storage import sweeping
from gatepost.storage.engine import make_engine, transaction
from tests.cli.program import Place, postgresql_place
from tests.nodes.cluster import folder_of, seen

OVERDUE = """
    INSERT INTO attempts (tenant_id, key, ends_at)
    SELECT '', decode(lpad(n::text, 8, '0'), 'hex'), 1 FROM generate_series(1, 2500) AS n
"""
COUNT = "SELECT count(*) FROM attempts"
LEASE = "SELECT holder FROM leases WHERE office = 'sweeper'"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A founded store with rows to be swept."""
    made = postgresql_place(tmp_path)
    made.init()
    made.rows(OVERDUE)
    return made


def test_who_holds_no_lease_sweeps_nothing(place: Place) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)  # one for longer is held by a wrong clock
    held = f"INSERT INTO leases VALUES ('sweeper', 'another', {int(soon.timestamp() * 1_000_000)})"
    place.rows(held)
    with folder_of(place, 0).serving("--workers", "2") as node:
        # at its end too the clerk asks whether it is to sweep
        assert node.stop() == 0
    assert place.rows(COUNT) == [(2500,)]
    assert place.rows(LEASE) == [("another",)]


def test_who_finds_the_lease_free_sweeps_all(place: Place) -> None:
    place.rows("INSERT INTO leases VALUES ('sweeper', 'another', 1)")
    with folder_of(place, 0).serving("--workers", "2"), folder_of(place, 1).serving():
        assert seen(lambda: place.rows(COUNT) == [(0,)])
        ((holder,),) = place.rows(LEASE)
        assert holder != "another"


def test_rows_that_others_hold_are_passed_over(place: Place) -> None:
    house = open_house(read_settings(place.settings, None))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with psycopg.connect(place.settings["GATEPOST_DATABASE_URL"]) as other:
        other.execute("SELECT FROM attempts ORDER BY key LIMIT 3 FOR UPDATE")
        assert [sum(house.store.sweep(tomorrow, 1_000)) for _ in range(4)] == [
            *(1_000, 1_000, 497, 0)
        ]
    assert sum(house.store.sweep(tomorrow, 1_000)) == 3
    house.close()


def test_no_table_is_walked(place: Place) -> None:
    engine = make_engine(place.settings["GATEPOST_DATABASE_URL"])
    for statement in sweeping.statements(datetime.now(UTC), 1_000):
        with transaction(engine, writing=True) as connection:
            sweeping.swept(connection, statement)
            words = statement.compile(engine, compile_kwargs={"literal_binds": True})
            asked = f"EXPLAIN {words}"
            plan = "\n".join(connection.exec_driver_sql(asked).scalars())
        assert "Index" in plan
        assert "Seq Scan" not in plan, plan
    engine.dispose()
