"""A single-page application on oidc-client-ts, in a real browser, on another origin than ours."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows import Person, new_application, new_person
from tests.journeys.application import Application, running
from tests.journeys.watch import Watch
from tests.served import Served

USERINFO = "/identity/connect/userinfo"
# As the application asks its library to.
CHECK_INTERVAL_MS = 1000


class Spa(NamedTuple):
    """The application, open in a browser, and the person in front of it."""

    page: Page
    application: Application
    served: Served
    person: Person
    watch: Watch

    def user(self) -> dict[str, Any]:
        """What the application knows of the person, with the tokens."""
        known: dict[str, Any] = self.page.evaluate(
            "() => ({profile: user.profile, scope: user.scope, session_state: user.session_state,"
            " access_token: user.access_token, expires_in: user.expires_in})"
        )
        return known

    def shows(self, name: str) -> None:
        expect(self.page.locator("#person")).to_have_text(name)

    def notes(self, event: str) -> None:
        expect(self.page.locator("#events")).to_contain_text(event)

    def opens(self, token: str) -> int:
        """What UserInfo says of a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(self.served.url + USERINFO, headers=headers).status_code


@pytest.fixture(scope="module")
def person(served: Served) -> Person:
    return new_person(served, served.first)


@pytest.fixture(scope="module")
def application(served: Served) -> Iterator[Application]:
    with running() as listening:
        client = new_application(
            served,
            served.first,
            "AuthorizationCodeClients",
            RedirectUris=[f"{listening.url}/callback", f"{listening.url}/silent"],
            PostLogoutRedirectUris=[f"{listening.url}/signed-out"],
            AllowedCorsOrigins=[listening.url],
        )
        listening.settings = {"authority": f"{served.url}/identity", "client_id": client.id}
        yield listening


@pytest.fixture
def spa(
    browser: Browser, served: Served, application: Application, person: Person
) -> Iterator[Spa]:
    """The application with nobody signed in; at the end the browser had nothing to complain of."""
    with browser.new_context() as context:
        watch = Watch(context)
        page = context.new_page()
        page.goto(application.url)
        opened = Spa(page, application, served, person, watch)
        opened.shows("nobody")
        yield opened
        assert watch.complaints == []
        assert watch.origins == {served.url, application.url}


@pytest.fixture
def signed_in(spa: Spa) -> Spa:
    """The application with somebody signed in."""
    spa.page.click("#sign_in")
    spa.page.fill("#email", spa.person.email)
    spa.page.fill("#password", spa.person.password)
    spa.page.click("#submit")
    spa.page.locator("#allow, #person").wait_for()
    if spa.page.locator("#allow").is_visible():
        spa.page.click("#allow")
    spa.shows(spa.person.email)
    return spa


@pytest.mark.requirement("R-07")
def test_sign_in(signed_in: Spa) -> None:
    assert urlsplit(signed_in.page.url).path == "/"
    user = signed_in.user()
    profile = user["profile"]
    assert profile["sub"] == signed_in.person.id
    assert (profile["name"], profile["email"]) == ("Kim Lee", signed_in.person.email)
    assert profile["tid"] == signed_in.served.first.id
    assert user["scope"] == "openid profile email ocsapi"
    assert user["session_state"]
    assert signed_in.opens(user["access_token"]) == 200


@pytest.mark.requirement("R-37")
def test_silent_renewal(signed_in: Spa) -> None:
    before = signed_in.user()
    visited: list[str] = []
    signed_in.page.on("framenavigated", lambda frame: visited.append(frame.url))
    signed_in.page.click("#renew")
    is_new = "token => user.access_token !== token"
    signed_in.page.wait_for_function(is_new, arg=before["access_token"])
    after = signed_in.user()
    assert after["profile"]["sub"] == before["profile"]["sub"]
    assert signed_in.opens(after["access_token"]) == 200
    # Nothing was shown on the way: neither in the page nor in its frame.
    assert [urlsplit(url).path for url in visited if url.startswith("http")] == ["/silent"]


@pytest.mark.requirement("R-37")
def test_silent_renewal_with_nobody_signed_in(spa: Spa) -> None:
    spa.page.click("#renew")
    spa.notes("renewal-failed:login_required")


def test_a_session_that_goes_on_is_left_alone(signed_in: Spa) -> None:
    """The frame that checks the session finds what the answer said, and nobody asks again."""
    asked: list[str] = []
    signed_in.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    frame = signed_in.page.frame_locator(f"iframe[src^='{signed_in.served.url}']")
    expect(frame.locator("h1")).to_have_text("Session check")
    signed_in.page.wait_for_timeout(CHECK_INTERVAL_MS * 2.5)
    assert "/identity/connect/authorize" not in asked


def test_a_sign_out_in_another_tab_is_noticed(signed_in: Spa) -> None:
    tab = signed_in.page.context.new_page()
    tab.goto(f"{signed_in.served.url}/identity/account")
    tab.get_by_role("button", name="Sign out", exact=True).click()
    expect(tab.get_by_role("heading", name="You are signed out")).to_be_visible()
    signed_in.notes("signed-out-elsewhere")
    signed_in.shows("nobody")


def test_sign_out(signed_in: Spa) -> None:
    token = signed_in.user()["access_token"]
    signed_in.page.click("#sign_out")
    signed_in.page.wait_for_url(f"{signed_in.application.url}/signed-out*")
    signed_in.notes("back")
    signed_in.shows("nobody")
    assert signed_in.opens(token) == 401
    signed_in.page.click("#sign_in")
    expect(signed_in.page.locator("#password")).to_be_visible()


@pytest.mark.requirement("R-07")
def test_only_a_registered_origin_may_read(
    browser: Browser, served: Served, application: Application
) -> None:
    def may_read(page: Page, path: str) -> bool:
        found = page.evaluate(
            "url => fetch(url).then(() => true, () => false)", f"{served.url}/identity{path}"
        )
        return bool(found)

    document, authorize = "/.well-known/openid-configuration", "/connect/authorize?client_id=x"
    with running() as stranger, browser.new_context() as context:
        page = context.new_page()
        page.goto(application.url)
        assert may_read(page, document)
        assert not may_read(page, authorize)
        page.goto(stranger.url + "/frame.html")
        assert not may_read(page, document)
