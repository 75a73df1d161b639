"""People found by a part of their address or name, whatever keeps them."""

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.ports import PageOf
from tests.stores.examples import ALL, add_users, guid, recorded, user

# address, given name, surname, in order of creation
PEOPLE = (
    ("kim@example.com", "Kim", "Müller"),
    ("LEE@Example.com", None, "MÜLLER-Strauß"),
    (None, "Ann", None),
    ("100%_sure@example.org", None, None),
    ("jo@example.net", "Jo", "O'Neil"),
)


@pytest.fixture
def ids(store: ports.Store, here: str) -> list[str]:
    """The ids of the people."""
    made = [user(email=email, given_name=one, surname=two) for email, one, two in PEOPLE]
    add_users(store, here, *made)
    return [each.id for each in made]


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("kim", [0]),
        ("KIM", [0]),
        ("müller", [0, 1]),
        ("MÜLLER", [0, 1]),
        ("STRAUSS", [1]),
        ("kim m", [0]),
        ("  Kim   Müller ", [0]),
        ("lee@", [1]),
        ("example.com", [0, 1]),
        ("example", [0, 1, 3, 4]),
        ("n", [2, 4]),
        ("%", [3]),
        ("_", [3]),
        ("\\", []),
        ("o'n", [4]),
        ("nobody", []),
        ("", [0, 1, 2, 3, 4]),
        (" ", [0, 1, 2, 3, 4]),
    ],
)
def test_people_are_found_in_order_of_creation(
    store: ports.Store, here: str, ids: list[str], search: str, wanted: list[int]
) -> None:
    with store.reading(here) as unit:
        found = [one.id for one in unit.directory.found_users(search, ALL)]
        assert found == [ids[at] for at in wanted]
        for skip in range(3):
            part = unit.directory.found_users(search, PageOf(skip, 2))
            assert [one.id for one in part] == found[skip : skip + 2]
        for most in (0, 1, 99):
            assert unit.directory.count_found_users(search, most) == min(most, len(wanted))


def test_a_found_person_is_whole(store: ports.Store, here: str, ids: list[str]) -> None:
    with recorded(store, here) as unit:
        unit.directory.set_preferences(ids[0], "{}")
        (found,) = unit.directory.found_users("kim", ALL)
        assert found == unit.directory.user(ids[0])


def test_a_new_name_is_found_and_the_old_one_is_not(
    store: ports.Store, here: str, ids: list[str]
) -> None:
    with recorded(store, here) as unit:
        kept = unit.directory.user(ids[2])
        assert kept is not None
        renamed = structs.replace(kept, given_name="Mary", email="m@example.com", version=2)
        assert unit.directory.save_user(renamed, 1)
    with store.reading(here) as unit:
        for search in ("mar", "m@"):
            found = [one.id for one in unit.directory.found_users(search, ALL)]
            assert ids[2] in found
        assert unit.directory.found_users("ann", ALL) == ()
        assert unit.directory.found_users(guid(), ALL) == ()
