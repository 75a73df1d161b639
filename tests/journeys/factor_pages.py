"""How to get to the pages of a second step, and what their headings say there."""

import base64

from playwright.sync_api import Page, expect

from tests.flows import new_application, new_person
from tests.journeys.pages import ABOUT, Desk, Reach, consent
from tests.served import Served
from tests.web.second_factors import App, demand, given_app


def code(desk: Desk) -> str:
    """After the right password of somebody with an authenticator app and a passkey."""
    given_app(desk.served, desk.served.first.id, desk.person.id)
    desk.authorize()
    desk.sign_in()
    desk.page.locator("summary").click()
    return "Enter a code"


def wrong_app_code(desk: Desk) -> str:
    """The same with a problem."""
    given_app(desk.served, desk.served.first.id, desk.person.id)
    desk.authorize()
    desk.sign_in()
    desk.send("12 34 56 7")
    desk.is_told()
    expect(desk.page.locator("#code")).to_be_focused()
    return "Enter a code"


def wrong_recovery_code(desk: Desk) -> str:
    """The same in the other field."""
    code(desk)
    desk.page.fill("#recovery", "AAAAA-AAAAA")
    desk.page.click("#use_recovery")
    desk.is_told()
    return "Enter a code"


def demanding(desk: Desk) -> Desk:
    """The same in an organisation that demands a second factor of everybody."""
    tenant = desk.served.new_tenant()
    person = new_person(desk.served, tenant, ContactSurname="Wolfeschlegelsteinhausenberger" * 2)
    demand(desk.served, tenant.id, "everybody")
    return desk._replace(person=person, client=new_application(desk.served, tenant, **ABOUT))


def enrol(desk: Desk) -> str:
    """Where somebody is led who must have a second factor."""
    there = demanding(desk)
    there.authorize()
    there.sign_in()
    return "Add a second step"


def wrong_first_code(desk: Desk) -> str:
    """The same with a problem."""
    enrol(desk)
    desk.page.fill("#code", "12345")
    desk.page.click("#submit")
    desk.is_told()
    return "Add a second step"


def add_app(desk: Desk) -> str:
    """From the account."""
    consent(desk)
    desk.page.goto(f"{desk.served.url}/identity/account")
    desk.page.click("#add_app")
    return "Add an authenticator app"


def first_code(served: Served, page: Page) -> App:
    """Type the first code of the key that the page shows."""
    key = base64.b32decode(page.inner_text("#key_text").replace(" ", ""))
    app = App(served.house.world, key)
    page.fill("#code", app.code())
    page.click("#submit")
    return app


def recovery_codes(desk: Desk) -> str:
    """After it, once."""
    add_app(desk)
    first_code(desk.served, desk.page)
    return "Your recovery codes"


def account_with_app(desk: Desk) -> str:
    """The account page after that."""
    recovery_codes(desk)
    desk.page.click("#go_on")
    return "Your account"


def remove_app(desk: Desk) -> str:
    """The question before it goes."""
    account_with_app(desk)
    desk.page.get_by_role("link", name="Remove your authenticator app").click()
    return "Remove your authenticator app"


def not_removed(desk: Desk) -> str:
    """The same with a problem."""
    remove_app(desk)
    desk.send("something else")
    desk.is_told()
    return "Remove your authenticator app"


FACTOR_PAGES: list[Reach] = [
    code, wrong_app_code, wrong_recovery_code, enrol, wrong_first_code, add_app, recovery_codes,
    account_with_app, remove_app, not_removed,
]  # fmt: skip
