"""Every way in which a password is set refuses those that are guessed first (R-45)."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from gatepost.model.errors import Refused
from gatepost.model.weak_passwords import MEND, SENTENCES, Weakness
from gatepost.services import tenants, users
from gatepost.services.tenants import Founding, operator_act
from tests.flows import Person, Visitor, new_application, new_person, set_password
from tests.web.forms import new_link
from tests.web.indoors import Indoors, indoors

OWN = "a password of one's own"


class Desk(NamedTuple):
    """A product in memory, and somebody in it."""

    house: Indoors
    person: Person

    def visitor(self) -> Visitor:
        """A browser."""
        return self.house.visitor()


@pytest.fixture
def desk() -> Desk:
    house = indoors()
    return Desk(house, new_person(house.served, house.served.first))


def by_init(desk: Desk, password: str) -> str:
    """A new tenant with its administrator's password."""
    wish = Founding(
        tenant_id=desk.house.world.dice.guid(),
        tenant_name="First",
        admin_email="kim.lee@example.com",
        admin_password=password,
    )
    return _refused(lambda: tenants.found(desk.house.world, wish))


def by_operator(desk: Desk, password: str) -> str:
    """`gatepost user set-password`."""
    act = operator_act(desk.house.served.first.id, "test")
    return _refused(
        lambda: users.set_password(desk.house.world, act, desk.person.id, password, one_time=False)
    )


def by_link(desk: Desk, password: str) -> str:
    """The page of a link."""
    visitor = desk.visitor()
    link = new_link(desk.house.served, desk.house.served.first, desk.person.id)
    return visitor.submit(visitor.get(link), password=password, again=password).response.text


def by_account(desk: Desk, password: str) -> str:
    """The account page."""
    visitor = desk.visitor()
    client = new_application(desk.house.served, desk.house.served.first)
    visitor.through(visitor.authorize(client), desk.person)
    page = visitor.get("/identity/account/password")
    sent = {"current": desk.person.password, "password": password, "again": password}
    return visitor.submit(page, **sent).response.text


def in_place_of_a_one_time_one(desk: Desk, password: str) -> str:
    """The step of a sign-in."""
    once = "only for once"
    set_password(desk.house.served, desk.house.served.first, desk.person.id, once, one_time=True)
    visitor = desk.visitor()
    client = new_application(desk.house.served, desk.house.served.first)
    page = visitor.sign_in(visitor.authorize(client), desk.person._replace(password=once))
    return visitor.submit(page, password=password, again=password).response.text


WAYS: dict[str, Callable[[Desk, str], str]] = {
    way.__name__: way
    for way in (by_init, by_operator, by_link, by_account, in_place_of_a_one_time_one)
}


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Password1", Weakness.COMMON),
        ("Monkey2026!", Weakness.VARIANT),
        ("abcabcabcabc", Weakness.PATTERN),
        ("gatepost2026", Weakness.NAME),
        ("FirstFirst", Weakness.NAME),  # the tenant's
    ],
)
def test_a_password_that_is_guessed_first_is_refused(
    desk: Desk, way: str, password: str, why: Weakness
) -> None:
    answer = WAYS[way](desk, password)
    assert SENTENCES[why] in answer
    assert MEND in answer


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize("way", [way for way in WAYS if way != "by_init"])
def test_ones_own_address_is_refused(desk: Desk, way: str) -> None:
    assert SENTENCES[Weakness.NAME] in WAYS[way](desk, desk.person.email.upper())
    assert SENTENCES[Weakness.NAME] in WAYS[way](desk, "kim-lee-2026")


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize("way", WAYS)
def test_another_is_taken(desk: Desk, way: str) -> None:
    answer = WAYS[way](desk, OWN)
    assert not any(sentence in answer for sentence in SENTENCES.values())


def _refused(call: Callable[[], object]) -> str:
    try:
        call()
    except Refused as refused:
        return f"{refused.reason} {refused.resolution}"
    return ""
