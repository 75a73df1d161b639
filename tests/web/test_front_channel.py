"""Front-Channel Logout: the signed-out page frames the applications that were used, no other."""

import html
import json
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.flows import SIGNED_OUT, Application, Landing, Person, Visitor, new_application
from tests.flows import new_person as person_of
from tests.node import STATIC, run
from tests.served import Served
from tests.web.relying import (
    account_form,
    claims_of,
    is_signed_in,
    is_signed_out_page,
    leave,
    use,
)

ONE = "https://one.example.com/out"
TWO = "https://two.example.com:8443/out?a=b%20c&d"
THREE = "http://localhost:5004/out"


class Desk(NamedTuple):
    """A person at a browser, and applications that want a frame."""

    served: Served
    visitor: Visitor
    person: Person

    def client(self, uri: str, **members: object) -> Application:
        """An application that is framed at this address."""
        told = {"FrontChannelLogoutUri": uri, **members}
        return new_application(self.served, self.served.first, Extensions=told)

    def use(self, client: Application) -> str:
        """The id token of a sign-in at an application."""
        return str(use(self.visitor, client, self.person)["id_token"])


@pytest.fixture
def desk(served: Served) -> Desk:
    return Desk(served, Visitor(served), person_of(served, served.first))


def frames(page: str) -> list[str]:
    """The addresses of the frames of a page."""
    return [html.unescape(uri) for uri in re.findall(r'<iframe[^>]*\bsrc="([^"]*)"', page)]


def sources(landing: Landing, directive: str) -> list[str]:
    """What the page's policy names for a directive."""
    policy = landing.response.headers["content-security-policy"]
    found = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    return found.get(directive, "").split()


@pytest.mark.requirement("R-56")
def test_frames_exactly_the_applications_that_were_used(desk: Desk) -> None:
    unused = desk.client("https://unused.example.com/out")
    plain = new_application(desk.served, desk.served.first)
    hints = [desk.use(desk.client(uri)) for uri in (ONE, TWO, THREE)]
    desk.use(plain)
    landing = leave(desk.visitor, id_token_hint=hints[0])
    assert is_signed_out_page(landing)
    found = {uri.rsplit("iss=", 1)[0][:-1]: uri for uri in frames(landing.response.text)}
    assert set(found) == {ONE, TWO, THREE}
    assert len(frames(landing.response.text)) == 3
    known = claims_of(hints[0])
    for uri in found.values():
        told = dict(parse_qsl(urlsplit(uri).query, keep_blank_values=True))
        assert (told["iss"], told["sid"]) == (known["iss"], known["sid"])
    assert sorted(sources(landing, "frame-src")) == [
        "http://localhost:5004",
        "https://one.example.com",
        "https://two.example.com:8443",
    ]
    assert sources(landing, "frame-ancestors") == ["'none'"]
    assert not is_signed_in(desk.visitor, unused)


def test_two_applications_on_one_origin_have_a_frame_each(desk: Desk) -> None:
    hints = [desk.use(desk.client(uri)) for uri in (ONE, ONE + "/two")]
    landing = leave(desk.visitor, id_token_hint=hints[0])
    assert len(frames(landing.response.text)) == 2
    assert sources(landing, "frame-src") == ["https://one.example.com"]


def test_names_no_session_to_who_does_not_want_it(desk: Desk) -> None:
    hint = desk.use(desk.client(TWO, FrontChannelLogoutSessionRequired=False))
    assert frames(leave(desk.visitor, id_token_hint=hint).response.text) == [TWO]


@pytest.mark.requirement("R-56")
def test_frames_nothing_where_nobody_wants_it(desk: Desk) -> None:
    hint = desk.use(new_application(desk.served, desk.served.first))
    landing = leave(desk.visitor, id_token_hint=hint)
    assert frames(landing.response.text) == []
    assert sources(landing, "frame-src") == []


def test_frames_nothing_before_the_person_presses(desk: Desk) -> None:
    desk.use(desk.client(ONE))
    landing = leave(desk.visitor)
    assert frames(landing.response.text) == []
    landing = desk.visitor.submit(landing, "signout")
    assert [uri.partition("?")[0] for uri in frames(landing.response.text)] == [ONE]


def test_frames_nobody_twice(desk: Desk) -> None:
    hint = desk.use(desk.client(ONE))
    assert frames(leave(desk.visitor, id_token_hint=hint).response.text)
    assert not frames(leave(desk.visitor, id_token_hint=hint).response.text)


def test_frames_them_after_the_account_page_too(desk: Desk) -> None:
    hint = desk.use(desk.client(ONE))
    answer = account_form(desk.visitor, "", "/signout")
    (uri,) = frames(answer.text)
    assert uri.startswith(ONE)
    assert dict(parse_qsl(urlsplit(uri).query))["sid"] == claims_of(hint)["sid"]


@pytest.mark.requirement("R-40")
def test_goes_on_to_the_application_after_the_frames(desk: Desk) -> None:
    hint = desk.use(desk.client(ONE))
    state = "s" * 120 + "&<\"' é"
    landing = leave(
        desk.visitor, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT, state=state
    )
    page = landing.response.text
    assert is_signed_out_page(landing)
    assert len(frames(page)) == 1
    link = re.search(r'<a[^>]*id="continue"[^>]*href="([^"]*)"', page)
    assert link is not None
    address = html.unescape(link[1])
    assert address.partition("?")[0] == SIGNED_OUT
    assert dict(parse_qsl(urlsplit(address).query)) == {"state": state}
    assert '<script type="module" src="/static/signed_out.js"></script>' in page


@pytest.mark.requirement("R-40")
def test_offers_no_address_that_is_not_registered(desk: Desk) -> None:
    hint = desk.use(desk.client(ONE))
    bad = SIGNED_OUT + "/x"
    landing = leave(desk.visitor, id_token_hint=hint, post_logout_redirect_uri=bad)
    landing = desk.visitor.submit(landing, "signout")
    page = landing.response.text
    assert len(frames(page)) == 1
    assert 'id="continue"' not in page
    assert bad not in page
    assert "signed_out.js" not in page


_BROWSER = """
const went = [], later = [], heard = {{}};
globalThis.document = {{
  readyState: {ready},
  getElementById: (id) => ({{ href: `address of ${{id}}` }}),
}};
globalThis.location = {{ assign: (address) => went.push(address) }};
globalThis.addEventListener = (type, listener) => {{ heard[type] = listener; }};
globalThis.setTimeout = (call, after) => {{ later.push([call, after]); }};
{script}
const before = went.length;
if ({loads}) heard.load();
for (const [call] of later) call();
console.log(JSON.stringify({{ before, went, patience: later.map(([, after]) => after) }}));
"""


@pytest.mark.parametrize(
    ("ready", "loads", "before"),
    [("interactive", True, 0), ("interactive", False, 0), ("complete", False, 1)],
)
def test_the_script_goes_on_once_when_the_frames_have_loaded_or_take_too_long(
    ready: str, loads: bool, before: int
) -> None:
    program = _BROWSER.format(
        ready=json.dumps(ready),
        loads=json.dumps(loads),
        script=(STATIC / "signed_out.js").read_text(),
    )
    assert run(program) == {"before": before, "went": ["address of continue"], "patience": [3000]}
