"""How to get to the portal's pages of clients and their secrets, in every state they can be in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.flows import Application, new_person
from tests.journeys.portal_desk import CLIENTS, PHONE, Worker, sign_in

# Long and in one piece, as a narrow page finds hardest, and with what is no element.
NAME = "<i>{{7*7}}" + "Boilerhouse" * 6
LONG_URL = "https://app.example.com/" + "a-very-long-path" * 12
WRONG_URL = "http://*.example.com/#here"
URLS = "Allowed Redirect URL(s)"
SECRET_STEP = "Create Secret"

Reach = Callable[[Worker], str]


def hostile(worker: Worker, collection: str = "HybridClients") -> Application:
    """A client whose members are as long and odd as they may be."""
    if collection == "ClientCredentialClients":
        return worker.new_client(collection, Name=NAME, SecretDescription=NAME)
    if collection == "DeviceCodeClients":
        return worker.new_client(collection, Name=NAME, ClientUri=LONG_URL)
    members = {"Name": NAME, "RedirectUris": [LONG_URL, LONG_URL + "2"], "ClientUri": LONG_URL}
    if collection == "HybridClients":
        soon = datetime.now(UTC) + timedelta(days=3)
        members |= {"SecretDescription": NAME, "SecretExpirationDate": soon.isoformat()}
    return worker.new_client(collection, **members)


def choose_organisation(worker: Worker) -> str:
    """Where the way in begins, when there are several organisations."""
    worker.page.context.clear_cookies()
    worker.open("/portal/")
    return "Choose an organisation"


def unknown_organisation(worker: Worker) -> str:
    """The same with a problem."""
    choose_organisation(worker)
    worker.type("Company alias", "nobody at all")
    worker.press("Next")
    expect(worker.page.get_by_role("alert")).to_be_visible()
    return "Choose an organisation"


def switch_organisation(worker: Worker) -> str:
    """The same for somebody who is signed in already."""
    worker.open("/portal/choose")
    return "Choose an organisation"


def not_signed_in(worker: Worker) -> str:
    """A sign-in that took too long."""
    worker.open("/portal/callback?code=x&state=y")
    return "You are not signed in"


def signed_out(worker: Worker) -> str:
    """After it."""
    worker.open(CLIENTS)
    worker.page.locator("summary").filter(has_text="Your menu").click()
    worker.page.get_by_role("button", name="Sign out", exact=True).click()
    return "You are signed out"


def session_over(worker: Worker) -> str:
    """A form that came too late."""
    worker.open(f"{CLIENTS}/add?type=client-credentials")
    worker.type("Name", NAME)
    worker.page.context.clear_cookies()
    worker.press("Next")
    return "Your session has ended"


def send_again(worker: Worker) -> str:
    """A form that was made before its person signed in again."""
    worker.open(f"{CLIENTS}/add?type=hybrid")
    worker.type("Name", NAME)
    worker.put_in(URLS, LONG_URL)
    worker.page.context.clear_cookies()
    sign_in(worker.served, worker.tenant, worker.person, worker.page.context)
    worker.press("Next")
    return "Send this again?"


def clients(worker: Worker) -> str:
    """The list as it is found."""
    hostile(worker, "ClientCredentialClients")
    worker.open("/portal/")
    return "Clients"


def clients_menu(worker: Worker) -> str:
    """The same with the person's menu open."""
    clients(worker)
    worker.page.locator("summary").filter(has_text="Your menu").click()
    return "Clients"


def clients_on_a_phone(worker: Worker) -> str:
    """The same with the menu of a phone open."""
    clients(worker)
    worker.page.set_viewport_size(PHONE)
    worker.page.locator("header summary").first.click()
    return "Clients"


def no_clients(worker: Worker) -> str:
    """Nothing of the kind yet."""
    worker.open(f"{CLIENTS}?type=authorization-code")
    worker.reads("No clients of this type yet")
    return "Clients"


