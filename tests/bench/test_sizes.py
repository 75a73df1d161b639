import pytest

from bench import sizes
from bench.load import Shot
from bench.rounds import Taken
from bench.sizes import LARGE, SMALL, called

SMALL_NAME, LARGE_NAME = "100 clients, 1 tenants", "1,000,000 clients, 10,000 tenants"


def _taken(p50_ms: float) -> Taken:
    return Taken(Shot(10, 10.0, p50_ms, 2 * p50_ms, 0), None)


def _results(ratio: float) -> dict[str, object]:
    side = {"p50_ms": 1.0, "errors": 0}
    told = {
        "sides": {SMALL_NAME: side, LARGE_NAME: side | {"p50_ms": ratio, "errors": 2}},
        "ratios": {LARGE_NAME: {"median": ratio, "lowest": 0.9, "highest": 2.0}},
    }
    return {
        "shapes": [SMALL._asdict(), LARGE._asdict()],
        "databases": {"SQLite": {"userinfo": told}},
    }


def test_a_cost_is_how_many_times_as_long_a_request_takes_round_by_round() -> None:
    rounds = [
        {"small": _taken(1.0), "large": _taken(1.2)},
        {"small": _taken(2.0), "large": _taken(2.0)},
        {"small": _taken(1.0), "large": _taken(1.5)},
    ]
    assert sizes.costs(rounds, "small", "large") == {"median": 1.2, "lowest": 1.0, "highest": 1.5}


def test_sizes_are_named_by_their_clients_and_tenants() -> None:
    assert [called(SMALL), called(LARGE._asdict())] == [SMALL_NAME, LARGE_NAME]


@pytest.mark.parametrize(("ratio", "said"), [(1.3, "met"), (1.31, "MISSED (1.3)")])
def test_a_row_tells_whether_the_largest_meets_the_bar(ratio: float, said: str) -> None:
    last = sizes.tables(_results(ratio)).splitlines()[-1]
    assert last == f"| userinfo | 1.000 | {ratio:.3f} | {ratio:.2f} | 0.90 to 2.00 | 2 | {said} |"


def test_the_head_has_as_many_columns_as_its_rows() -> None:
    table = [line for line in sizes.tables(_results(1.0)).splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
