"""Somebody at a real browser, at work in the portal, in a tenant that no other test uses."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from gatepost.model.tenants import ADMINISTRATOR
from gatepost.services import tenants, users
from gatepost.services.tenants import Founding, operator_act
from tests.flows import CALLBACK, Application, Person, Visitor, new_application, new_person
from tests.journeys.watch import Watch
from tests.served import Served, Tenant

CLIENTS = "/portal/security/clients"
WINDOW = "Client Successfully Created"
WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


class Worker(NamedTuple):
    """A person who is signed in to the portal, their browser, and what it complains of."""

    served: Served
    tenant: Tenant
    person: Person
    page: Page
    watch: Watch

    @property
    def main(self) -> Locator:
        """The part of the page beside the left pane."""
        return self.page.get_by_role("main")

    def open(self, path: str) -> None:
        """Go to an address of the portal."""
        self.page.goto(f"{self.served.url}{path}")

    def stands_at(self, heading: str) -> None:
        """The page has this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def reads(self, text: str) -> None:
        """The words are to be seen on the page."""
        expect(self.main.get_by_text(text).first).to_be_visible()

    def press(self, name: str) -> None:
        """Press the button or follow the link of this name in the page."""
        button = self.main.get_by_role("button", name=name, exact=True)
        link = self.main.get_by_role("link", name=name, exact=True)
        button.or_(link).first.click()

    def type(self, label: str, text: str) -> None:
        """Fill in the box under a label."""
        self.box(label).fill(text)

    def box(self, label: str) -> Locator:
        """The box under a label, whether or not it says that it is optional."""
        words = re.compile(f"^{re.escape(label)}( \\(?optional\\)?)?$")
        return self.main.get_by_role("textbox", name=words)

    def check(self, label: str) -> None:
        """Set a check mark."""
        self.main.get_by_role("checkbox", name=label, exact=True).check()

    def put_in(self, label: str, *urls: str) -> None:
        """Fill a list: each entry is typed, and added by +."""
        for url in urls:
            self.type(label, url)
            self.press(f"Add to {label}")
            expect(self.entry(url)).to_be_visible()

    def entry(self, text: str) -> Locator:
        """An entry of a list on a form."""
        return self.main.get_by_role("listitem").locator("code").get_by_text(text, exact=True)

    def show(self, kind: str) -> None:
        """Choose a kind in the drop-down list Client Type."""
        drop_down = self.page.get_by_label("Client Type", exact=True)
        with self.page.expect_navigation():
            drop_down.select_option(label=kind)
        expect(drop_down.locator("option:checked")).to_have_text(kind)

    def row(self, text: str) -> Locator:
        """The row of the list with these words."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_text(text, exact=True))

    @property
    def window(self) -> Locator:
        """The window above the page."""
        return self.page.get_by_role("dialog", name=WINDOW)

    @property
    def pane(self) -> Locator:
        """The Details pane."""
        return self.page.get_by_role("complementary")

    def shown(self, label: str) -> str:
        """What the window shows under a label."""
        return self.window.get_by_label(label, exact=True).input_value()

    def copy(self, label: str) -> str:
        """Press Copy to the right of a field of the window; what the clipboard has then."""
        window = self.page.get_by_role("dialog")
        window.get_by_role("button", name=f"Copy {label}").click()
        expect(window.get_by_role("button", name=f"Copied {label}")).to_be_visible()
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def new_client(self, collection: str = "HybridClients", **members: Any) -> Application:
        """A client that is there already."""
        return new_application(self.served, self.tenant, collection, **members)

    def look(self, client: Application, tab: str = "details") -> None:
        """Open the Details pane of a client at a tab."""
        self.open(f"{CLIENTS}?type={SLUGS[client.kind]}&client={client.id}&tab={tab}")

    def of(self, client: Application, what: str) -> str:
        """The address of something that is done with a client."""
        return f"{CLIENTS}/{client.id}/{what}"


SLUGS = {
    "ClientCredentialClients": "client-credentials",
    "AuthorizationCodeClients": "authorization-code",
    "HybridClients": "hybrid",
    "DeviceCodeClients": "device-code",
}


class Office(NamedTuple):
    """A tenant of its own, whom one can hire people for."""

    browser: Browser
    served: Served
    tenant: Tenant

    @contextmanager
    def administrator(self, **options: Any) -> Iterator[Worker]:
        """An administrator, in a browser with these options, who saw nothing odd at the end."""
        person = new_administrator(self.served, self.tenant)
        with self._at_work(person, options) as worker:
            yield worker

    @contextmanager
    def member(self, **options: Any) -> Iterator[Worker]:
        """Somebody without the right to change anything."""
        with self._at_work(new_person(self.served, self.tenant), options) as worker:
            yield worker

    @contextmanager
    def _at_work(self, person: Person, options: dict[str, Any]) -> Iterator[Worker]:
        wide = {"base_url": self.served.url, "viewport": WIDE}
        with self.browser.new_context(**wide | options) as context:
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            watch = Watch(context)
            sign_in(self.served, self.tenant, person, context)
            yield Worker(self.served, self.tenant, person, context.new_page(), watch)
            assert watch.complaints == []
            assert watch.origins <= {self.served.url}


def new_office(browser: Browser, served: Served) -> Office:
    """An office in a new tenant."""
    return Office(browser, served, new_tenant(served))


def new_tenant(served: Served) -> Tenant:
    """A tenant that no other test uses, and that nobody else's alias leads to."""
    name = f"Works {secrets.token_hex(4)}"
    founding = Founding(tenant_id=served.house.world.dice.guid(), tenant_name=name)
    made = tenants.found(served.house.world, founding)
    assert made.admin_client_secret is not None
    return Tenant(made.tenant.id, made.admin_client_id, made.admin_client_secret)


