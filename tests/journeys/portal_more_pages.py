"""How to get to the portal's pages of secrets, roles, users, activity, and trying a client out."""

from typing import Any

from playwright.sync_api import expect

from tests.flows import Application, Visitor, new_person
from tests.journeys.portal_desk import Worker
from tests.journeys.portal_pages import LONG_URL, NAME, SECRET_STEP, Reach, hostile

ROLES = "/portal/security/roles"
USERS = "/portal/security/users"
ACTIVITY = "/portal/activity"


def tab(name: str, collection: str) -> Reach:
    """A tab of the Details pane."""

    def reach(worker: Worker) -> str:
        worker.look(hostile(worker, collection), name)
        expect(worker.pane.locator("[aria-current=page]").first).to_be_visible()
        return "Clients"

    reach.__name__ = f"tab_{name}_{collection}"
    return reach


def secret_add(worker: Worker) -> str:
    """A further secret."""
    worker.open(worker.of(hostile(worker), "secrets/add"))
    return SECRET_STEP


def secret_add_wrong(worker: Worker) -> str:
    """The same with a problem."""
    secret_add(worker)
    worker.main.get_by_label("Expiration Date", exact=True).fill("2001-01-01T00:00")
    worker.press("Save")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return SECRET_STEP


def secret_created(worker: Worker) -> str:
    """The window with the value."""
    secret_add(worker)
    worker.press("Save")
    return "Client Secret Created"


def secrets_full(worker: Worker) -> str:
    """No more of them."""
    client = hostile(worker)
    for number in range(9):
        post(
            worker,
            f"{client.kind}/{client.id}/Secrets",
            {"Description": f"{number}", "Expires": False},
        )
    worker.open(worker.of(client, "secrets/add"))
    return SECRET_STEP


def secrets_full_tab(worker: Worker) -> str:
    """The tab with as many as there can be."""
    secrets_full(worker)
    worker.press("Back to the secrets")
    return "Clients"


def secret_edit(worker: Worker) -> str:
    """Description and expiry."""
    worker.open(worker.of(hostile(worker), "secrets/1/edit"))
    return "Edit Secret"


def secret_edit_caution(worker: Worker) -> str:
    """The same when it is pushed out."""
    secret_edit(worker)
    worker.main.get_by_label("Expiration Date", exact=True).fill("2099-01-01T00:00")
    worker.press("Save")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return "Edit Secret"


def secret_remove(worker: Worker) -> str:
    """The question, for the last one."""
    client = hostile(worker)
    worker.open(worker.of(client, "secrets/1/remove"))
    return f"Remove secret 1 of the client {NAME}?"


def expiring(worker: Worker) -> str:
    """All secrets that need attention."""
    hostile(worker)
    worker.open("/portal/security/secrets")
    worker.reads("Expires in")
    return "Secrets that need attention"


def nothing_expires(worker: Worker) -> str:
    """None does."""
    worker.open("/portal/security/secrets")
    worker.reads("No secret needs attention")
    return "Secrets that need attention"


def manage_roles(worker: Worker) -> str:
    """Of a client that works for itself."""
    new_role(worker)
    worker.open(worker.of(hostile(worker, "ClientCredentialClients"), "roles"))
    worker.check("Tenant Administrator")
    return "Manage Roles"


def roles(worker: Worker) -> str:
    """The list."""
    new_role(worker)
    worker.open(ROLES)
    return "Roles"


def role(worker: Worker) -> str:
    """One of them."""
    worker.open(f"{ROLES}?role={new_role(worker)}")
    expect(worker.pane.get_by_role("heading", level=2).first).to_have_text(NAME)
    return "Roles"


def role_add(worker: Worker) -> str:
    """The form."""
    worker.open(f"{ROLES}/add")
    return "Add Role"


def role_wrong(worker: Worker) -> str:
    """The same with a problem."""
    role_add(worker)
    worker.press("Add")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return "Add Role"


def role_edit(worker: Worker) -> str:
    """The form with what is there."""
    worker.open(f"{ROLES}/{new_role(worker)}/edit")
    return "Edit Role"


def role_remove(worker: Worker) -> str:
    """The question."""
    worker.open(f"{ROLES}/{new_role(worker)}/remove")
    return f"Remove the role {NAME}?"


def role_members(worker: Worker) -> str:
    """Nobody has it; somebody is looked for."""
    worker.open(f"{ROLES}/{new_role(worker)}/members")
    worker.page.get_by_label("Name or address of a user").fill("Kim")
    worker.press("Find")
    worker.reads(worker.person.email)
    return f"Identities with the role {NAME}"


def role_has_members(worker: Worker) -> str:
    """Somebody has it."""
    role_members(worker)
    worker.main.get_by_role("button", name="Add").first.click()
    worker.reads("The role is given.")
    return f"Identities with the role {NAME}"


def users(worker: Worker) -> str:
    """The list."""
    new_user(worker)
    worker.open(USERS)
    return "Users"


def user(worker: Worker) -> str:
    """One of them."""
    worker.open(f"{USERS}?user={new_user(worker)}")
    return "Users"


def oneself(worker: Worker) -> str:
    """The person at work, with the browser they sit at."""
    worker.open(f"{USERS}?user={worker.person.id}")
    worker.reads("This browser")
    return "Users"


