"""Session Management: an application's page learns from a frame of ours that a session ended."""

import re
from typing import NamedTuple

import pytest

from tests.flows import CALLBACK, Application, Person, Visitor, new_application
from tests.flows import new_person as person_of
from tests.node import Frame, Message, check_session
from tests.served import Served
from tests.web.indoors import HTTPS, Indoors, indoors
from tests.web.relying import leave, use

CHECK = "/identity/connect/checksession"
ORIGIN = "https://app.example.com"
HYBRID = ["code", "code id_token", "code token", "code id_token token"]


class Desk(NamedTuple):
    """A person at a browser, and an application."""

    served: Served
    visitor: Visitor
    client: Application
    person: Person

    def state(self, **parameters: str | None) -> str:
        """The session state of an answer."""
        landing = self.visitor.authorize(self.client, **parameters)
        return self.visitor.through(landing, self.person).answer["session_state"]

    def ask(self, session_state: object, origin: str = ORIGIN) -> str:
        """What the frame in this browser answers to the application's page."""
        page = self.visitor.http.get(CHECK)
        named = re.search(r'<body data-cookie="([^"]+)">', page.text)
        assert named is not None
        cookies = "; ".join(f"{name}={value}" for name, value in self.readable().items())
        message = Message(f"{self.client.id} {session_state}", origin)
        answers = check_session(Frame(named[1], cookies), {"it": message})
        answer, to = answers["it"]
        assert to == origin
        return answer

    def readable(self) -> dict[str, str]:
        """The cookies that a script may read."""
        return {
            cookie.name: cookie.value or ""
            for cookie in self.visitor.http.cookies.jar
            if not cookie.has_nonstandard_attr("HttpOnly")
        }


@pytest.fixture
def desk(served: Served) -> Desk:
    client = new_application(served, served.first, AllowAccessTokensViaBrowser=True)
    return Desk(served, Visitor(served), client, person_of(served, served.first))


@pytest.fixture
def secure() -> Indoors:
    return indoors(HTTPS)


@pytest.mark.parametrize("response_type", HYBRID)
@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_every_answer_with_openid_has_a_session_state(
    desk: Desk, response_type: str, response_mode: str | None
) -> None:
    state = desk.state(response_type=response_type, response_mode=response_mode)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{16,}", state)
    again = desk.state(prompt="none")
    assert again.partition(".")[2] != state.partition(".")[2]


def test_an_answer_without_openid_has_none(desk: Desk) -> None:
    landing = desk.visitor.authorize(desk.client, scope="ocsapi")
    answer = desk.visitor.through(landing, desk.person).answer
    assert "code" in answer
    assert "session_state" not in answer


def test_nothing_has_changed_until_it_has(desk: Desk) -> None:
    state = desk.state()
    assert desk.ask(state) == "unchanged"
    assert desk.ask(state, "https://evil.example") == "changed"
    desk.state(prompt="none")
    desk.visitor.http.get("/identity/account")
    assert desk.ask(state) == "unchanged"
    use(desk.visitor, new_application(desk.served, desk.served.first), desk.person)
    assert desk.ask(state) == "unchanged"


@pytest.mark.parametrize("rubbish", ["", "a", "a b", f"{'a' * 43}.", f"{'a' * 43}.b c"])
def test_what_is_no_session_state_is_an_error(desk: Desk, rubbish: str) -> None:
    desk.state()
    assert desk.ask(rubbish) == "error"


def test_a_sign_out_changes_it(desk: Desk) -> None:
    hint = use(desk.visitor, desk.client, desk.person)["id_token"]
    state = desk.state()
    assert desk.ask(state) == "unchanged"
    leave(desk.visitor, id_token_hint=hint)
    assert desk.ask(state) == "changed"


def test_a_sign_in_changes_it(desk: Desk) -> None:
    state = desk.state()
    later = desk.state(prompt="login")
    assert desk.ask(state) == "changed"
    assert desk.ask(later) == "unchanged"


@pytest.mark.parametrize(
    "callback",
    ["https://APP.Example.com/cb", "https://app.example.com:443/cb", CALLBACK],
)
def test_the_origin_is_written_as_browsers_write_it(desk: Desk, callback: str) -> None:
    client = new_application(desk.served, desk.served.first, RedirectUris=[callback])
    mine = desk._replace(client=client)
    assert mine.ask(mine.state(redirect_uri=callback)) == "unchanged"


def test_anybody_may_frame_the_page_and_it_shows_nothing_of_anybody(desk: Desk) -> None:
    desk.state()
    page = desk.visitor.http.get(CHECK)
    assert page.status_code == 200
    assert "x-frame-options" not in page.headers
    policy = page.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors *")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert desk.person.email not in page.text
    assert desk.person.id not in page.text
    assert page.text == Visitor(desk.served).http.get(CHECK).text


@pytest.mark.requirement("R-53")
def test_a_script_can_read_its_cookie_and_no_other(desk: Desk) -> None:
    desk.state()
    assert set(desk.readable()) == {"gatepost-state"}
    held = {name: desk.visitor.http.cookies[name] for name in desk.visitor.http.cookies}
    assert set(held) == {"gatepost-state", "gatepost-pre", "gatepost-sid"}
    assert held["gatepost-state"] not in held["gatepost-sid"]


@pytest.mark.requirement("R-53")
def test_over_https_frames_on_other_sites_get_the_cookie(secure: Indoors) -> None:
    served, visitor = secure.served, secure.visitor()
    client = new_application(served, served.first)
    desk = Desk(served, visitor, client, person_of(served, served.first))
    state = desk.state()
    assert desk.ask(state) == "unchanged"
    for cookie in visitor.http.cookies.jar:
        assert cookie.secure
        assert cookie.path == "/"
        assert not cookie.domain_specified
        from_frames = cookie.name in {"__Host-state", "__Host-silent"}
        same_site = cookie.get_nonstandard_attr("SameSite")
        assert same_site == ("None" if from_frames else "Lax"), cookie.name
        assert cookie.has_nonstandard_attr("HttpOnly") == (cookie.name != "__Host-state")
    assert {cookie.name for cookie in visitor.http.cookies.jar} == {
        "__Host-sid",
        "__Host-pre",
        "__Host-silent",
        "__Host-state",
    }
