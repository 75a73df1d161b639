"""Takes the pictures of the README: `.venv/bin/python -m tools.pictures`.

It serves the product with the clients of a plant, works in the portal as an administrator does,
and writes docs/pictures. It needs Chromium, as the tests do.
"""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, ViewportSize, expect

from gatepost.services import tenants
from gatepost.services.tenants import Founding
from tests.browser import launched
from tests.flows import Application, new_application, signed_in_tokens
from tests.journeys.portal_desk import CLIENTS, WINDOW, new_administrator, sign_in
from tests.served import Served, Tenant, serve, sqlite_settings

PICTURES = Path(__file__).parents[1] / "docs/pictures"
SIZE: ViewportSize = {"width": 1280, "height": 800}
COMPANY = "Harbour Heat and Power"
REDIRECT = "http://localhost:9000/in"


class Shown(NamedTuple):
    """A client of the list: when its secret expires, and how it is."""

    name: str
    days: int | None
    is_used: bool = True
    enabled: bool = True


PLANT = (
    Shown("Boiler house dashboard", 312),
    Shown("Control room notes", 61),
    Shown("Emissions report", 240),
    Shown("Energy balance", 9),
    Shown("Handover book", 153),
    Shown("Maintenance planner", 28),
    Shown("Permit to work", 301),
    Shown("Spare parts", 88, is_used=False, enabled=False),
    Shown("Turbine hall cameras", None, is_used=False),
    Shown("Water treatment", 199),
)


def take() -> None:
    """Serve, work, and take the three pictures."""
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(sqlite_settings(Path(folder)), "localhost") as served,
        launched() as browser,
    ):
        tenant = founded(served)
        page = at_work(served, tenant, browser)
        dashboard = equipped(served, tenant)
        picture_list(page)
        picture_created(page)
        picture_try_it(page, dashboard)


def founded(served: Served) -> Tenant:
    """The tenant of the plant."""
    world = served.house.world
    made = tenants.found(world, Founding(tenant_id=world.dice.guid(), tenant_name=COMPANY))
    assert made.admin_client_secret is not None
    return Tenant(made.tenant.id, made.admin_client_id, made.admin_client_secret)


def at_work(served: Served, tenant: Tenant, browser: Browser) -> Page:
    """A page of a browser in which the plant's administrator is signed in."""
    names = {"ContactGivenName": "Mary", "ContactSurname": "Thompson"}
    person = new_administrator(served, tenant, **names)
    context = browser.new_context(
        base_url=served.url,
        viewport=SIZE,
        color_scheme="light",
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
    )
    sign_in(served, tenant, person, context)
    page = context.new_page()
    page.goto(CLIENTS)  # tells the server the time zone
    return page


def equipped(served: Served, tenant: Tenant) -> Application:
    """The clients of the plant, most of them used today; the first of them."""
    operator = new_administrator(served, tenant, ContactGivenName="Sam", ContactSurname="Reed")
    made = [(shown, added(served, tenant, shown)) for shown in PLANT]
    for shown, client in made:
        if shown.is_used:
            signed_in_tokens(served, client, operator)
    time.sleep(2)  # use is written down once a second
    return made[0][1]


def added(served: Served, tenant: Tenant, shown: Shown) -> Application:
    """A hybrid client with one secret."""
    members: dict[str, Any] = {"Name": shown.name, "Enabled": shown.enabled}
    if shown.days is not None:
        end = datetime.now(UTC) + timedelta(days=shown.days)
        members["SecretExpirationDate"] = end.isoformat()
    return new_application(served, tenant, AllowOfflineAccess=True, **members)


def picture_list(page: Page) -> None:
    """The list of clients."""
    page.goto(f"{CLIENTS}?type=hybrid")
    shoot(page, "clients")


def picture_created(page: Page) -> None:
    """The window with id and secret of a client that was just added."""
    page.goto(f"{CLIENTS}/add?type=hybrid")
    page.get_by_label("Name", exact=True).fill("Shift log")
    page.get_by_role("checkbox", name="Allow Refresh Token").check()
    page.get_by_label("Allowed Redirect URL(s)", exact=True).fill(REDIRECT)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Description").fill("Server in the control room")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog", name=WINDOW)).to_be_visible()
    shoot(page, "created")


def picture_try_it(page: Page, client: Application) -> None:
    """The steps of a try-out that went well."""
    page.goto(f"{CLIENTS}/{client.id}/try")
    page.get_by_role("button", name="Try it").click()
    page.locator("#allow").click()
    expect(page.get_by_text("It works.")).to_be_visible()
    shoot(page, "try-it")


def shoot(page: Page, name: str) -> None:
    """Keep what the window shows."""
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    take()