def no_user_found(worker: Worker) -> str:
    """Nobody is called so."""
    worker.open(f"{USERS}?q=nobody")
    worker.reads("No user found")
    return "Users"


def user_add(worker: Worker) -> str:
    """The form."""
    worker.open(f"{USERS}/add")
    return "Add User"


def user_wrong(worker: Worker) -> str:
    """The same with a problem."""
    user_add(worker)
    worker.press("Add")
    expect(worker.main.get_by_role("alert")).to_be_focused()
    return "Add User"


def user_added(worker: Worker) -> str:
    """The window with a link to set a password."""
    user_add(worker)
    worker.type("Contact Email", "robin@example.com")
    worker.press("Add")
    return "User Successfully Added"


def user_edit(worker: Worker) -> str:
    """The form with what is there."""
    worker.open(f"{USERS}/{new_user(worker)}/edit")
    return "Edit User"


def user_roles(worker: Worker) -> str:
    """What they may do."""
    worker.open(f"{USERS}/{new_user(worker)}/roles")
    return "Manage Roles"


def user_asked(what: str, begins: str) -> Reach:
    """The question before something is done to a person."""

    def reach(worker: Worker) -> str:
        worker.open(f"{USERS}/{new_user(worker)}/{what}")
        return f"{begins} {NAME} Lee?"

    reach.__name__ = f"user_{what}"
    return reach


def activity(worker: Worker) -> str:
    """All that happened."""
    hostile(worker)
    new_role(worker)
    worker.open(ACTIVITY)
    worker.reads("added the client")
    return "Activity"


def no_refusals(worker: Worker) -> str:
    """Nothing went wrong."""
    worker.open(ACTIVITY)
    worker.press("Refused and ended")
    worker.reads("Nothing was refused")
    return "Activity"


def refusals(worker: Worker) -> str:
    """A sign-in with an address that is not registered."""
    refused_sign_in(worker, hostile(worker))
    worker.open(ACTIVITY)
    worker.press("Refused and ended")
    worker.reads("Nearest one registered")
    return "Activity"


def wrong_support_id(worker: Worker) -> str:
    """What is no support id."""
    worker.open(f"{ACTIVITY}?support=nothing")
    expect(worker.main.get_by_role("alert")).to_be_visible()
    return "Activity"


def mend(worker: Worker) -> str:
    """What can be done about it."""
    refusals(worker)
    worker.main.locator(".refusal a.button").first.click()
    return f"Add this redirect URL to {NAME}?"


def try_it(collection: str) -> Reach:
    """What trying a client would do."""

    def reach(worker: Worker) -> str:
        worker.open(worker.of(hostile(worker, collection), "try"))
        return f"Try {NAME}"

    reach.__name__ = f"try_{collection}"
    return reach


def tried(worker: Worker) -> str:
    """How it went."""
    try_it("ClientCredentialClients")(worker)
    worker.press("Try it")
    worker.reads("It works.")
    for fold in worker.main.locator("summary").all():
        fold.click()
    return f"Try {NAME}"


def tried_device(worker: Worker) -> str:
    """While it waits."""
    try_it("DeviceCodeClients")(worker)
    worker.press("Try it")
    worker.reads("Let the device in")
    return f"Try {NAME}"


def post(worker: Worker, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make something over REST."""
    made = worker.served.http.post(
        f"{worker.served.api(worker.tenant)}/{path}",
        json=body,
        headers=worker.served.admin(worker.tenant),
    )
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def new_role(worker: Worker) -> str:
    """A custom role; its id."""
    return str(post(worker, "Roles", {"Name": NAME, "Description": NAME})["Id"])


def new_user(worker: Worker) -> str:
    """Somebody with a long name, who is signed in; their id."""
    person = new_person(worker.served, worker.tenant, ContactGivenName=NAME)
    return person.id


def refused_sign_in(worker: Worker, client: Application) -> None:
    """An application comes with an address that is only nearly registered."""
    visitor = Visitor(worker.served)
    landing = visitor.authorize(client, redirect_uri=LONG_URL + "/", response_type="code id_token")
    assert landing.response.status_code == 400


MORE_PAGES: list[Reach] = [
    tab("secrets", "HybridClients"), tab("roles", "ClientCredentialClients"),
    tab("use", "HybridClients"), tab("use", "AuthorizationCodeClients"),
    tab("use", "ClientCredentialClients"), tab("use", "DeviceCodeClients"),
    tab("activity", "HybridClients"),
    secret_add, secret_add_wrong, secret_created, secrets_full, secrets_full_tab, secret_edit,
    secret_edit_caution, secret_remove, expiring, nothing_expires,
    manage_roles, roles, role, role_add, role_wrong, role_edit, role_remove, role_members,
    role_has_members, users, user, oneself, no_user_found, user_add, user_wrong, user_added,
    user_edit, user_roles, user_asked("disable", "Disable"), user_asked("remove", "Remove"),
    user_asked("end-sessions", "End all sessions of"), activity, no_refusals, refusals,
    wrong_support_id, mend, try_it("HybridClients"), tried, tried_device,
]  # fmt: skip
