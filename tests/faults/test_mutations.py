from random import Random
from typing import Any

import pytest

from faults.mutations import changed

SOME: list[Any] = [
    "a text",
    b"some octets",
    {"name": "value", "other": [1, 2.5, True, None]},
    [("a", "b"), ("c", "d")],
    (("a", "b"),),
    ("x", {"code": "c"}),
    "",
    b"",
    {},
    [],
]


@pytest.mark.parametrize("value", SOME, ids=repr)
def test_what_is_changed_keeps_its_type(value: Any) -> None:
    chance = Random(1)
    for _ in range(300):
        found = changed(value, chance.choice(SOME), chance)
        assert type(found) is type(value)
        if isinstance(value, tuple):
            assert [type(each) for each in found] == [type(each) for each in value]


@pytest.mark.parametrize("value", [each for each in SOME if each], ids=repr)
def test_something_is_changed_most_times(value: Any) -> None:
    chance = Random(2)
    others = [changed(value, value, chance) for _ in range(100)]
    assert sum(each != value for each in others) > 50


def test_the_same_chance_changes_the_same() -> None:
    first, again = ([changed("a text", "b", Random(3)) for _ in range(9)] for _ in range(2))
    assert first == again
