"""What administrators do with clients that are there, and what the token endpoint makes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.flows import Application, new_person, token
from tests.journeys.portal_desk import CLIENTS, Office, Worker, code_of, new_administrator

ANOTHER = "http://localhost:5004/callback.html"


def grant(worker: Worker, client: Application) -> int:
    """Ask for a token with the client's own credentials; the status of the answer."""
    return token(worker.served, client, grant_type="client_credentials").status_code


def notice(worker: Worker, text: str) -> None:
    """The page tells what was done."""
    expect(worker.main.get_by_role("status")).to_contain_text(text)


def test_an_edited_client_is_in_force_at_once(administrator: Worker) -> None:
    client = administrator.new_client()
    administrator.open(f"{CLIENTS}?type=hybrid")
    administrator.main.get_by_role("link", name="Boiler house").click()
    administrator.pane.get_by_role("link", name="Edit Client").click()
    administrator.stands_at("Edit Client")
    administrator.type("Name", "Boiler house, north")
    administrator.put_in("Allowed Redirect URL(s)", ANOTHER)
    administrator.press("Save")
    notice(administrator, "The client is saved")
    expect(administrator.row(client.id)).to_contain_text("Boiler house, north")
    expect(administrator.pane).to_contain_text(ANOTHER)
    person = new_person(administrator.served, administrator.tenant)
    answer = code_of(
        administrator.served,
        client,
        person,
        redirect_uri=ANOTHER,
        response_type="code id_token",
    )
    assert answer["code"]


def test_an_entry_is_taken_out_of_a_list(administrator: Worker) -> None:
    client = administrator.new_client(RedirectUris=["https://one.example.com/", ANOTHER])
    administrator.open(administrator.of(client, "edit"))
    administrator.press(f"Remove {ANOTHER}")
    expect(administrator.entry(ANOTHER)).to_have_count(0)
    administrator.press("Save")
    notice(administrator, "The client is saved")
    expect(administrator.pane).to_contain_text("https://one.example.com/")
    expect(administrator.pane).not_to_contain_text(ANOTHER)


@pytest.mark.requirement("R-27")
def test_a_disabled_client_gets_nothing_until_it_is_enabled(administrator: Worker) -> None:
    client = administrator.new_client("ClientCredentialClients")
    assert grant(administrator, client) == 200
    administrator.look(client)
    administrator.pane.get_by_role("link", name="Disable Client").click()
    administrator.stands_at("Disable Boiler house?")
    administrator.press("Disable")
    notice(administrator, "The client is disabled")
    expect(administrator.row(client.id)).to_contain_text("Disabled")
    assert grant(administrator, client) == 401
    administrator.pane.get_by_role("link", name="Enable Client").click()
    administrator.press("Enable")
    notice(administrator, "The client is enabled")
    expect(administrator.row(client.id)).to_contain_text("Enabled")
    assert grant(administrator, client) == 200


def test_a_client_is_removed_after_a_question(administrator: Worker) -> None:
    client = administrator.new_client("ClientCredentialClients")
    assert grant(administrator, client) == 200
    administrator.look(client)
    administrator.pane.get_by_role("link", name="Remove Client").click()
    administrator.stands_at("Remove Boiler house?")
    administrator.reads("1 secret")
    administrator.press("Cancel")
    expect(administrator.row(client.id)).to_be_visible()
    administrator.pane.get_by_role("link", name="Remove Client").click()
    administrator.press("Remove")
    notice(administrator, "The client is removed")
    expect(administrator.row(client.id)).to_have_count(0)
    assert grant(administrator, client) == 401


def test_a_secret_is_changed_without_a_gap(administrator: Worker) -> None:
    """The remedy for a lost secret: add a new one, and remove the old one."""
    old = administrator.new_client("ClientCredentialClients")
    administrator.open(f"{CLIENTS}?type=client-credentials")
    administrator.main.get_by_role("link", name="Boiler house").click()
    administrator.pane.get_by_role("link", name="Secrets").click()
    expect(administrator.row(old.id)).to_be_visible()
    administrator.pane.get_by_role("link", name="Add Secret").click()
    administrator.stands_at("Create Secret")
    administrator.type("Description", "The one after")
    administrator.check("Never Expires")
    administrator.press("Save")

    new = old._replace(secret=administrator.copy("Client Secret"))
    administrator.page.get_by_role("link", name="Close", exact=True).click()
    expect(administrator.pane).to_contain_text("The one after")
    assert new.secret != old.secret
    assert (grant(administrator, new), grant(administrator, old)) == (200, 200)
    administrator.pane.get_by_role("link", name="Remove secret 1").click()
    administrator.press("Remove secret 1")
    notice(administrator, "The secret is removed")
    expect(administrator.pane.get_by_role("heading", name="Secret 1")).to_have_count(0)
    assert (grant(administrator, new), grant(administrator, old)) == (200, 401)


