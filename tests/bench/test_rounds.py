import pytest

from bench import rounds
from bench.load import Shot
from bench.rounds import Rounds, Side, Taken
from bench.size import Plan


def shot(per_second: float, p99_ms: float = 1.0, errors: int = 0) -> Shot:
    return Shot(100, per_second, 0.5, p99_ms, errors)


ROUNDS: Rounds = [
    {"ours": Taken(shot(300, 2, 1), 50), "theirs": Taken(shot(100, 4), 200)},
    {"ours": Taken(shot(800, 3, 2), 70), "theirs": Taken(shot(200, 4), 100)},
    {"ours": Taken(shot(500, 8, 0), 60), "theirs": Taken(shot(100, 4), 120)},
]


@pytest.mark.parametrize(
    ("value", "middle", "lowest", "highest"),
    [(rounds.rate, 4, 3, 5), (rounds.slowest, 0.75, 0.5, 2), (rounds.memory, 0.5, 0.25, 0.7)],
)
def test_a_ratio_is_taken_in_each_round(
    value: rounds.Value, middle: float, lowest: float, highest: float
) -> None:
    told = rounds.ratios(ROUNDS, [("ours", "theirs")], value)
    expected = {"median": middle, "lowest": lowest, "highest": highest}
    assert told == [{"of": "ours", "to": "theirs", **expected}]


def test_a_side_is_told_by_its_medians_and_all_of_its_errors() -> None:
    told = rounds.summed(ROUNDS)["ours"]
    assert (told["per_second"], told["p99_ms"], told["pss_mb"]) == (500, 3, 60)
    assert told["errors"] == 3
    assert [each["per_second"] for each in told["shots"]] == [300, 800, 500]


def test_memory_that_nobody_looked_at_is_not_told() -> None:
    assert rounds.summed([{"bare": Taken(shot(1), None)}])["bare"]["pss_mb"] is None


def test_sides_are_measured_in_turn_and_the_order_turns_round() -> None:
    heard: list[tuple[str, float]] = []

    def side(name: str) -> Side:
        def shoot(seconds: float) -> Shot:
            heard.append((name, seconds))
            return shot(1)

        return Side(name, shoot)

    taken = rounds.interleaved([side("a"), side("b")], Plan(rounds=3, seconds=5, warm_up=1))
    assert heard[:2] == [("a", 1), ("b", 1)]
    assert heard[2:] == [("a", 5), ("b", 5), ("b", 5), ("a", 5), ("a", 5), ("b", 5)]
    assert [set(each) for each in taken] == [{"a", "b"}] * 3
