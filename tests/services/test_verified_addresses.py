"""An address is a person's own once they used a link that was mailed to it, and not before."""

import re

import pytest

from gatepost.model.events import Action
from gatepost.ports import PageOf
from gatepost.services import tenants, users
from gatepost.services.tenants import Founding, operator_act
from tests.services.test_password_links import EMAIL, GOOD, HERE, Desk, Postman, text_of
from tests.services.world import new_world

OTHER = "kim@elsewhere.example.com"
pytestmark = pytest.mark.requirement("R-82")


def is_verified(desk: Desk) -> bool:
    return users.get(desk.world, desk.tenant_id, desk.user_id).email_verified


def mailed_text(postman: Postman) -> str:
    """The text of the link in the newest letter."""
    found = re.search(r"[?]link=(\S+)", postman.letters[-1].text)
    assert found is not None
    return found[1]


def by_mail() -> tuple[Desk, Postman]:
    postman = Postman()
    return Desk(new_world(), postman), postman


def test_a_new_address_is_what_somebody_typed() -> None:
    assert not is_verified(Desk(new_world()))


def test_a_mailed_link_that_is_used_shows_it() -> None:
    desk, postman = by_mail()
    assert desk.made_by_mail() == EMAIL
    assert not is_verified(desk)
    assert desk.use(mailed_text(postman))
    assert is_verified(desk)
    password_set = next(e for e in desk.events() if e.event.action is Action.PASSWORD_SET)
    assert password_set.event.after == {"EmailVerified": True}


def test_a_link_that_was_handed_over_shows_nothing() -> None:
    desk = Desk(new_world())
    assert desk.use(desk.made())
    assert not is_verified(desk)


def test_a_letter_that_was_not_taken_shows_nothing() -> None:
    """The administrator is given an address; it is not that of the letter, which may arrive yet."""
    postman = Postman(takes=False)
    desk = Desk(new_world(), postman)
    handed = text_of(desk.links.make(desk.act, desk.user_id))
    assert handed != mailed_text(postman)
    assert desk.use(mailed_text(postman)) is None
    assert desk.use(handed)
    assert not is_verified(desk)


def test_another_address_is_not_known_to_be_theirs() -> None:
    desk, postman = by_mail()
    desk.made_by_mail()
    desk.use(mailed_text(postman))
    act = operator_act(desk.tenant_id, "test")
    users.change(desk.world, act, desk.user_id, {"contact_given_name": "Robin"})
    assert is_verified(desk)
    users.change(desk.world, act, desk.user_id, {"contact_email": OTHER})
    assert not is_verified(desk)
    users.change(desk.world, act, desk.user_id, {"contact_email": EMAIL})
    assert not is_verified(desk)


def test_a_password_that_an_operator_sets_shows_nothing() -> None:
    desk = Desk(new_world())
    users.set_password(desk.world, desk.act, desk.user_id, GOOD.new, one_time=False)
    assert not is_verified(desk)


def test_who_is_known_already_is_not_told_of_again() -> None:
    desk, postman = by_mail()
    for _ in range(2):
        desk.world.set_clock.forward(hours=1)
        desk.made_by_mail()
        desk.links.use(mailed_text(postman), GOOD, HERE)
    told = [e.event.after for e in desk.events() if e.event.action is Action.PASSWORD_SET]
    assert told == [{"EmailVerified": True}, None]


@pytest.mark.parametrize(("named", "vouched"), [("ada@example.com", True), (None, False)])
def test_an_operator_vouches_for_the_address_of_a_first_administrator(
    named: str | None, vouched: bool
) -> None:
    world = new_world()
    wish = Founding(tenant_id=world.dice.guid(), admin_email=named)
    tenant_id = tenants.found(world, wish).tenant.id
    (administrator,) = users.find(world, tenant_id, (), PageOf(0, 10)).users
    assert administrator.email_verified is vouched
