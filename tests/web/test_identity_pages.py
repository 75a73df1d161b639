"""The headers and cookies of the pages at the identity server, under http and under https."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import httpx
import pytest

from tests.flows import (
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    set_password,
)
from tests.loops import run
from tests.served import Served
from tests.web.indoors import HTTP, HTTPS, indoors

ONE_TIME = "a password for one sign-in"
APPLICATION = "https://app.example.com"


class Stage:
    """A browser, a person, and an application that shows them our pages."""

    def __init__(self, served: Served, visitor: Visitor) -> None:
        self.served, self.visitor = served, visitor
        self.client: Application = new_application(served, served.first)
        self.person: Person = new_person(served, served.first)

    def sign_in_page(self) -> Landing:
        """Where a person types a password."""
        return self.visitor.authorize(self.client)

    def failed(self) -> Landing:
        """The same after a wrong one."""
        page = self.sign_in_page()
        return self.visitor.submit(page, email=self.person.email, password="wrong")

    def consent(self) -> Landing:
        """Where a person allows the application."""
        return self.visitor.sign_in(self.sign_in_page(), self.person)

    def one_time(self) -> Landing:
        """Where a person replaces a one-time password."""
        set_password(self.served, self.served.first, self.person.id, ONE_TIME, one_time=True)
        self.person = self.person._replace(password=ONE_TIME)
        return self.visitor.sign_in(self.sign_in_page(), self.person)

    def chooser(self) -> Landing:
        """Where a person chooses an account."""
        self.visitor.through(self.sign_in_page(), self.person)
        return self.visitor.authorize(self.client, prompt="select_account")

    def account(self) -> Landing:
        """The person's own page."""
        self.visitor.through(self.sign_in_page(), self.person)
        return self.visitor.get("/identity/account")

    def sign_out(self) -> Landing:
        """Where a person is asked whether to sign out."""
        self.visitor.through(self.sign_in_page(), self.person)
        return self.visitor.get("/identity/connect/endsession")


# Each page, and what its forms may lead to besides ourselves.
PAGES: dict[str, tuple[Callable[[Stage], Landing], str]] = {
    "sign-in": (Stage.sign_in_page, APPLICATION),
    "sign-in refused": (Stage.failed, APPLICATION),
    "consent": (Stage.consent, APPLICATION),
    "one-time password": (Stage.one_time, APPLICATION),
    "choose": (Stage.chooser, APPLICATION),
    "account": (Stage.account, ""),
    "sign out": (Stage.sign_out, ""),
    "signed out": (lambda stage: stage.visitor.get("/identity/connect/endsession"), ""),
    "error": (lambda stage: stage.visitor.authorize("nobody"), ""),
    "gone": (lambda stage: stage.visitor.get("/identity/resume"), ""),
    "device": (lambda stage: stage.visitor.get("/identity/device"), ""),
    "alias": (lambda stage: stage.visitor.get("/identity/account"), ""),
    "twice": (lambda stage: stage.visitor.get("/identity/connect/authorize?a=1&a=1"), ""),
    "wrong method": (lambda stage: stage.visitor.get("/identity/signout"), ""),
}


class Tags(HTMLParser):
    """The tags of a page with their attributes, and what stands in scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        assert self.inside not in {"script", "style"} or not data.strip()


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, on_sqlite: Served) -> tuple[httpx.Response, str]:
    """Each page, and what its forms may lead to."""
    show, forms = PAGES[request.param]
    return show(Stage(on_sqlite, Visitor(on_sqlite))).response, forms


@pytest.mark.requirement("R-41", "R-53", "R-56", "R-57", "R-58")
def test_a_page_is_kept_to_itself(page: tuple[httpx.Response, str]) -> None:
    answer, forms = page
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": f"'self' {forms}".strip(),
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items() <= dict(answer.headers).items()
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "strict-transport-security" not in answer.headers


@pytest.mark.requirement("R-56", "R-58")
def test_a_page_has_no_script_or_style_of_its_own(page: tuple[httpx.Response, str]) -> None:
    answer, _ = page
    found = Tags(answer.text).found
    assert [tag for tag, _ in found].count("h1") == 1
    for tag, attributes in found:
        assert tag not in {"style", "iframe", "object", "embed", "base"}
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action"):
            assert re.match(r"[/#](?!/)", attributes.get(name, "/")), (tag, attributes)


def cookies_of(url: str) -> dict[str, set[str]]:
    """The cookies of a whole sign-in, by name, with their attributes."""
    house = indoors(url)
    visitor = house.visitor()
    found: dict[str, set[str]] = {}

    def look(answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            pair, *attributes = line.split("; ")
            assert len(line) < 4_096
            found[pair.partition("=")[0]] = set(attributes)

    visitor.http.event_hooks["response"].append(look)
    stage = Stage(house.served, visitor)
    landing = visitor.through(stage.sign_in_page(), stage.person)
    assert "code" in landing.answer
    return found


@pytest.mark.requirement("R-50", "R-53")
def test_cookies_over_plain_http_have_names_of_their_own() -> None:
    lax = {"Path=/", "SameSite=Lax"}
    assert cookies_of(HTTP) == {
        "gatepost-sid": lax | {"HttpOnly"},
        "gatepost-pre": lax | {"HttpOnly"},
        "gatepost-state": lax,
    }


@pytest.mark.requirement("R-50", "R-53")
def test_cookies_over_https_are_bound_to_the_host() -> None:
    own = {"Path=/", "Secure"}
    assert cookies_of(HTTPS) == {
        "__Host-sid": own | {"SameSite=Lax", "HttpOnly"},
        "__Host-pre": own | {"SameSite=Lax", "HttpOnly"},
        "__Host-silent": own | {"SameSite=None", "HttpOnly"},
        "__Host-state": own | {"SameSite=None"},
    }


@pytest.mark.requirement("R-57")
@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_https_is_asked_for_where_it_is_served(url: str) -> None:
    front = indoors(url).server.front

    async def get(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=front)
        async with httpx.AsyncClient(transport=transport, base_url=url) as caller:
            return await caller.get(path)

    for path in ("/identity/device", "/identity/connect/authorize", "/identity/nothing"):
        answer = run(get(path))
        asked = answer.headers.get("strict-transport-security")
        assert asked == ("max-age=31536000" if url == HTTPS else None)
