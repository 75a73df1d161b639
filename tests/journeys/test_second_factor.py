"""An authenticator app in a real browser: added, asked for, lost, without scripts, by keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows import new_application, new_person
from tests.journeys.factor_pages import demanding, first_code, recovery_codes
from tests.journeys.pages import Desk
from tests.journeys.test_passkey import DEVICE
from tests.journeys.watch import Watch
from tests.served import Served
from tests.web.second_factors import demand


@pytest.fixture
def desk(served: Served, page: Page) -> Desk:
    tenant = served.new_tenant()
    return Desk(served, page, new_person(served, tenant), new_application(served, tenant))


def stands_at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def codes_on(page: Page) -> list[str]:
    """The recovery codes that are shown."""
    stands_at(page, "Your recovery codes")
    return page.locator("#codes code").all_inner_texts()


def saved_on(page: Page) -> list[str]:
    """The lines of the file that the page saves."""
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "recovery-codes.txt"
    return Path(download.value.path()).read_text(encoding="utf-8").splitlines()


def prints(page: Page) -> bool:
    """Whether the button prints the page, and paper shows the codes and no buttons."""
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.click("#print")
    page.emulate_media(media="print")
    expect(page.locator("#codes")).to_be_visible()
    expect(page.locator("#go_on")).to_be_hidden()
    page.emulate_media(media="screen")
    return page.title() == "printed"


def test_an_app_is_added_and_asked_for(desk: Desk) -> None:
    watch = Watch(desk.page.context)
    desk.authorize(response_mode="query", response_type="code")
    desk.sign_in()
    expect(desk.page.locator("#allow")).to_be_visible()
    desk.page.goto(f"{desk.served.url}/identity/account")
    desk.page.click("#add_app")
    picture = desk.page.get_by_role("img", name="QR code with the key below")
    expect(picture).to_be_visible()
    app = first_code(desk.served, desk.page)
    codes = codes_on(desk.page)
    assert len(codes) == 10
    desk.page.click("#go_on")
    expect(desk.page.get_by_role("status").first).to_contain_text("Your authenticator app is added")
    desk.page.get_by_role("button", name="Sign out", exact=True).click()
    stands_at(desk.page, "You are signed out")
    desk.authorize(response_mode="query", response_type="code")
    desk.sign_in()
    stands_at(desk.page, "Enter a code")
    expect(desk.page.locator("#code")).to_be_focused()
    expect(desk.page.locator("#code")).to_have_attribute("autocomplete", "one-time-code")
    desk.page.keyboard.type(app.wrong())
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("alert")).to_contain_text("That code is not right.")
    expect(desk.page.locator("#code")).to_be_focused()
    desk.page.keyboard.type(app.code(1))
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#allow")).to_be_visible()
    assert watch.complaints == []
    assert watch.origins == {desk.served.url}


def test_recovery_codes_are_saved_and_printed(desk: Desk) -> None:
    watch = Watch(desk.page.context)
    recovery_codes(desk)
    assert saved_on(desk.page)[3:] == codes_on(desk.page)
    assert prints(desk.page)
    assert watch.complaints == []
    assert watch.origins == {desk.served.url}


def test_without_scripts_somebody_is_led_to_add_an_app(browser: Browser, desk: Desk) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        watch = Watch(context)
        there = demanding(desk._replace(page=context.new_page()))
        there.authorize(response_mode="query", response_type="code")
        there.sign_in()
        stands_at(there.page, "Add a second step")
        first_code(there.served, there.page)
        codes = codes_on(there.page)
        assert saved_on(there.page)[3:] == codes
        expect(there.page.locator("#print")).to_be_hidden()
        there.page.click("#go_on")
        expect(there.page.locator("#allow")).to_be_visible()
        context.clear_cookies()
        there.authorize(response_mode="query", response_type="code")
        there.sign_in()
        stands_at(there.page, "Enter a code")
        there.page.get_by_text("Use a recovery code").click()
        there.page.fill("#recovery", codes[7].lower())
        there.page.click("#use_recovery")
        expect(there.page.locator("#allow")).to_be_visible()
        assert watch.complaints == []


def test_with_the_keyboard_alone_a_lost_app_is_replaced_by_a_code_on_paper(desk: Desk) -> None:
    there = demanding(desk)
    there.authorize(response_mode="query", response_type="code")
    there.sign_in()
    first_code(there.served, there.page)
    codes = codes_on(there.page)
    there.page.context.clear_cookies()
    there.authorize(response_mode="query", response_type="code")
    there.sign_in()
    press = there.page.keyboard
    expect(there.page.locator("#code")).to_be_focused()
    for _ in range(2):
        press.press("Tab")
    expect(there.page.locator("summary")).to_be_focused()
    press.press("Enter")
    press.press("Tab")
    press.type(codes[0])
    press.press("Enter")
    expect(there.page.locator("#allow")).to_be_visible()


def test_a_passkey_is_a_second_step_for_who_has_no_app(desk: Desk) -> None:
    watch = Watch(desk.page.context)
    cdp = desk.page.context.new_cdp_session(desk.page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    desk.authorize(response_mode="query", response_type="code")
    desk.sign_in()
    expect(desk.page.locator("#allow")).to_be_visible()
    desk.page.goto(f"{desk.served.url}/identity/account")
    desk.page.fill("#passkey_name", "Work phone")
    desk.page.click("#passkey_add button")
    expect(desk.page.get_by_role("status").first).to_contain_text("The passkey is ready")
    demand(desk.served, desk.client.tenant.id, "everybody")
    desk.page.context.clear_cookies()
    desk.authorize(response_mode="query", response_type="code")
    desk.sign_in()
    stands_at(desk.page, "Use your passkey")
    expect(desk.page.locator("#code")).to_have_count(0)
    desk.page.click("#passkey")
    expect(desk.page.locator("#allow")).to_be_visible()
    assert watch.complaints == []


def test_a_passkey_is_added_on_the_way_in(desk: Desk) -> None:
    watch = Watch(desk.page.context)
    cdp = desk.page.context.new_cdp_session(desk.page)
    cdp.send("WebAuthn.enable")
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    demand(desk.served, desk.client.tenant.id, "everybody")
    desk.authorize(response_mode="query", response_type="code")
    desk.sign_in()
    stands_at(desk.page, "Add a second step")
    desk.page.click("#add_passkey")
    assert len(codes_on(desk.page)) == 10
    desk.page.click("#go_on")
    expect(desk.page.locator("#allow")).to_be_visible()
    desk.page.context.clear_cookies()
    desk.authorize(response_mode="query", response_type="code")
    desk.page.click("#passkey")
    expect(desk.page.locator("#allow")).to_be_visible()
    assert watch.complaints == []
    assert watch.origins == {desk.served.url}
