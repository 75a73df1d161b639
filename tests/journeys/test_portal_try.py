"""A client tried out from the portal, and the sample of a single-page application, in a browser."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gatepost.services import clients
from gatepost.web.portal import client_snippets
from gatepost.web.portal.client_snippets import Place
from tests.flows import new_application, new_person
from tests.interop.program import FOLDER
from tests.journeys import axe
from tests.journeys.portal_desk import PHONE, Office, Worker
from tests.served import Served

SPA = "http://localhost:4200"
MODULES = FOLDER / "node_modules"
LIBRARIES = {
    "/oidc-client-ts.js": MODULES / "oidc-client-ts/dist/esm/oidc-client-ts.js",
    "/jwt-decode.js": MODULES / "jwt-decode/build/esm/index.js",
}
PAGE = """<!doctype html><html lang="en"><title>Boiler house</title>
<script type="importmap">{"imports": {
  "oidc-client-ts": "/oidc-client-ts.js", "jwt-decode": "/jwt-decode.js"}}</script>
<script type="module">
import { signIn, signOut, person, call } from "/sample.js";
Object.assign(window, { signIn, signOut, call });
const user = await person();
document.querySelector("output").textContent = user ? user.profile.sub : "nobody";
</script><main><h1>Boiler house</h1><output></output></main></html>"""


def tried(worker: Worker) -> None:
    """Allow what is asked on the consent page, and see that it went well."""
    worker.page.locator("#allow").click()
    worker.reads("It works. What was added for it is removed again.")


def test_from_the_tab_to_the_last_step(administrator: Worker) -> None:
    client = administrator.new_client(AllowOfflineAccess=True)
    administrator.look(client, "use")
    assert axe.violations(administrator.page) == []
    administrator.press("Try it")
    administrator.stands_at("Try Boiler house")
    assert axe.violations(administrator.page) == []
    administrator.press("Try it")
    tried(administrator)
    assert axe.violations(administrator.page) == []
    for fold in administrator.main.locator("summary").all():
        fold.click()
    administrator.reads("Binds the id token to the code.")
    assert axe.violations(administrator.page) == []
    administrator.press("Back to the client")
    expect(administrator.pane).to_contain_text("Sample code")


def test_the_sample_is_chosen_and_copied(administrator: Worker) -> None:
    client = administrator.new_client("ClientCredentialClients")
    administrator.look(client, "use")
    administrator.press("Python")
    sample = administrator.page.locator("#use-code")
    expect(sample).to_contain_text("import httpx")
    administrator.main.get_by_role("button", name="Copy Sample: Python").click()
    copied = administrator.page.evaluate("navigator.clipboard.readText()")
    assert copied == sample.text_content()
    compile(copied, "sample.py", "exec")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_device_on_a_phone(office: Office, *, scripts: bool) -> None:
    with office.administrator(viewport=PHONE, java_script_enabled=scripts) as worker:
        client = worker.new_client("DeviceCodeClients")
        worker.open(worker.of(client, "try"))
        worker.press("Try it")
        code = worker.main.get_by_label("Code on the device").input_value()
        steps = worker.page.url
        worker.page.goto(f"{worker.served.url}/identity/device?user_code={code}")
        worker.page.locator("#submit").click()
        worker.page.locator("#allow").click()
        worker.page.goto(steps)
        worker.press("Check")
        worker.reads("It works. What was added for it is removed again.")
        width = worker.page.evaluate("document.documentElement.scrollWidth") if scripts else 0
        assert width <= PHONE["width"]


def test_the_sample_of_a_single_page_application(browser: Browser, served: Served) -> None:
    members = {
        "RedirectUris": [f"{SPA}/signed-in"],
        "PostLogoutRedirectUris": [f"{SPA}/"],
        "AllowedCorsOrigins": [SPA],
    }
    made = new_application(served, served.first, "AuthorizationCodeClients", **members)
    person = new_person(served, served.first)
    client = clients.of_any_kind(served.house.world, served.first.id, made.id)
    place = Place(served.url, f"{served.url}/identity", served.first.id)
    sample = client_snippets.render(client, place, "javascript")

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SPA).partition("?")[0]
        text = sample if path == "/sample.js" else None
        if path in LIBRARIES:
            text = LIBRARIES[path].read_text()
        kind = "text/html" if text is None else "text/javascript"
        route.fulfill(status=200, content_type=kind, body=text or PAGE)

    with browser.new_context(base_url=served.url) as context:
        context.route(f"{SPA}/**", answer)
        page = context.new_page()
        page.goto(f"{SPA}/")
        expect(page.locator("output")).to_have_text("nobody")
        sign_in(page, person.email, person.password)
        expect(page.locator("output")).to_have_text(person.id)
        assert page.url == f"{SPA}/signed-in"
        userinfo = f"{served.url}/identity/connect/userinfo"
        told = page.evaluate("async (at) => (await (await call(at)).json()).sub", userinfo)
        assert told == person.id
        page.reload()
        expect(page.locator("output")).to_have_text(person.id)
        with page.expect_navigation(url=f"{SPA}/**"):
            page.evaluate("() => { signOut(); }")
        expect(page.locator("output")).to_have_text("nobody")


def sign_in(page: Page, email: str, password: str) -> None:
    """Go where the sample sends the browser, and allow what it asks."""
    page.evaluate("() => { signIn(); }")
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("#submit").click()
    page.locator("#allow").click()
