"""What others send stands on our pages as text, or not at all; and nothing comes from elsewhere."""

from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows import CALLBACK, Landing, Visitor, new_application, new_person
from tests.web.forms import ACCOUNT, FORMS, Stage
from tests.web.indoors import indoors

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "</title></textarea></form><form action=https://attacker.example>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&amp;quot;",
    "<!--",
    "`${alert(1)}`",
    "\u2028<b>\u202e",
)
_characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
_hostile = st.lists(
    st.sampled_from(PAYLOADS) | st.text(_characters, min_size=1, max_size=20), min_size=1
)
HOSTILE = _hostile.map(lambda parts: "".join(parts)[:200])
_few = settings(max_examples=60, deadline=None)


class Page(NamedTuple):
    """A page by its elements, in order, and by what people read on it."""

    elements: list[tuple[str, list[str]]]
    addresses: list[tuple[str, str, str]]
    values: list[str]
    text: str


class _Reader(HTMLParser):
    """Reads a page as a browser does: entities resolved, attributes apart."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page([], [], [], "")
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = sorted(name for name, _ in attrs if name != "autofocus")
        self.page.elements.append((tag, names))
        for name, value in attrs:
            if name in {"href", "src", "action", "srcset", "formaction", "data", "poster"}:
                self.page.addresses.append((tag, name, value or ""))
            elif name == "value":
                self.page.values.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(landing: Landing) -> Page:
    """The page on which a browser stands."""
    reader = _Reader()
    reader.feed(landing.response.text)
    reader.close()
    return reader.page._replace(text=" ".join("".join(reader.texts).split()))


def alike(one: Page, other: Page) -> bool:
    """Whether two pages are built alike: the same elements, with the same kinds of attribute."""
    return one.elements == other.elements and len(one.addresses) == len(other.addresses)


@pytest.mark.requirement("R-58")
@_few
@given(hint=HOSTILE)
def test_a_login_hint_is_a_value(hint: str) -> None:
    visitor = _STAGE.house.visitor()
    page = read(visitor.authorize(_STAGE.client, login_hint=hint))
    plain = read(visitor.authorize(_STAGE.client, login_hint="kim"))
    assert alike(page, plain)
    assert hint in page.values
    assert hint not in page.text or len(hint) < 30


@pytest.mark.requirement("R-58")
@_few
@given(email=HOSTILE, password=HOSTILE)
def test_an_address_that_was_typed_is_a_value(email: str, password: str) -> None:
    visitor = indoors().visitor()
    page = visitor.authorize(new_application(visitor.served, visitor.served.first))
    plain = read(visitor.submit(page, email="kim", password="wrong"))
    typed = read(visitor.submit(page, email=email, password=password))
    assert alike(typed, plain)
    assert email.strip() in typed.values
    assert typed.text == plain.text


@pytest.mark.requirement("R-58")
@_few
@given(code=HOSTILE)
def test_a_code_of_a_device_is_a_value(code: str) -> None:
    visitor = indoors().visitor()
    for get in (True, False):
        if get:
            shown, plain = (
                visitor._settle(visitor.http.get("/identity/device", params={"user_code": text}))
                for text in (code, "BCDF")
            )
        else:
            page = visitor.get("/identity/device")
            shown, plain = (visitor.submit(page, user_code=text) for text in (code, "BCDF"))
        assert alike(read(shown), read(plain))
        assert code[:20] in read(shown).values


@pytest.mark.requirement("R-58", "R-08")
@_few
@given(state=HOSTILE)
def test_the_state_goes_back_as_it_came(state: str) -> None:
    """In the form that posts an answer, and as one parameter of an address."""
    visitor = _STAGE.visitor
    landing = visitor.authorize(_STAGE.client, response_mode="form_post", state=state)
    plain = visitor.authorize(_STAGE.client, response_mode="form_post", state="plain")
    assert alike(read(landing), read(plain))
    assert state in read(landing).values
    assert [address for _, name, address in read(landing).addresses if name == "action"] == [
        CALLBACK
    ]
    answer = visitor.authorize(_STAGE.client, state=state)
    assert (answer.uri, answer.answer["state"]) == (CALLBACK, state)
    assert "\n" not in answer.response.headers["location"]


@pytest.mark.requirement("R-58", "R-59")
@_few
@given(text=HOSTILE, name=st.sampled_from(["client_id", "redirect_uri", "both"]))
def test_an_error_page_says_nothing_of_the_request(text: str, name: str) -> None:
    visitor = _STAGE.house.visitor()
    bad = {"redirect_uri": text} if name != "client_id" else {}
    client = _STAGE.client if name == "redirect_uri" else text
    others = dict.fromkeys(("state", "nonce", "login_hint", "ui_locales"), text)
    landing = visitor.authorize(client, **bad, **others)
    assert landing.response.status_code == 400
    page = read(landing)
    plain = read(visitor.authorize("x" if name != "redirect_uri" else client, redirect_uri="x"))
    assert alike(page, plain)
    assert page.text.split("Support id")[0] == plain.text.split("Support id")[0]


@pytest.mark.requirement("R-58")
@_few
@given(text=HOSTILE)
def test_what_is_in_the_address_of_a_page_is_not_on_it(text: str) -> None:
    visitor = _STAGE.visitor
    plain = visitor.get(ACCOUNT)
    landing = visitor._settle(visitor.http.get(ACCOUNT, params={"done": text, text: "x"}))
    expected = (plain.path, 200) if len(text) <= 100 else (plain.path, landing.response.status_code)
    assert (landing.path, landing.response.status_code) == expected
    assert landing.response.status_code != 200 or alike(read(landing), read(plain))


@pytest.mark.requirement("R-58")
@settings(max_examples=25, deadline=None)
@given(payload=st.sampled_from(PAYLOADS[:-1]))
def test_names_are_text(payload: str) -> None:
    """Of applications, people and passkeys, which people choose who may not be friends."""
    house = indoors()
    served, tenant = house.served, house.served.first
    pages = []
    for text in (payload, "Plain"):
        person = new_person(served, tenant, ContactGivenName=text, ContactSurname=text)
        client = new_application(served, tenant, Name=text)
        visitor = house.visitor()
        question = visitor.sign_in(visitor.authorize(client), person)
        visitor.submit(question, "allow")
        question = visitor.authorize(client, prompt="consent")
        choice = visitor.authorize(client, prompt="select_account")
        out = visitor.get(f"/identity/connect/endsession?client_id={client.id}")
        visitor.http.headers["User-Agent"] = text
        there = [read(page) for page in (question, choice, out)]
        assert all(" ".join(text.split()) in page.text for page in there)
        pages.append(there)
    for hostile, plain in zip(*pages, strict=True):
        assert alike(hostile, plain)


@pytest.mark.requirement("R-56", "R-58")
def test_no_page_brings_anything_from_elsewhere() -> None:
    stage = Stage(indoors())
    for name, landing in _all_pages(stage).items():
        for tag, attribute, address in read(landing).addresses:
            assert not urlsplit(address).netloc or tag == "a", (name, tag, attribute, address)
            assert address.startswith("/"), (name, tag, attribute, address)
        text = landing.response.text
        assert not [tag for tag, names in read(landing).elements if {"style", "onclick"} & {*names}]
        assert "<style" not in text
        assert text.count("<script") == text.count('<script type="module" src="/static/')
        policy = landing.response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; "), name
        assert policy.endswith("base-uri 'none'; frame-ancestors 'none'"), name
        assert landing.response.headers["x-frame-options"] == "DENY"
        assert landing.response.headers["cache-control"] == "no-store"
        assert landing.response.headers["cross-origin-opener-policy"] == "same-origin"


def _all_pages(stage: Stage) -> dict[str, Landing]:
    """The pages that people see."""
    visitor = stage.visitor
    found = {
        "account": stage.account(),
        "password": visitor.get(f"{ACCOUNT}/password"),
        "choose": stage.errand(prompt="select_account"),
        "consent": stage.errand(prompt="consent"),
        "error": visitor.get("/identity/resume?request=x.y"),
        "sign out": visitor.get("/identity/connect/endsession"),
        "device": visitor.get("/identity/device"),
        "confirm": visitor.submit(
            visitor.get("/identity/device"), user_code=FORMS["/identity/device"](stage)["user_code"]
        ),
        "sign in": stage.errand(prompt="login"),
    }
    found["wrong"] = visitor.submit(found["sign in"], email="x", password="y")
    found["alias"] = Visitor(stage.served).get(ACCOUNT)
    found["done"] = visitor.submit(found["confirm"], "deny")
    found["signed out"] = visitor.submit(found["sign out"], "signout")
    headings = [page.response.text.split("<h1>")[1].split("</h1>")[0] for page in found.values()]
    assert len(set(headings)) == len(headings) - 1  # a wrong password is on the page of the form
    return found


_STAGE = Stage(indoors())
