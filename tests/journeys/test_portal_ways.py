"""The portal for people who work otherwise: without scripts, by keyboard, on a phone, in haste."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from gatepost.web.portal import drafts
from tests.flows import CALLBACK, SIGNED_OUT, Application, new_person, redeem, token
from tests.journeys.portal_desk import CLIENTS, PHONE, WINDOW, Office, Worker, code_of

SECOND_CALLBACK = "http://localhost:5004/callback.html"
URLS = "Allowed Redirect URL(s)"


@pytest.fixture
def plain(office: Office) -> Iterator[Worker]:
    """An administrator whose browser runs no scripts."""
    with office.administrator(java_script_enabled=False) as worker:
        yield worker


@pytest.fixture
def phone(office: Office) -> Iterator[Worker]:
    """An administrator on a phone."""
    with office.administrator(viewport=PHONE, has_touch=True) as worker:
        yield worker


def test_a_hybrid_client_is_added_without_scripts(plain: Worker) -> None:
    plain.open("/portal/")
    plain.page.get_by_label("Client Type", exact=True).select_option(label="Hybrid Clients")
    plain.page.get_by_role("button", name="Show").first.click()
    plain.press("Add Client")
    plain.type("Name", "Boiler house")
    plain.put_in(URLS, CALLBACK, SECOND_CALLBACK, "https://wrong.example.com/")
    plain.press("Remove https://wrong.example.com/")
    expect(plain.entry("https://wrong.example.com/")).to_have_count(0)
    expect(plain.box("Name")).to_have_value("Boiler house")
    plain.type("Allowed Logout Redirect URL(s)", "not an address")
    plain.press("Add to Allowed Logout Redirect URL(s)")
    expect(plain.box("Allowed Logout Redirect URL(s)")).to_have_value("not an address")
    expect(plain.box("Allowed Logout Redirect URL(s)")).to_have_attribute("aria-invalid", "true")
    plain.put_in("Allowed Logout Redirect URL(s)", SIGNED_OUT)
    plain.press("Next")
    plain.stands_at("Create Secret")
    plain.press("Save")

    made = Application(
        plain.tenant, "HybridClients", plain.shown("Client Id"), plain.shown("Client Secret")
    )
    plain.window.get_by_role("link", name="Close", exact=True).click()
    expect(plain.row(made.id)).to_contain_text("Boiler house")
    person = new_person(plain.served, plain.tenant)
    for uri in (CALLBACK, SECOND_CALLBACK):
        answer = code_of(plain.served, made, person, redirect_uri=uri)
        redeemed = redeem(plain.served, made, answer["code"], redirect_uri=uri)
        assert redeemed.status_code == 200, redeemed.text


def test_enter_in_the_box_of_a_list_adds_to_it_without_scripts(plain: Worker) -> None:
    plain.open(f"{CLIENTS}/add?type=hybrid")
    plain.type("Name", "Boiler house")
    plain.type(URLS, CALLBACK)
    plain.box(URLS).press("Enter")
    expect(plain.entry(CALLBACK)).to_be_visible()
    plain.stands_at("Add Client")
    plain.box(URLS).press("Enter")
    plain.stands_at("Create Secret")


def test_a_client_is_disabled_without_scripts(plain: Worker) -> None:
    client = plain.new_client("ClientCredentialClients")
    plain.look(client)
    plain.press("Disable Client")
    plain.press("Disable")
    expect(plain.row(client.id)).to_contain_text("Disabled")
    assert token(plain.served, client, grant_type="client_credentials").status_code == 401


def test_a_client_is_added_with_the_keyboard_alone(administrator: Worker) -> None:
    page, keyboard = administrator.page, administrator.page.keyboard
    administrator.open(f"{CLIENTS}?type=client-credentials")
    tab_to(page, administrator.main.get_by_role("link", name="Add Client").first)
    keyboard.press("Enter")
    administrator.stands_at("Add Client")
    tab_to(page, administrator.box("Name"))
    keyboard.type("Nightly report")
    tab_to(page, administrator.main.get_by_role("checkbox", name="Tenant Viewer"))
    keyboard.press("Space")
    tab_to(page, administrator.main.get_by_role("button", name="Next"))
    keyboard.press("Enter")

    administrator.stands_at("Create Secret")
    is_moved_to(page, "Create Secret")
    tab_to(page, administrator.box("Description"))
    keyboard.type("For the server in the cellar")
    tab_to(page, administrator.main.get_by_role("checkbox", name="Never Expires"))
    keyboard.press("Space")
    tab_to(page, administrator.main.get_by_role("button", name="Save"))
    keyboard.press("Enter")

    made = taken_along(administrator)
    answer = token(administrator.served, made, grant_type="client_credentials")
    assert answer.status_code == 200, answer.text


def taken_along(worker: Worker) -> Application:
    """Close asks once, because nothing was copied; then the secret is copied, and it closes."""
    window, keyboard = worker.window, worker.page.keyboard
    expect(window.get_by_role("heading")).to_be_focused()
    client_id = worker.shown("Client Id")
    close = window.get_by_role("link", name="Close", exact=True)
    tab_to(worker.page, close)
    keyboard.press("Enter")
    expect(window.get_by_role("button", name="Stay")).to_be_focused()
    keyboard.press("Enter")
    expect(close).to_be_focused()
    keyboard.press("Shift+Tab")
    expect(window.get_by_role("button", name="Copy Client Secret")).to_be_focused()
    keyboard.press("Enter")
    expect(window.get_by_role("button", name="Copied Client Secret")).to_be_visible()
    secret = str(worker.page.evaluate("navigator.clipboard.readText()"))
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(worker.row(client_id)).to_contain_text("Nightly report")
    return Application(worker.tenant, "ClientCredentialClients", client_id, secret)


def test_a_list_is_filled_and_emptied_with_the_keyboard_alone(administrator: Worker) -> None:
    page, keyboard = administrator.page, administrator.page.keyboard
    administrator.open(f"{CLIENTS}/add?type=hybrid")
    tab_to(page, administrator.box(URLS))
    keyboard.type(CALLBACK)
    keyboard.press("Enter")
    expect(administrator.entry(CALLBACK)).to_be_visible()
    expect(administrator.box(URLS)).to_be_focused()
    keyboard.type(SECOND_CALLBACK)
    tab_to(page, administrator.main.get_by_role("button", name=f"Add to {URLS}"))
    keyboard.press("Space")
    expect(administrator.entry(SECOND_CALLBACK)).to_be_visible()
    tab_to(page, administrator.main.get_by_role("button", name=f"Remove {CALLBACK}"))
    keyboard.press("Enter")
    expect(administrator.entry(CALLBACK)).to_have_count(0)
    rest = administrator.main.get_by_role("button", name=f"Remove {SECOND_CALLBACK}")
    expect(rest).to_be_focused()


def is_moved_to(page: Page, heading: str) -> None:
    """The focus stands at the head of the step, so that what comes next is below it."""
    focused = page.locator(":focus")
    expect(focused.get_by_role("heading", level=1)).to_have_text(heading)


def test_back_and_forth_between_the_steps_loses_nothing(administrator: Worker) -> None:
    at_create_secret(administrator, "Thought over")
    administrator.type("Description", "For the server in the cellar")
    administrator.check("Never Expires")
    administrator.press("Back")
    is_moved_to(administrator.page, "Add Client")
    expect(administrator.box("Name")).to_have_value("Thought over")
    administrator.type("Name", "")
    administrator.press("Next")
    expect(administrator.main.get_by_role("alert")).to_contain_text("Name")
    expect(administrator.main.get_by_role("alert")).to_be_focused()
    administrator.type("Name", "Thought over twice")
    administrator.press("Next")
    is_moved_to(administrator.page, "Create Secret")
    expect(administrator.box("Description")).to_have_value("For the server in the cellar")
    expect(administrator.main.get_by_role("checkbox", name="Never Expires")).to_be_checked()
    administrator.press("Save")
    administrator.copy("Client Secret")
    assert names(administrator).count("Thought over twice") == 1


FOCUS = """() => {
    const it = document.activeElement, box = it.getBoundingClientRect();
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const style = getComputedStyle(it);
    const isMarked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    // the small calendar in a box for dates is marked by the browser, out of our sight
    const isCalendar = it.type === "datetime-local" && !it.matches(":focus");
    return [it.tagName, isMarked || isCalendar,
            !!middle && (it.contains(middle) || middle.contains(it))];
}"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the element has the focus; whatever has it on the way is seen to have it."""
    expect(wanted).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        tag, is_marked, is_on_top = page.evaluate(FOCUS)
        if tag != "BODY":
            assert is_marked, page.evaluate("document.activeElement.outerHTML")
            assert is_on_top, page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def test_a_client_is_added_on_a_phone(phone: Worker) -> None:
    phone.open("/portal/security/roles")
    expect(phone.page.get_by_role("navigation", name="Portal", exact=True)).to_have_count(0)
    phone.page.locator("summary").filter(has_text="Menu").first.tap()
    phone.page.get_by_role("link", name="Clients", exact=True).tap()
    phone.show("Authorization Code Clients")
    phone.main.get_by_role("link", name="Add Client").first.tap()
    phone.type("Name", "Dashboard")
    phone.type(URLS, CALLBACK)
    phone.main.get_by_role("button", name=f"Add to {URLS}").tap()
    expect(phone.entry(CALLBACK)).to_be_visible()
    phone.main.get_by_role("button", name="Save").tap()
    client_id = phone.shown("Client Id")
    phone.window.get_by_role("link", name="Close", exact=True).tap()

    expect(phone.pane.get_by_role("heading", level=2).first).to_have_text("Dashboard")
    expect(phone.row(client_id)).to_have_count(0)
    phone.pane.get_by_role("link", name="Close the details").tap()
    card = phone.row(client_id)
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box is not None
    assert box["width"] <= PHONE["width"]
    cells = [cell.bounding_box() for cell in card.get_by_role("cell").all()]
    lefts = {round(cell["x"]) for cell in cells if cell}
    assert len(lefts) == 1, "the cells stand below each other"


