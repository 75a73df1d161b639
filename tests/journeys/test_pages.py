"""The pages of the identity server, as people meet them in a real browser."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows import new_application, new_person
from tests.journeys import axe, pages
from tests.journeys.application import Application, running
from tests.journeys.factor_pages import FACTOR_PAGES
from tests.journeys.pages import ABOUT, NAME, PAGES, Desk, Reach
from tests.journeys.taken_pages import TAKEN_PAGES
from tests.journeys.watch import Watch
from tests.served import Served

Scheme = Literal["light", "dark"]
LOOKS: list[tuple[Scheme, int]] = [("light", 1280), ("dark", 390)]


@pytest.fixture
def application() -> Iterator[Application]:
    with running() as listening:
        yield listening


@pytest.fixture
def desk(served: Served, page: Page) -> Desk:
    """A person with a long name, and an application with things on another server."""
    person = new_person(served, served.first, ContactSurname="Wolfeschlegelsteinhausenberger" * 2)
    return Desk(served, page, person, new_application(served, served.first, **ABOUT))


@pytest.mark.requirement("R-56", "R-58")
@pytest.mark.parametrize(
    "reach", PAGES + FACTOR_PAGES + TAKEN_PAGES, ids=lambda reach: reach.__name__
)
def test_everybody_can_use_it(desk: Desk, reach: Reach) -> None:
    watch = Watch(desk.page.context)
    heading = reach(desk)
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(heading)
    for scheme, width in LOOKS:
        desk.page.emulate_media(color_scheme=scheme)
        desk.page.set_viewport_size({"width": width, "height": 800})
        assert axe.violations(desk.page) == []
        assert is_as_wide_as_shown(desk.page)
    assert watch.complaints == []
    assert watch.origins == {desk.served.url}


def is_as_wide_as_shown(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return bool(shown[0] <= shown[1])


def hybrid_client(desk: Desk, application: Application) -> Desk:
    """The same desk, with an application that listens."""
    client = new_application(
        desk.served, desk.served.first, **ABOUT, RedirectUris=[f"{application.url}/callback"]
    )
    return desk._replace(client=client)


def test_without_scripts(browser: Browser, desk: Desk, application: Application) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        watch = Watch(context)
        plain = hybrid_client(desk._replace(page=context.new_page()), application)
        plain.authorize(redirect_uri=f"{application.url}/callback", response_mode="form_post")
        plain.sign_in()
        plain.page.click("#allow")
        expect(plain.page.get_by_role("heading", level=1)).to_have_text("One moment")
        assert application.posted == []
        plain.page.get_by_role("button", name="Continue").click()
        expect(plain.page.get_by_role("heading", level=1)).to_have_text("Posted")
        assert watch.complaints == []
    (answer,) = application.posted
    assert answer["state"] == "some-state"
    assert set(answer) == {"code", "id_token", "state", "iss", "session_state"}


def test_with_the_keyboard_alone(desk: Desk, application: Application) -> None:
    watch = Watch(desk.page.context)
    typed = hybrid_client(desk, application)
    typed.authorize(redirect_uri=f"{application.url}/callback", response_mode="form_post")
    press = typed.page.keyboard
    press.type(typed.person.email)
    press.press("Tab")
    press.type(typed.person.password)
    press.press("Enter")
    expect(typed.page.get_by_role("heading", level=1)).to_contain_text(NAME)
    assert tab_to(typed.page, "allow") <= 3
    press.press("Enter")
    expect(typed.page.get_by_role("heading", level=1)).to_have_text("Posted")
    assert application.posted[0]["state"] == "some-state"
    assert watch.complaints == []
    assert watch.origins == {desk.served.url, application.url}


def tab_to(page: Page, name: str) -> int:
    """How often Tab is pressed to come to an element; whatever has the focus shows it."""
    for presses in range(1, 20):
        page.keyboard.press("Tab")
        shown, focused = page.evaluate(
            "[getComputedStyle(document.activeElement).outlineStyle, document.activeElement.id]"
        )
        assert shown != "none"
        if focused == name:
            return presses
    raise AssertionError(f"Tab does not lead to {name}")


def test_after_a_wrong_password(desk: Desk) -> None:
    pages.wrong_password(desk)
    assert desk.page.input_value("#email") == desk.person.email
    assert desk.page.input_value("#password") == ""
    expect(desk.page.locator("#password")).to_be_focused()
    for field in ("#email", "#password"):
        expect(desk.page.locator(field)).to_have_attribute("aria-invalid", "true")