def new_administrator(served: Served, tenant: Tenant, **members: Any) -> Person:
    """A person with the administrator role."""
    person = new_person(served, tenant, **members)
    world = served.house.world
    with world.store.reading(tenant.id) as tenancy:
        role = tenancy.directory.role_of_type(ADMINISTRATOR)
    assert role is not None
    users.replace_roles(world, operator_act(tenant.id, "test"), person.id, [role.id])
    return person


def alias_of(served: Served, tenant: Tenant) -> str:
    """What people type to choose the tenant."""
    return tenants.get(served.house.world, tenant.id).alias


def sign_in(served: Served, tenant: Tenant, person: Person, context: BrowserContext) -> None:
    """Sign in without looking at the pages, and give the browser the cookies."""
    visitor = Visitor(served)
    landing = visitor.submit(visitor.get("/portal/"), "choose", alias=alias_of(served, tenant))
    landing = visitor.sign_in(landing, person)
    assert landing.path == CLIENTS, landing
    kept = {cookie.name: cookie.value or "" for cookie in visitor.http.cookies.jar}
    context.add_cookies(
        [{"name": name, "value": value, "url": served.url} for name, value in kept.items()]
    )


def sign_in_by_hand(served: Served, tenant: Tenant, person: Person, page: Page) -> None:
    """Open the portal and sign in as people do."""
    page.goto(f"{served.url}/portal/")
    page.get_by_label("Company alias").fill(alias_of(served, tenant))
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Clients")


def code_of(served: Served, client: Application, person: Person, **asked: str) -> dict[str, str]:
    """Sign a person in to the application of a client; what it is answered."""
    visitor = Visitor(served)
    landing = visitor.through(visitor.authorize(client, **asked), person)
    assert landing.uri == asked.get("redirect_uri", CALLBACK), landing
    return landing.answer


def typed_moment(text: str) -> datetime:
    """What a box for date and time says."""
    return datetime.fromisoformat(text)
