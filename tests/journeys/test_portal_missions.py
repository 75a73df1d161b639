"""The printed procedures, followed step by step by the words that they name.

Each ends with the new client in use: what the procedure is for.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows import CALLBACK, SIGNED_OUT, Application, Visitor, new_person, pkce, redeem, token
from tests.journeys import portal_desk
from tests.journeys.portal_desk import Worker
from tests.journeys.watch import Watch
from tests.served import Served

SECOND_CALLBACK = "http://localhost:5004/callback.html"
ORIGIN = "https://app.example.com"
Start = Callable[[Served], Worker]


@pytest.fixture
def start(browser: Browser) -> Iterator[Start]:
    """Signs an administrator of a new tenant in, as people do; their page saw nothing odd."""
    with browser.new_context(viewport=portal_desk.WIDE) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        watch = Watch(context)
        page = context.new_page()

        def started(served: Served) -> Worker:
            tenant = portal_desk.new_tenant(served)
            person = portal_desk.new_administrator(served, tenant)
            portal_desk.sign_in_by_hand(served, tenant, person, page)
            return Worker(served, tenant, person, page, watch)

        yield started
        assert watch.complaints == []
        assert len(watch.origins) == 1


def left_pane(page: Page) -> None:
    """In the left pane, select Security > Clients."""
    pane = page.get_by_role("navigation", name="Portal", exact=True)
    expect(pane.get_by_text("Security", exact=True)).to_be_visible()
    pane.get_by_role("link", name="Clients", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clients")


def menu_icon(page: Page) -> None:
    """Click the menu icon and click Clients (under Security)."""
    page.locator("summary").filter(has_text=re.compile(r"^\s*Menu\s*$")).click()
    menu = page.get_by_role("navigation", name="Portal menu")
    expect(menu.get_by_text("Security", exact=True)).to_be_visible()
    menu.get_by_role("link", name="Clients", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clients")


def stays_in_the_list(worker: Worker, client_id: str, name: str) -> None:
    """Close: the Client Id is still visible in the list."""
    worker.window.get_by_role("link", name="Close", exact=True).click()
    expect(worker.window).to_have_count(0)
    expect(worker.row(client_id)).to_contain_text(name)
    expect(worker.row(client_id).get_by_text(client_id, exact=True)).to_be_visible()


def both_copied(worker: Worker, kind: str) -> Application:
    """Client Id and Client Secret by their Copy buttons, which copy what is shown."""
    client_id, secret = worker.copy("Client Id"), worker.copy("Client Secret")
    assert client_id == worker.shown("Client Id")
    assert secret == worker.shown("Client Secret")
    expect(worker.window).to_contain_text("Once this window is closed")
    return Application(worker.tenant, kind, client_id, secret)


def people_sign_in(worker: Worker, client: Application, scope: str) -> dict[str, str]:
    """The hybrid flow, with the client as it was copied: the tokens of a person."""
    person = new_person(worker.served, worker.tenant)
    asked = {"response_type": "code id_token", "scope": scope}
    answer = portal_desk.code_of(worker.served, client, person, **asked)
    assert answer["id_token"].count(".") == 2
    redeemed = redeem(worker.served, client, answer["code"])
    assert redeemed.status_code == 200, redeemed.text
    tokens: dict[str, str] = redeemed.json()
    reads_the_tenant(worker, tokens["access_token"])
    return tokens


def reads_the_tenant(worker: Worker, access_token: str) -> None:
    """What applications do first with an access token."""
    answer = worker.served.http.get(
        worker.served.api(worker.tenant), headers={"Authorization": f"Bearer {access_token}"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["Id"] == worker.tenant.id


def expires_in_a_year(worker: Worker) -> None:
    """By default, the secret is set to expire one year after creation."""
    box = worker.main.get_by_label("Expiration Date", exact=True)
    shown = portal_desk.typed_moment(box.input_value())
    a_year = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=365)
    assert abs(shown - a_year) < timedelta(days=2)


def test_add_a_hybrid_client_with_a_secret_step(start: Start, served: Served) -> None:
    """001: Add a hybrid client."""
    worker = start(served)
    page = worker.page
    left_pane(page)
    worker.show("Hybrid Clients")
    worker.press("Add Client")
    worker.stands_at("Add Client")
    worker.type("Name", "Boiler house")
    worker.check("Allow Refresh Token")
    worker.put_in("Allowed Redirect URL(s)", CALLBACK, SECOND_CALLBACK)
    worker.put_in("Allowed Logout Redirect URL(s)", SIGNED_OUT)
    expect(worker.box("Token Lifetime")).to_have_value("3600")
    worker.type("Token Lifetime", "600")
    worker.press("Next")

    worker.stands_at("Create Secret")
    worker.type("Description", "The one of the first installation")
    expires_in_a_year(worker)
    worker.check("Never Expires")
    worker.press("Save")

    client = both_copied(worker, "HybridClients")
    stays_in_the_list(worker, client.id, "Boiler house")
    tokens = people_sign_in(worker, client, "openid ocsapi offline_access")
    assert int(tokens["expires_in"]) == 600
    again = token(served, client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert again.status_code == 200, again.text
    reads_the_tenant(worker, again.json()["access_token"])


def test_add_a_hybrid_client_on_one_page(start: Start, ocs: Served) -> None:
    """000: Add a hybrid client."""
    worker = start(ocs)
    left_pane(worker.page)
    worker.show("Hybrid")
    worker.press("Add Client")
    worker.type("Name", "Boiler house")
    worker.put_in("Allowed Redirect URL(s)", CALLBACK)
    worker.put_in("Allowed Logout Redirect URL(s)", SIGNED_OUT)
    worker.type("Token Lifetime", "60")
    worker.press("Add")

    client = both_copied(worker, "HybridClients")
    stays_in_the_list(worker, client.id, "Boiler house")
    tokens = people_sign_in(worker, client, "openid ocsapi")
    assert "refresh_token" not in tokens
    assert int(tokens["expires_in"]) == 60


def test_add_a_hybrid_client_without_the_plus_button(start: Start, ocs: Served) -> None:
    """002: Creating a hybrid client. It names no +: what is in the box counts."""
    worker = start(ocs)
    menu_icon(worker.page)
    worker.show("Hybrid")
    worker.press("Add Client")
    worker.type("Name", "Boiler house")
    worker.check("Allow Refresh Token")
    worker.type("Allowed Redirect URL(s)", CALLBACK)
    worker.type("Allowed Logout Redirect URL(s)", SIGNED_OUT)
    worker.press("Add")

    client = both_copied(worker, "HybridClients")
    stays_in_the_list(worker, client.id, "Boiler house")
    tokens = people_sign_in(worker, client, "openid ocsapi offline_access")
    assert tokens["refresh_token"]


@pytest.mark.parametrize("expires", ["in a year", "at a date", "never"])
def test_add_a_client_credentials_client(start: Start, ocs: Served, expires: str) -> None:
    """002: Creating a client-credentials client."""
    worker = start(ocs)
    page = worker.page
    menu_icon(page)
    shown = page.get_by_label("Client Type", exact=True).locator("option:checked")
    expect(shown).to_have_text("Client-Credentials")
    worker.press("Add Client")
    worker.type("Name", "Nightly report")
    member = worker.main.get_by_role("checkbox", name="Account Member")
    expect(member).to_be_checked()
    expect(member).to_be_disabled()
    worker.check("Account Contributor")
    worker.type("Token Lifetime", "900")
    worker.press("Continue")

    add_secret(worker, expires)
    client = both_copied(worker, "ClientCredentialClients")
    stays_in_the_list(worker, client.id, "Nightly report")
    in_the_list_of_secrets(worker, client.id, expires)
    answer = token(ocs, client, grant_type="client_credentials")
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_in"] == 900
    reads_the_tenant(worker, answer.json()["access_token"])


def add_secret(worker: Worker, expires: str) -> None:
    """In the Add Secret window, enter a Description, and a date that the secret expires."""
    worker.stands_at("Add Secret")
    worker.type("Description", "For the server in the cellar")
    expires_in_a_year(worker)
    if expires == "at a date":
        worker.main.get_by_label("Expiration Date", exact=True).fill("2099-12-31T23:59")
    if expires == "never":
        worker.check("Never Expires")
    worker.press("Add")


def in_the_list_of_secrets(worker: Worker, client_id: str, expires: str) -> None:
    """Note: In the list of secrets, the Client Id is still visible."""
    worker.pane.get_by_role("link", name="Secrets", exact=True).click()
    shows = {"in a year": "Valid", "at a date": "2099", "never": "Never expires"}
    expect(worker.pane).to_contain_text("For the server in the cellar")
    expect(worker.pane).to_contain_text(shows[expires])
    expect(worker.row(client_id).get_by_text(client_id, exact=True)).to_be_visible()


@pytest.mark.parametrize("plus", [True, False], ids=["with +", "without +"])
def test_add_an_authorization_code_client(start: Start, ocs: Served, plus: bool) -> None:
    """004: Add an authorization code client; 002 has the same without a +."""
    worker = start(ocs)
    menu_icon(worker.page)
    worker.show("Authorization Code")
    worker.press("Add Client")
    worker.type("Name", "Dashboard")
    enter = worker.put_in if plus else worker.type
    enter("Allowed Redirect URL(s)", CALLBACK)
    enter("Allowed Logout Redirect URL(s)", SIGNED_OUT)
    enter("Allowed CORS Origin(s)", ORIGIN)
    worker.type("Token Lifetime", "120")
    worker.press("Add")

    client = Application(worker.tenant, "AuthorizationCodeClients", worker.copy("Client Id"), None)
    expect(worker.window.get_by_label("Client Secret", exact=True)).to_have_count(0)
    stays_in_the_list(worker, client.id, "Dashboard")
    signs_in_with_pkce(worker, client)


def signs_in_with_pkce(worker: Worker, client: Application) -> None:
    """A page in a browser at the registered origin redeems the code, and reads the tenant."""
    proof = pkce()
    person = new_person(worker.served, worker.tenant)
    visitor = Visitor(worker.served)
    asked = {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    landing = visitor.through(visitor.authorize(client, **asked), person)
    answer = worker.served.http.post(
        "/identity/connect/token",
        data={
            "grant_type": "authorization_code",
            "client_id": client.id,
            "code": landing.answer["code"],
            "code_verifier": proof.verifier,
            "redirect_uri": CALLBACK,
        },
        headers={"Origin": ORIGIN},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json()["expires_in"] == 120
    reads_the_tenant(worker, answer.json()["access_token"])
