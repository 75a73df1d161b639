"""What people see in a browser: strict headers, nothing from elsewhere, and no echo of input."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from gatepost.web.api.table import OPERATIONS
from tests.served import Served

PAGES = ("/portal/signed-out", "/api/docs")
LINKING = ("action", "background", "data", "formaction", "href", "poster", "src", "srcset")
PLANTED = "<script>alert('planted')</script>"


class Markup(HTMLParser):
    """Every tag of a page with its attributes, and the text of its alert."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    @property
    def links(self) -> list[str]:
        """Whatever the page leads to, posts to or loads."""
        return [said[name] for _, said in self.tags for name in LINKING if name in said]

    @property
    def ids(self) -> list[str]:
        """The ids of its elements."""
        return [said["id"] for _, said in self.tags if "id" in said]


def markup(answer: httpx.Response) -> Markup:
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return Markup(answer.text)


def policy(answer: httpx.Response) -> dict[str, str]:
    """The directives of the content policy."""
    directives = answer.headers["Content-Security-Policy"].split(";")
    return {name: value for name, _, value in (d.strip().partition(" ") for d in directives)}


@pytest.fixture(params=[*PAGES, "/nowhere"])
def page(request: pytest.FixtureRequest, on_sqlite: Served) -> httpx.Response:
    """Each page, and the page that says that there is none."""
    return on_sqlite.http.get(request.param)


@pytest.mark.requirement("R-56")
def test_the_content_policy_allows_only_our_own_files(page: httpx.Response) -> None:
    said = policy(page)
    assert said.pop("default-src") == "'none'"
    assert said.pop("frame-ancestors") == "'none'"
    assert said.pop("base-uri") == "'none'"
    assert said.pop("form-action") == "'self'"
    assert set(said.values()) == {"'self'"}


@pytest.mark.requirement("R-57")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ],
)
def test_every_page_has_the_headers(page: httpx.Response, name: str, value: str) -> None:
    assert page.headers[name] == value


@pytest.mark.requirement("R-57")
def test_a_style_sheet_is_taken_for_nothing_else(on_sqlite: Served) -> None:
    answer = on_sqlite.http.get("/static/site.css")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.requirement("R-58")
def test_a_page_leads_to_and_loads_only_what_is_ours(
    page: httpx.Response, on_sqlite: Served
) -> None:
    links = markup(page).links
    assert "/static/site.css" in links
    for link in links:
        assert link.startswith("#") or re.match(r"/(?!/)", link), link
        address = link.partition("#")[0]
        assert not address or on_sqlite.http.get(address).status_code in {200, 303}, link


@pytest.mark.requirement("R-58")
def test_the_style_sheet_loads_nothing(on_sqlite: Served) -> None:
    text = on_sqlite.http.get("/static/site.css").text
    assert not re.search(r"url\(|@import|://", text)


@pytest.mark.requirement("R-56")
def test_a_page_has_no_inline_style_or_script(page: httpx.Response) -> None:
    for tag, said in markup(page).tags:
        assert tag not in {"script", "style"}
        assert not [name for name in said if name == "style" or name.startswith("on")]


def test_a_page_says_its_language_and_can_be_skipped_into(page: httpx.Response) -> None:
    found = markup(page)
    assert ("html", {"lang": "en"}) in found.tags
    assert "#main" in found.links
    assert [tag for tag, said in found.tags if said.get("id") == "main"] == ["main"]
    assert [tag for tag, _ in found.tags].count("h1") == 1
    assert len(found.ids) == len(set(found.ids))


def test_every_operation_is_on_the_page(on_sqlite: Served) -> None:
    answer = on_sqlite.http.get("/api/docs")
    shown = re.sub(r"<[^>]+>", "", answer.text)
    ids = markup(answer).ids
    for operation in OPERATIONS:
        assert operation.id in ids
        assert operation.template in shown


def test_a_link_within_the_page_leads_somewhere(on_sqlite: Served) -> None:
    found = markup(on_sqlite.http.get("/api/docs"))
    within = {link[1:] for link in found.links if link.startswith("#")}
    assert within <= set(found.ids)


@pytest.mark.requirement("R-59")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/nothing.css", 404),
        ("POST", "/portal/", 405),
        ("POST", "/portal/nowhere", 404),
    ],
)
def test_an_error_page_alerts_and_names_its_support_id(
    on_sqlite: Served, method: str, path: str, status: int
) -> None:
    answer = on_sqlite.http.request(method, path)
    assert answer.status_code == status
    assert {"role": "alert"} in [said for _, said in markup(answer).tags]
    assert f"<code>{answer.headers['Operation-Id']}</code>" in answer.text


@pytest.mark.requirement("R-58", "R-59")
@pytest.mark.parametrize(
    "path", [f"/{PLANTED}", f"/static/{PLANTED}", f"/identity/{PLANTED}", f"/nowhere?q={PLANTED}"]
)
def test_what_stands_in_the_address_is_not_echoed(on_sqlite: Served, path: str) -> None:
    answer = on_sqlite.http.get(path)
    assert answer.status_code == 404
    assert "planted" not in answer.text


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize(
    "path", ["/%ff", "/identity/%c3%28", "/%00", "/static/%ff", "/static/..%2f"]
)
def test_an_address_that_is_no_text_leads_nowhere(on_sqlite: Served, path: str) -> None:
    answer = on_sqlite.http.get(path)
    assert answer.status_code == 404
    assert "Operation-Id" in answer.headers


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_head_answers_as_get_without_a_body(on_sqlite: Served, path: str) -> None:
    got, head = on_sqlite.http.get(path), on_sqlite.http.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    changing = {"date", "operation-id"}
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in got.headers.items() if k not in changing
    }


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_only_be_read(on_sqlite: Served, path: str, method: str) -> None:
    answer = on_sqlite.http.request(method, path, headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_the_start_page_leads_to_the_portal(on_sqlite: Served) -> None:
    answer = on_sqlite.http.get("/")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/portal/"