def no_client_fits(worker: Worker) -> str:
    """Nothing that fits what is looked for."""
    worker.open(CLIENTS)
    worker.page.get_by_label("Name or Client Id").fill(NAME)
    worker.press("Search")
    worker.reads("No client fits")
    return "Clients"


def second_page(worker: Worker) -> str:
    """A list that is longer than a page, sorted the other way."""
    for number in range(26):
        worker.new_client("DeviceCodeClients", Name=f"Device {number}")
    worker.open(f"{CLIENTS}?type=device-code")
    worker.page.get_by_role("columnheader").get_by_role("link", name="Name").click()
    expect(worker.page.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "descending"
    )
    worker.press("Next")
    worker.reads("26 to 26 of 26")
    return "Clients"


def of_member(worker: Worker) -> str:
    """What somebody without the right sees."""
    client = hostile(worker)
    becomes_member(worker)
    worker.look(client)
    worker.reads("To change something, ask")
    return "Clients"


def refused(worker: Worker) -> str:
    """What they see where they may not go."""
    becomes_member(worker)
    worker.open(f"{CLIENTS}/add?type=hybrid")
    return "That is not possible"


def becomes_member(worker: Worker) -> None:
    """Another person at the same browser, who may look only."""
    person = new_person(worker.served, worker.tenant)
    worker.page.context.clear_cookies()
    sign_in(worker.served, worker.tenant, person, worker.page.context)


def nowhere(worker: Worker) -> str:
    """An address that leads to nothing."""
    worker.open("/portal/security/nothing")
    return "That is not possible"


def add_hybrid(worker: Worker) -> str:
    """The form with a list, and with what few need."""
    worker.open(f"{CLIENTS}/add?type=hybrid")
    worker.type("Name", NAME)
    worker.put_in(URLS, LONG_URL)
    worker.check("Allow Refresh Token")
    worker.page.locator("summary").filter(has_text="Advanced settings").click()
    worker.check("Allow Access Tokens Via Browser")
    return "Add Client"


def add_on_one_page(worker: Worker) -> str:
    """The form that has the secret on it, in the older words."""
    worker.open(f"{CLIENTS}/add?type=hybrid")
    worker.main.locator("summary").filter(has_text="Client secret").click()
    worker.check("Never Expires")
    return "Add Client"


def add_code(worker: Worker) -> str:
    """The form of another kind."""
    worker.open(f"{CLIENTS}/add?type=authorization-code")
    return "Add Client"


def add_credentials(worker: Worker) -> str:
    """The form with roles, one of which is cautioned against."""
    worker.open(f"{CLIENTS}/add?type=client-credentials")
    worker.check("Tenant Administrator")
    return "Add Client"


def add_device(worker: Worker) -> str:
    """The form of the last kind."""
    worker.open(f"{CLIENTS}/add?type=device-code")
    return "Add Client"


def add_wrong(worker: Worker) -> str:
    """Everything wrong at once, with every problem at its field."""
    worker.open(f"{CLIENTS}/add?type=hybrid")
    worker.type(URLS, WRONG_URL)
    worker.type("Allowed Logout Redirect URL(s)", LONG_URL)
    worker.type("Token Lifetime", "1")
    worker.page.locator("summary").filter(has_text="Advanced settings").click()
    worker.type("Client Id", "not an id")
    worker.press("Next")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    expect(worker.main.get_by_role("alert").get_by_role("listitem")).to_have_count(4)
    return "Add Client"


def add_refused_at_once(worker: Worker) -> str:
    """An entry of a list that + does not take."""
    worker.open(f"{CLIENTS}/add?type=hybrid")
    worker.type(URLS, WRONG_URL)
    worker.press(f"Add to {URLS}")
    expect(worker.box(URLS)).to_have_attribute("aria-invalid", "true")
    return "Add Client"


def add_secret_step(worker: Worker) -> str:
    """The second step."""
    add_hybrid(worker)
    worker.press("Next")
    worker.stands_at(SECRET_STEP)
    worker.check("Never Expires")
    return SECRET_STEP


