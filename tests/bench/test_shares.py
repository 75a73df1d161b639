import pytest

from bench.credentials import spread
from bench.names import guid, names_of, share


@pytest.mark.parametrize(("total", "parts"), [(10, 3), (3, 10), (100, 100), (0, 4), (7, 1)])
def test_shares_are_all_there_is_and_even(total: int, parts: int) -> None:
    shares = [share(total, parts, part) for part in range(parts)]
    assert [number for each in shares for number in each] == list(range(total))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("there", "most", "expected"),
    [(10, 3, [0, 3, 6]), (2, 5, [0, 1]), (4, 4, [0, 1, 2, 3]), (0, 3, [])],
)
def test_some_numbers_are_evenly_apart(there: int, most: int, expected: list[int]) -> None:
    assert list(spread(there, most)) == expected


def test_an_id_is_told_by_its_name() -> None:
    assert guid("device 1") == guid("device 1") != guid("device 2")
    assert [len(part) for part in guid("device 1").split("-")] == [8, 4, 4, 4, 12]


def test_the_first_tenant_keeps_what_it_was_founded_with() -> None:
    names = names_of(3, ("first", ("a", "b"), "admin"))
    assert names.tenant_ids[0] == "first"
    assert list(names.tenant_ids[1:]) == sorted(set(names.tenant_ids[1:]))
    assert names.roles(0) == ("a", "b")
    assert names.administration(0) == "admin" != names.administration(1)
