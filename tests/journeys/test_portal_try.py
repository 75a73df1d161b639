"""A client tried out from the portal, and the sample of a single-page application, in a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from gatepost.services import clients
from gatepost.web.portal import client_snippets
from gatepost.web.portal.client_snippets import Place
from tests.flows import new_application, new_person
from tests.interop.program import FOLDER
from tests.journeys import axe
from tests.journeys.portal_desk import PHONE, Office, Worker
from tests.served import Served

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


class Listening(ThreadingHTTPServer):
    """The server of an application that consists of one page and the sample."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://localhost:{self.server_port}"
        self.sample = ""

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up."""


class _Answers(BaseHTTPRequestHandler):
    server: Listening

    def do_GET(self) -> None:
        """The page at every address, and its scripts at theirs."""
        path, text, kind = self.path.partition("?")[0], PAGE, "html"
        if path in LIBRARIES:
            text, kind = LIBRARIES[path].read_text(), "javascript"
        if path == "/sample.js":
            text, kind = self.server.sample, "javascript"
        self.send_response(200)
        self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nobody reads it."""


@contextmanager
def listening() -> Iterator[Listening]:
    """Run the application until the block ends."""
    with Listening() as application:
        threading.Thread(target=application.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield application
        finally:
            application.shutdown()


def test_the_sample_of_a_single_page_application(browser: Browser, served: Served) -> None:
    person = new_person(served, served.first)
    with listening() as application, browser.new_context() as context:
        members = {
            "RedirectUris": [f"{application.url}/signed-in"],
            "PostLogoutRedirectUris": [f"{application.url}/"],
            "AllowedCorsOrigins": [application.url],
        }
        made = new_application(served, served.first, "AuthorizationCodeClients", **members)
        client = clients.of_any_kind(served.house.world, served.first.id, made.id)
        place = Place(served.url, f"{served.url}/identity", served.first.id)
        application.sample = client_snippets.render(client, place, "javascript")
        page = context.new_page()
        page.goto(f"{application.url}/")
        shows(page, "nobody")
        sign_in(page, person.email, person.password)
        shows(page, person.id)
        assert page.url == f"{application.url}/signed-in"
        userinfo = f"{served.url}/identity/connect/userinfo"
        told = page.evaluate("async (at) => (await (await call(at)).json()).sub", userinfo)
        assert told == person.id
        page.reload()
        shows(page, person.id)
        page.evaluate("() => { signOut(); }")
        page.wait_for_url(f"{application.url}/")
        shows(page, "nobody")


def shows(page: Page, whom: str) -> None:
    """The page says who is signed in."""
    expect(page.locator("output")).to_have_text(whom)


def sign_in(page: Page, email: str, password: str) -> None:
    """Go where the sample sends the browser, and allow what it asks."""
    page.evaluate("() => { signIn(); }")
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("#submit").click()
    page.locator("#allow").click()
