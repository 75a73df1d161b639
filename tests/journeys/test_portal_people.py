"""People, roles and what was refused: from the portal to where it counts, and with nothing lost."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.flows import CALLBACK, Person, Visitor, new_person
from tests.journeys import portal_desk
from tests.journeys.portal_desk import CLIENTS, Office, Worker

USERS = "/portal/security/users"
PASSWORD = "correct horse battery staple"


def test_a_new_user_chooses_a_password_and_signs_in(
    administrator: Worker, browser: Browser
) -> None:
    administrator.open(USERS)
    administrator.press("Add User")
    administrator.type("First Name", "Robin")
    administrator.type("Last Name", "Ash")
    administrator.type("Contact Email", "robin@example.com")
    administrator.check("Tenant Contributor")
    administrator.press("Add")
    link = administrator.copy("Password link")
    administrator.page.get_by_role("link", name="Close", exact=True).click()
    expect(administrator.row("Robin Ash")).to_contain_text("Pending: has a link")

    with browser.new_context() as context:
        page = context.new_page()
        page.goto(link)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.get_by_role("button", name="Save password").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Choose your password")
        robin = Person("", "robin@example.com", PASSWORD)
        portal_desk.sign_in_by_hand(administrator.served, administrator.tenant, robin, page)
        expect(page.get_by_role("main")).to_contain_text("To change something, ask")
        administrator.page.reload()
        expect(administrator.row("Robin Ash")).to_contain_text("Active")


@pytest.mark.requirement("R-27")
def test_a_session_that_an_administrator_ends_is_over_at_once(office: Office) -> None:
    with office.administrator() as administrator, office.member() as member:
        member.open(CLIENTS)
        administrator.open(f"{USERS}?user={member.person.id}")
        administrator.pane.get_by_role("link", name="End all sessions").click()
        administrator.press("End all")
        expect(administrator.main.get_by_role("status")).to_contain_text("sessions are ended")
        member.page.reload()
        expect(member.page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_custom_role_is_added_given_and_taken_away(office: Office) -> None:
    person = new_person(office.served, office.tenant, ContactSurname="Ash")
    with office.administrator() as administrator:
        administrator.open("/portal/security/roles")
        administrator.press("Add Role")
        administrator.type("Name", "Boiler watch")
        administrator.press("Add")
        expect(administrator.row("Boiler watch")).to_contain_text("Tenant Custom")
        administrator.press("Manage Identities")
        administrator.page.get_by_label("Name or address of a user").fill(person.email)
        administrator.press("Find")
        administrator.press("Add Kim Ash")
        expect(administrator.main.get_by_role("status")).to_contain_text("The role is given.")
        administrator.press("Remove Kim Ash")
        expect(administrator.main.get_by_role("status")).to_contain_text("The role is taken away.")


def test_what_was_refused_is_found_and_mended(administrator: Worker) -> None:
    client = administrator.new_client(RedirectUris=["https://app.example.com/signin"])
    asked = {"response_type": "code id_token", "redirect_uri": CALLBACK}
    visitor = Visitor(administrator.served)
    landing = visitor.authorize(client, **asked)
    support_id = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", landing.response.text)
    assert support_id is not None
    administrator.open("/portal/activity")
    administrator.page.get_by_label("Support id").fill(support_id[0])
    administrator.press("Find")
    administrator.reads("at an address that is not registered")
    administrator.main.get_by_role("link", name="Add this redirect URL").click()
    administrator.reads(CALLBACK)
    administrator.press("Add this redirect URL")
    expect(administrator.main.get_by_role("status")).to_contain_text("The client is mended")
    expect(administrator.pane).to_contain_text(CALLBACK)
    person = new_person(administrator.served, administrator.tenant)
    assert portal_desk.code_of(administrator.served, client, person, **asked)["code"]


def test_what_was_typed_outlives_the_session(administrator: Worker) -> None:
    administrator.open(f"{CLIENTS}/add?type=hybrid")
    administrator.type("Name", "Typed for an hour")
    administrator.put_in("Allowed Redirect URL(s)", CALLBACK)
    page = administrator.page
    page.context.clear_cookies()
    administrator.press("Next")
    administrator.stands_at("Your session has ended")
    with page.expect_popup() as opened:
        administrator.press("Sign in (opens a new tab)")
    sign_in_page = opened.value
    portal_desk.sign_in_by_hand(
        administrator.served, administrator.tenant, administrator.person, sign_in_page
    )
    sign_in_page.close()
    administrator.press("Go on with what I typed")
    administrator.stands_at("Send this again?")
    administrator.reads("Typed for an hour")
    administrator.press("Send again")
    administrator.stands_at("Create Secret")
    administrator.press("Save")
    client_id = administrator.copy("Client Id")
    administrator.copy("Client Secret")
    administrator.window.get_by_role("link", name="Close", exact=True).click()
    expect(administrator.row(client_id)).to_contain_text("Typed for an hour")


def test_the_list_stands_in_its_address(administrator: Worker) -> None:
    off = administrator.new_client("DeviceCodeClients", Name="Off", Enabled=False)
    on = administrator.new_client("DeviceCodeClients", Name="On")
    page = administrator.page
    administrator.open(CLIENTS)
    administrator.show("Device Code Clients")
    with page.expect_navigation():
        page.get_by_label("Status", exact=True).select_option(label="Disabled")
    expect(administrator.row(off.id)).to_be_visible()
    expect(administrator.row(on.id)).to_have_count(0)
    page.get_by_label("Name or Client Id").fill(on.id)
    page.get_by_label("Name or Client Id").press("Enter")
    administrator.reads("No client fits")
    administrator.press("Show all")
    expect(administrator.row(on.id)).to_be_visible()
    page.go_back()
    administrator.reads("No client fits")
    page.go_back()
    expect(administrator.row(off.id)).to_be_visible()
    administrator.main.get_by_role("link", name="Off", exact=True).click()
    administrator.pane.get_by_role("link", name="Close the details").click()
    expect(page.get_by_label("Status", exact=True).locator("option:checked")).to_have_text(
        "Disabled"
    )