def test_description_and_expiry_of_a_secret_are_changed(administrator: Worker) -> None:
    soon = datetime.now(UTC) + timedelta(days=100)
    client = administrator.new_client(
        SecretDescription="The old words", SecretExpirationDate=soon.isoformat()
    )
    administrator.look(client, "secrets")
    expect(administrator.pane).to_contain_text("The old words")
    administrator.pane.get_by_role("link", name="Edit secret 1").click()
    administrator.stands_at("Edit Secret")
    administrator.type("Description", "The new words")
    administrator.main.get_by_label("Expiration Date", exact=True).fill("2099-12-31T23:59")
    administrator.press("Save")
    administrator.reads("A new secret is safer")
    expect(administrator.box("Description")).to_have_value("The new words")
    administrator.press("Save Anyway")
    notice(administrator, "The secret is saved")
    expect(administrator.pane).to_contain_text("The new words")
    expect(administrator.pane).to_contain_text("2099")


def test_a_client_is_given_a_role_and_loses_it(administrator: Worker) -> None:
    client = administrator.new_client("ClientCredentialClients")
    for wanted in (True, False):
        administrator.look(client, "roles")
        administrator.pane.get_by_role("link", name="Manage Roles").click()
        role = administrator.main.get_by_role("checkbox", name="Tenant Contributor")
        expect(role).to_be_checked(checked=not wanted)
        role.set_checked(wanted)
        administrator.press("Save")
        notice(administrator, "The roles are saved")
        expect(administrator.pane).to_contain_text("Tenant Member")
        held = administrator.pane.get_by_text("Tenant Contributor", exact=True)
        expect(held).to_have_count(int(wanted))
        assert len(roles_of(administrator, client)) == 1 + wanted


def roles_of(worker: Worker, client: Application) -> list[str]:
    """The roles of a client, over REST."""
    answer = worker.served.http.get(
        f"{worker.served.api(worker.tenant)}/{client.kind}/{client.id}",
        headers=worker.served.admin(worker.tenant),
    )
    found: list[str] = answer.json()["RoleIds"]
    return found


def test_two_administrators_at_once_lose_nothing(office: Office) -> None:
    with office.administrator() as first, office.administrator() as second:
        client = first.new_client()
        for worker in (first, second):
            worker.open(worker.of(client, "edit"))
        first.type("Name", "Named by the first")
        first.type("Token Lifetime", "600")
        first.press("Save")
        notice(first, "The client is saved")

        second.type("Name", "Named by the second")
        second.put_in("Allowed Redirect URL(s)", ANOTHER)
        second.press("Save")
        told = second.main.get_by_role("alert")
        expect(told).to_contain_text("Kim Lee changed this client while you did")
        expect(told).to_contain_text("they saved Named by the first")
        expect(told).to_contain_text("Token Lifetime is now: 600")
        expect(told).to_be_focused()
        expect(second.box("Name")).to_have_value("Named by the second")
        expect(second.box("Token Lifetime")).to_have_value("600")
        expect(second.entry(ANOTHER)).to_be_visible()
        second.press("Save")
        notice(second, "The client is saved")
        expect(second.row(client.id)).to_contain_text("Named by the second")
        expect(second.pane).to_contain_text("600 s")
        expect(second.pane).to_contain_text(ANOTHER)


@pytest.mark.requirement("R-64")
@pytest.mark.parametrize("what", ["edit", "disable", "remove", "secrets/add", "roles"])
def test_a_member_looks_and_is_told_whom_to_ask(office: Office, what: str) -> None:
    new_administrator(office.served, office.tenant, ContactGivenName="Robin", ContactSurname="Ash")
    with office.member() as member:
        client = member.new_client("ClientCredentialClients")
        member.look(client)
        expect(member.row(client.id)).to_be_visible()
        member.reads("To change something, ask")
        member.reads("Robin Ash")
        for name in ("Add Client", "Edit Client", "Disable Client", "Remove Client", "Secrets"):
            expect(member.main.get_by_role("link", name=name, exact=True)).to_have_count(0)
        status, text = member.page.evaluate(BY_HAND, member.of(client, what))
        assert status == 403
        assert "Only an administrator may do this." in text
        assert "Robin Ash" in text
        assert grant(member, client) == 200
        member.open(member.of(client, what))
        member.stands_at("That is not possible")
        member.reads("Robin Ash")


# A form that somebody made by hand, sent from a page of the portal.
BY_HAND = """async (path) => {
    const answer = await fetch(path, {method: "POST", body: new URLSearchParams({proof: "x"})});
    return [answer.status, await answer.text()];
}"""