def test_a_double_click_on_save_makes_one_client_and_shows_its_secret(
    administrator: Worker,
) -> None:
    at_create_secret(administrator, "In haste")
    administrator.main.get_by_role("button", name="Save").dblclick()
    assert len(administrator.shown("Client Secret")) > 40
    assert names(administrator).count("In haste") == 1


def test_a_double_click_without_scripts_makes_one_client_too(plain: Worker) -> None:
    at_create_secret(plain, "In haste")
    plain.main.get_by_role("button", name="Save").dblclick()
    made = Application(
        plain.tenant,
        "ClientCredentialClients",
        plain.shown("Client Id"),
        plain.shown("Client Secret"),
    )
    assert names(plain).count("In haste") == 1
    assert token(plain.served, made, grant_type="client_credentials").status_code == 200


@pytest.mark.requirement("R-41", "R-60")
def test_the_secret_is_shown_once(administrator: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    page = administrator.page
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("request", lambda request: told.append(request.url))
    at_create_secret(administrator, "Shown once")
    administrator.press("Save")
    secret = administrator.copy("Client Secret")
    client_id = administrator.shown("Client Id")
    administrator.window.get_by_role("link", name="Close", exact=True).click()
    expect(administrator.row(client_id)).to_be_visible()
    page.reload()
    assert secret not in everything_in(page)
    # the browser says itself that it does not keep the page, and asks before it sends the form
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()
    expect(page.locator("body")).to_contain_text("ERR_CACHE_MISS")
    assert secret not in everything_in(page)
    monkeypatch.setattr(drafts, "SHOWN_AGAIN", timedelta(0))
    with page.expect_navigation():
        page.reload()
    administrator.reads("The client secret was shown once and cannot be shown again.")
    assert administrator.shown("Client Id") == client_id
    assert secret not in everything_in(page)
    assert told
    assert not [text for text in told if secret in text]


def test_a_reload_of_the_window_makes_no_other_client(administrator: Worker) -> None:
    """Within a minute it is the same window; later, without the secret."""
    at_create_secret(administrator, "Reloaded")
    administrator.press("Save")
    client_id = administrator.shown("Client Id")
    administrator.page.reload()
    expect(administrator.page.get_by_role("dialog", name=WINDOW)).to_be_visible()
    assert administrator.shown("Client Id") == client_id
    assert names(administrator).count("Reloaded") == 1


def at_create_secret(worker: Worker, name: str) -> None:
    """Go as far as the second step of a new client-credentials client."""
    worker.open(f"{CLIENTS}/add?type=client-credentials")
    worker.type("Name", name)
    worker.press("Next")
    worker.stands_at("Create Secret")


def names(worker: Worker) -> list[Any]:
    """The names of all client-credentials clients, over REST."""
    answer = worker.served.http.get(
        f"{worker.served.api(worker.tenant)}/ClientCredentialClients",
        headers=worker.served.admin(worker.tenant),
    )
    return [client["Name"] for client in answer.json()]


def everything_in(page: Page) -> str:
    """The page with what stands in its fields."""
    values = "Array.from(document.querySelectorAll('input'), it => it.value).join(' ')"
    return page.content() + str(page.evaluate(values))


def test_a_choice_made_before_the_script_came_counts(administrator: Worker) -> None:
    page = administrator.page
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    script = "**/static/portal.js"
    page.route(script, hold_first)
    with page.expect_request(script):
        page.goto("/portal/security/clients", wait_until="commit")
    page.get_by_label("Client Type").select_option(label="Hybrid Clients")
    held[0].continue_()
    expect(page).to_have_url(re.compile("type=hybrid"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("type=hybrid"))
    expect(page.get_by_label("Client Type")).to_have_value("client-credentials")
