from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.molds import Catching, Mold, Target, raw
from gatepost.app import House, prepare_house
from gatepost.storage.engine import transaction
from gatepost.storage.tables import client_secrets, clients, counts
from tests.served import sqlite_settings

MARK, NUMBER = "mark-of-tenant", "9090909"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = prepare_house(sqlite_settings(tmp_path))
    yield made
    made.close()


def test_a_mark_is_replaced_where_it_stands_alone_and_within_a_text(house: House) -> None:
    caught = _caught(house, {"tenant_id": MARK, "what": f"things {NUMBER}", "n": 5})
    mold = Mold(caught, (MARK, NUMBER))
    assert mold.cast([("one", "1"), ("two", "2")]) == {
        Target("counts", ("tenant_id", "what", "n")): [
            ("one", "things 1", 5),
            ("two", "things 2", 5),
        ]
    }


def test_several_rows_of_a_table_are_cast_for_each_thing(house: House) -> None:
    rows = [{"tenant_id": MARK, "what": what, "n": n} for n, what in enumerate(("a", "b"))]
    mold = Mold(_caught(house, *rows), (MARK,))
    (cast,) = mold.cast([("one",)]).values()
    assert cast == [("one", "a", 0), ("one", "b", 1)]


def test_a_catching_unit_writes_nothing_and_remembers_what_is_counted(house: House) -> None:
    with transaction(house.database.engine, writing=False) as connection:
        work = Catching(connection)
        work.count_up("tenant", "clients", 1)
        work.count_up("tenant", "clients", 1)
        assert work.keep_books(counts.insert(), {"tenant_id": "t", "what": "w", "n": 1}) == 1
        assert work.change(counts.update().values(n=2)) == 0
        assert list(connection.execute(counts.select())) == []
    assert work.steps == {"clients": 2}
    assert work.only(counts) == {"tenant_id": "t", "what": "w", "n": 1}


def test_what_the_tables_fill_in_by_themselves_is_filled_in(house: House) -> None:
    with transaction(house.database.engine, writing=False) as connection:
        work = Catching(connection)
        work.add(client_secrets, {"tenant_id": MARK, "id": 1})
    ((target, rows),) = Mold(work, (MARK,)).cast([("one",)]).items()
    assert dict(zip(target.columns, rows[0], strict=True)) == {
        "tenant_id": "one",
        "id": 1,
        "use_count": 0,
    }


def test_values_are_cast_as_the_database_keeps_them(house: House) -> None:
    now = house.world.clock.now()
    assert raw(clients.c.created_at, now) == int(now.timestamp() * 1_000_000)
    assert raw(clients.c.next_expiry, None) == 10**18
    assert raw(clients.c.settings, {"Name": "Ünit"}) == '{"Name":"Ünit"}'


def _caught(house: House, *rows: dict[str, object]) -> Catching:
    with transaction(house.database.engine, writing=False) as connection:
        work = Catching(connection)
        work.add_all(counts, rows)
    return work
