"""Every page of the portal, in every state, for every pair of eyes and hands."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import axe
from tests.journeys.portal_desk import PHONE, WIDE, Worker, new_office
from tests.journeys.portal_factor_pages import PORTAL_FACTOR_PAGES
from tests.journeys.portal_more_pages import MORE_PAGES
from tests.journeys.portal_pages import CLIENT_PAGES, Reach, add_on_one_page, clients_menu
from tests.journeys.portal_passkey_pages import PORTAL_PASSKEY_PAGES
from tests.served import Served

PAGES = CLIENT_PAGES + MORE_PAGES + PORTAL_FACTOR_PAGES + PORTAL_PASSKEY_PAGES
# What scrolls inside of the page is a matter of taste; the page itself stays as wide as the window.
WIDTHS = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"


@pytest.mark.requirement("R-56", "R-58")
@pytest.mark.parametrize("reach", PAGES, ids=lambda reach: reach.__name__)
def test_everybody_can_use_it(administrator: Worker, reach: Reach) -> None:
    heading = reach(administrator)
    page = administrator.page
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert found_in(page) == []


@pytest.mark.requirement("R-56")
@pytest.mark.parametrize("reach", [clients_menu, add_on_one_page], ids=lambda it: it.__name__)
def test_everybody_can_use_it_in_the_older_words(
    browser: Browser, ocs: Served, reach: Reach
) -> None:
    with new_office(browser, ocs).administrator() as worker:
        heading = reach(worker)
        expect(worker.page.get_by_role("heading", level=1)).to_have_text(heading)
        assert found_in(worker.page) == []


def found_in(page: Page) -> list[Any]:
    """What is wrong with the page in any light, at any width."""
    found: list[Any] = []
    # colours that are still on their way from one light to the other are nobody's
    page.emulate_media(reduced_motion="reduce")
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found += [(size["width"], scheme, *broken) for broken in axe.violations(page)]
        root, body, window = page.evaluate(WIDTHS)
        if max(root, body) > window:
            found.append((size["width"], "is as wide as", root, body))
    return found
