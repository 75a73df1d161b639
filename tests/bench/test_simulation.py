import json
from pathlib import Path

import pytest

from bench import growth, kept, simulated
from bench.fill import Shape
from bench.growth import Cost, Habits, Machines, Measured, Population, Rates
from bench.row_sizes import Table, things

BYTES = {
    "client": 5_000.0,
    "person": 2_000.0,
    "tenant": 10_000.0,
    "sign-in": 700.0,
    "family": 800.0,
    "refresh token": 500.0,
    "sealed successor": 100.0,
    "code": 600.0,
    "event": 700.0,
    "card": 2_000.0,
}
MEASURED = Measured(
    card=Cost(0.5, 0.1, 1_000),
    store=Cost(2.5, 1.1, 1_200),
    refresh=Cost(4, 2, 2_000),
    sign_in=Cost(50, 10, 10_000),
    change=Cost(10, 4, 5_000),
    bytes_of=BYTES,
    cards_kept=32_768,
    worker_mb=60,
    commits_a_second=2_000,
    turn_ms=5,
    token_bytes=2_000,
)
NOBODY = Population(3_600, 0, 100)
STEADY = Habits(changes_a_tenant_a_day=0)


@pytest.mark.parametrize(
    ("who", "outage", "expected"),
    [
        (Population(3_600, 0, 1), 0, Rates(1, 0, 0, 0)),
        (Population(3_600, 0, 1), 1, Rates(6, 0, 0, 0)),
        (Population(0, 7_200, 1), 0, Rates(0, 1, 0.8, 0)),
        (Population(0, 0, 8_640), 0, Rates(0, 0, 0, 1)),
    ],
)
def test_rates_are_of_the_busiest_hour(who: Population, outage: float, expected: Rates) -> None:
    found = growth.rates(who, Habits(), outage=outage)
    assert found[:3] == pytest.approx(expected[:3])
    if who.tenants > 1:
        assert found.changes == pytest.approx(expected.changes)


@pytest.mark.parametrize(
    ("devices", "asked", "kept_cards", "workers", "expected"),
    [
        (1_000, Rates(0, 0, 0, 0), 1_000, 1, 0),
        (1_000, Rates(1, 0, 0, 0), 1_000, 1, 1),
        (1_000, Rates(1, 0, 0, 0), 500, 1, 0.5),
        # each device comes once in 1,000 s, and a number of the epochs moves as often
        (1_000, Rates(1, 0, 0.1, 0), 1_000, 1, 0.5),
        # two workers: a device meets each of them half as often
        (1_000, Rates(1, 0, 0.1, 0), 1_000, 2, 1 / 3),
    ],
)
def test_a_card_is_met_again_if_there_is_room_and_nothing_changed(
    devices: int, asked: Rates, kept_cards: int, workers: int, expected: float
) -> None:
    found = growth.share_from_card(asked, Population(devices, 0, 100), kept_cards, workers)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (Population(1_000, 0, 0), 5_000_000),
        (Population(0, 0, 10), 100_000),
        # two sign-ins a day, a third of a day kept, five refresh tokens each, four events a day
        (Population(0, 300, 0), 300 * 2_000 + 200 * (2_100 + 5 * 600) + 1_200 * 365 * 700),
    ],
)
def test_storage_is_what_the_rows_add_up_to(who: Population, expected: float) -> None:
    assert growth.storage(who, STEADY, BYTES) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("asked", "workers", "expected"),
    [
        (Rates(5, 0, 0, 0), 10, 5),
        (Rates(500, 0, 0, 0), 10, 10),
        (Rates(500, 0, 0, 0), 30, 30),
        (Rates(0, 7, 2, 1), 10, 20),
    ],
)
def test_counts_of_use_are_written_together(asked: Rates, workers: int, expected: float) -> None:
    assert growth.commits(asked, Habits(), workers) == expected


def test_a_small_fleet_is_carried_by_one_worker_from_its_cards() -> None:
    needed = growth.needs(NOBODY, MEASURED, STEADY, Machines())
    assert needed.from_card == 1
    assert needed.node_cores == pytest.approx(0.0005)
    assert needed.database_cores == pytest.approx(0.0001)
    assert (needed.workers, needed.nodes, needed.databases) == (1, 1, 1)
    assert needed.cards_mb == pytest.approx(7.2)
    assert needed.memory_gb == pytest.approx(0.0672)
    assert needed.wal_mb_s == pytest.approx(0.001)
    assert needed.network_mbit_s == pytest.approx(0.016)


def test_a_large_fleet_reads_the_store_and_needs_more_than_one_database() -> None:
    needed = growth.needs(Population(10**9, 10**8, 10**6), MEASURED, Habits(), Machines())
    assert needed.from_card < 0.001
    assert needed.databases > 1
    assert needed.first_limit == "commits"
    assert needed.workers >= needed.node_cores
    assert needed.nodes * Machines().cores_a_node >= needed.workers


@pytest.mark.parametrize("devices", [10**4, 10**6, 10**8])
def test_more_devices_never_need_less(devices: int) -> None:
    def needs(n: int) -> tuple[float, ...]:
        found = growth.needs(Population(n, n // 10, n // 100), MEASURED, Habits(), Machines())
        return found.node_cores, found.database_cores, found.storage_gb, found.databases

    assert all(a <= b for a, b in zip(needs(devices), needs(10 * devices), strict=True))


def test_after_an_outage_more_is_needed_and_nothing_more_is_stored() -> None:
    who = Population(10**6, 10**5, 10**3)
    usual = growth.needs(who, MEASURED, Habits(), Machines())
    after = growth.needs(who, MEASURED, Habits(), Machines(), outage=1)
    assert after.rates.tokens == pytest.approx(6 * usual.rates.tokens)
    assert after.node_cores > usual.node_cores
    assert after.storage_gb == usual.storage_gb


def test_one_tenant_has_as_many_changes_as_turns() -> None:
    assert growth.of_one_tenant(MEASURED) == 200


def test_the_bytes_of_a_thing_are_those_of_its_tables() -> None:
    names = (
        *("clients", "client_words", "client_tags", "client_roles", "client_secrets"),
        *("users", "user_roles", "passwords", "tenants", "roles", "counts", "journal_heads"),
        *("sign_ins", "families", "refresh_tokens", "codes", "events"),
    )
    found = things({name: Table(1_000, 10) for name in names}, Shape(5, 10, 20))
    assert found["client"] == 500
    assert found["person"] == 150
    assert found["tenant"] == 800
    assert found["event"] == 100


def test_a_prediction_is_told_as_a_ratio() -> None:
    told = simulated.check("size", 90, 100)
    assert told == {"what": "size", "foretold": 90, "measured": 100, "ratio": 0.9}


def test_what_an_earlier_run_kept_is_named(tmp_path: Path) -> None:
    assert kept.results("nodes", tmp_path) is None
    (tmp_path / "nodes.json").write_text(json.dumps({"token_bytes": 7}))
    assert kept.results("nodes", tmp_path) == ({"token_bytes": 7}, "bench/results/nodes.json")


def test_the_memory_of_a_worker_is_supposed_until_it_was_measured(tmp_path: Path) -> None:
    assert kept.worker_mb(tmp_path)[1] == "supposed"
    held = {"memory": {"after_requests": {"pss_mb": 57.4}}}
    (tmp_path / "foundation.json").write_text(json.dumps(held))
    assert kept.worker_mb(tmp_path) == (57.4, "bench/results/foundation.json")