def add_secret_wrong(worker: Worker) -> str:
    """The same with a problem."""
    add_secret_step(worker)
    worker.main.get_by_role("checkbox", name="Never Expires").uncheck()
    worker.main.get_by_label("Expiration Date", exact=True).fill("2001-01-01T00:00")
    worker.press("Save")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return SECRET_STEP


def created(worker: Worker) -> str:
    """The window with id and secret."""
    add_secret_step(worker)
    worker.press("Save")
    return "Client Successfully Created"


def created_close(worker: Worker) -> str:
    """The same when nothing was copied."""
    created(worker)
    worker.window.get_by_role("link", name="Close", exact=True).click()
    expect(worker.window.get_by_role("button", name="Stay")).to_be_focused()
    return "Client Successfully Created"


def created_copied(worker: Worker) -> str:
    """The same just after copying, with a namesake."""
    hostile(worker)
    created(worker)
    worker.copy("Client Secret")
    return "Client Successfully Created"


def created_without_secret(worker: Worker) -> str:
    """The window of a kind that has none."""
    worker.open(f"{CLIENTS}/add?type=authorization-code")
    worker.type("Name", NAME)
    worker.put_in(URLS, LONG_URL)
    worker.press("Save")
    return "Client Successfully Created"


def details_hybrid(worker: Worker) -> str:
    """All that is known of a client, after a change."""
    client = hostile(worker)
    worker.open(worker.of(client, "edit"))
    worker.check("Allow Refresh Token")
    worker.press("Save")
    expect(worker.main.get_by_role("status")).to_contain_text("The client is saved")
    return "Clients"


def details_disabled(worker: Worker) -> str:
    """Of one that is switched off."""
    client = worker.new_client("AuthorizationCodeClients", Name=NAME, Enabled=False)
    worker.look(client)
    expect(worker.pane.get_by_role("link", name="Enable Client")).to_be_visible()
    return "Clients"


def details_device(worker: Worker) -> str:
    """Of the last kind."""
    worker.look(hostile(worker, "DeviceCodeClients"))
    return "Clients"


def edit(worker: Worker) -> str:
    """The form with what is there."""
    worker.open(worker.of(hostile(worker), "edit"))
    return "Edit Client"


def edit_wrong(worker: Worker) -> str:
    """The same with a problem."""
    edit(worker)
    worker.type("Name", "")
    worker.type(URLS, WRONG_URL)
    worker.press("Save")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return "Edit Client"


def edit_meanwhile(worker: Worker) -> str:
    """The same when somebody else was faster."""
    client = hostile(worker)
    other = worker.page.context.new_page()
    for page in (other, worker.page):
        page.goto(f"{worker.served.url}{worker.of(client, 'edit')}")
    first = worker._replace(page=other)
    first.put_in(URLS, LONG_URL + "3")
    first.type("Name", NAME + "again")
    first.press("Save")
    first.stands_at("Clients")
    other.close()
    worker.type("Name", "Mine")
    worker.press("Save")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return "Edit Client"


def asked(what: str) -> Reach:
    """The question before something is done to a client."""

    def reach(worker: Worker) -> str:
        client = hostile(worker)
        if what == "enable":
            client = worker.new_client("AuthorizationCodeClients", Name=NAME, Enabled=False)
        worker.open(worker.of(client, what))
        return f"{what.capitalize()} {NAME}?"

    reach.__name__ = what
    return reach


CLIENT_PAGES: list[Reach] = [
    choose_organisation, unknown_organisation, switch_organisation, not_signed_in, signed_out,
    session_over, send_again, clients, clients_menu, clients_on_a_phone, no_clients,
    no_client_fits, second_page, of_member, refused, nowhere, add_hybrid, add_code,
    add_credentials, add_device, add_wrong, add_refused_at_once, add_secret_step,
    add_secret_wrong, created, created_close, created_copied, created_without_secret,
    details_hybrid, details_disabled, details_device, edit, edit_wrong, edit_meanwhile,
    asked("disable"), asked("enable"), asked("remove"),
]  # fmt: skip
