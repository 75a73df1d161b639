"""How to get to the portal's pages of sign-in rules, and of a person's second factors."""

from playwright.sync_api import expect

from tests.journeys.factor_pages import first_code
from tests.journeys.portal_desk import Worker
from tests.journeys.portal_more_pages import USERS, new_user
from tests.journeys.portal_pages import NAME, Reach
from tests.web.second_factors import given_app

RULES = "/portal/security/sign-in-rules"


def user_with_factors(worker: Worker) -> str:
    """Somebody who has more than a password."""
    user_id = new_user(worker)
    given_app(worker.served, worker.tenant.id, user_id)
    worker.open(f"{USERS}?user={user_id}")
    expect(worker.pane.locator("#remove_factors")).to_be_visible()
    return "Users"


def user_asked_for_factors(worker: Worker) -> str:
    """The question before that is removed."""
    user_with_factors(worker)
    worker.pane.locator("#remove_factors").click()
    return f"Remove all second factors of {NAME} Lee?"


def sign_in_rules(worker: Worker) -> str:
    """What is demanded of people."""
    worker.open(RULES)
    return "Sign-in rules"


def sign_in_rules_asked(worker: Worker) -> str:
    """The question before it is changed."""
    for _ in range(12):
        new_user(worker)
    sign_in_rules(worker)
    worker.main.get_by_label("Demanded of everybody").check()
    worker.press("Change")
    return "Demand a second factor of everybody?"


def sign_in_rules_with_people(worker: Worker) -> str:
    """With those who have none yet; whoever changed it adds one on the way."""
    sign_in_rules_asked(worker)
    worker.press("Change the rule")
    worker.stands_at("Add a second step")
    first_code(worker.served, worker.page)
    worker.page.click("#go_on")
    worker.reads("The rule is saved.")
    return "Sign-in rules"


PORTAL_FACTOR_PAGES: list[Reach] = [
    user_with_factors, user_asked_for_factors, sign_in_rules, sign_in_rules_asked,
    sign_in_rules_with_people,
]  # fmt: skip
