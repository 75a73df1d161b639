import os

import pytest

from bench import node_changes, node_costs, node_pair, node_turns, nodes, spent
from bench.node_meter import Cost

STAT = (
    "7 (a (strange) name) S 1 7 7 0 -1 4194560 100 200 0 0 "
    "11 22 33 44 20 0 1 0 100 1000 10 18446744073709551615"
)


def cost(nodes_s: float, requests: int = 1_000) -> Cost:
    return Cost(requests, 500.0, nodes_s, 0.1, 0.05, 0)


def test_a_process_has_the_time_of_its_children_that_ended() -> None:
    assert spent.ticks_in(STAT) == 110


def test_processor_time_of_this_process_grows() -> None:
    before = spent.seconds(os.getpid())
    sum(range(3_000_000))
    assert spent.seconds(os.getpid()) >= before > 0


def test_a_core_is_held_to_and_given_back() -> None:
    before = os.sched_getaffinity(0)
    core = min(before)
    with spent.held_to({core}):
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize(
    ("first", "second", "both", "expected"),
    [(1, 1, 2, 2), (1, 1, 2.5, 1.6), (1, 3, 4, 2)],
)
def test_the_ratio_is_of_what_a_core_carries(
    first: float, second: float, both: float, expected: float
) -> None:
    costs = {"A alone": cost(first), "B alone": cost(second), "both": cost(both, 2_000)}
    assert node_pair.ratio(costs) == pytest.approx(2 * (first + second) / both)
    assert node_pair.ratio(costs) == pytest.approx(expected)


def test_the_middle_round_is_told() -> None:
    rounds = [{"both": cost(n)._asdict()} for n in (3, 1, 2)]
    assert node_pair.middle(rounds)["both"].node_ms == 2


def test_a_cost_is_told_for_each_request() -> None:
    told = node_costs.each_request(cost(2), 4_000)
    assert told["node_ms"] == 2
    assert told["database_ms"] == pytest.approx(0.1)
    assert told["wal_bytes"] == 4


def test_a_distribution_is_in_milliseconds() -> None:
    told = node_changes.distribution([0.1, 0.2, 0.3])
    assert (told["min_ms"], told["median_ms"], told["max_ms"]) == (100, 200, 300)
    assert told["changes"] == 3
    assert 290 < told["p99_ms"] <= 300


@pytest.mark.parametrize(
    ("looks", "requests", "expected"),
    [([True, False], 500, 1), ([True], 1_000, 1), ([False], 10, 0), ([], 10, 0)],
)
def test_a_turn_is_the_share_of_looks_that_found_it(
    looks: list[bool], requests: int, expected: float
) -> None:
    assert node_turns.held_ms(looks, 1.0, requests) == expected


def test_bars_are_told() -> None:
    row = {"changes": 1, "min_ms": 1, "median_ms": 2, "p99_ms": 3, "max_ms": 1_001}
    results = {
        "costs": {"token": node_costs.each_request(cost(1), 10)},
        "turn": {"turn_ms": 4, "p50_ms": 8},
        "pair": {
            "cores": 2,
            "ratio": {"median": 1.7, "lowest": 1.6, "highest": 1.8},
            "rounds": [{"both": cost(1)._asdict()}],
        },
        "changes": {"kinds": {"client disabled": row}, "all": row, "late_at_home": 0},
    }
    text = nodes.tables(results)
    assert "MISSED (1 s)" in text
    assert "MISSED (1.8)" in text
    assert "250 a second at most" in text
