"""What a browser puts into a frame of ours: nothing but what decision 0015 allows."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.flows import new_application, new_person
from tests.journeys.application import Application, running
from tests.journeys.pages import AUTHORIZE, Desk
from tests.served import Served

# What the browser calls a frame whose page it refused to show.
REFUSED = "chrome-error://chromewebdata/"
SEND_BY_POST = """
address => {
    const url = new URL(address);
    const form = document.createElement("form");
    form.method = "post";
    form.action = url.origin + url.pathname;
    for (const [name, value] of url.searchParams) {
        form.append(Object.assign(document.createElement("input"), {name, value}));
    }
    document.body.append(form);
    form.submit();
}
"""


class Scene(NamedTuple):
    """Somebody who is signed in, their application, and another application of the same site."""

    desk: Desk
    own: Application
    other: Application

    def address(self, **parameters: str) -> str:
        """A request of the application, which needs no page where nothing else is asked."""
        asked = {
            "client_id": self.desk.client.id,
            "redirect_uri": f"{self.own.url}/callback",
            "response_type": "code id_token",
            "response_mode": "form_post",
            "scope": "openid",
            "nonce": "some-nonce",
            **parameters,
        }
        return f"{self.desk.served.url}{AUTHORIZE}?{urlencode(asked)}"

    def framed(self, by: Application, address: str) -> Frame:
        """A frame for an address on a page of an application, when it has come to rest."""
        page = self.desk.page
        page.goto("about:blank")
        page.goto(f"{by.url}/frame.html#{quote(address, safe='')}")
        expect(page.locator("#loaded")).to_be_visible()
        (frame,) = page.main_frame.child_frames
        return frame


@pytest.fixture(scope="module")
def signed_in(served: Served, browser: Browser) -> Iterator[Scene]:
    """One for all: framing changes nothing of it."""
    with running() as own, running() as other, browser.new_context() as context:
        client = new_application(served, served.first, RedirectUris=[f"{own.url}/callback"])
        person = new_person(served, served.first)
        made = Scene(Desk(served, context.new_page(), person, client), own, other)
        made.desk.page.goto(made.address())
        made.desk.sign_in()
        made.desk.page.click("#allow")
        expect(made.desk.page.get_by_role("heading", level=1)).to_have_text("Posted")
        yield made


@pytest.fixture
def scene(signed_in: Scene) -> Scene:
    """The scene, with nothing posted yet."""
    signed_in.own.posted.clear()
    return signed_in


@pytest.mark.requirement("R-56")
@pytest.mark.parametrize(
    "path",
    [
        "/identity/account",
        "/identity/account/password",
        "/identity/device",
        "/identity/connect/endsession",
        f"{AUTHORIZE}?client_id=unknown",
        "/api/docs",
    ],
)
def test_no_page_is_framed(scene: Scene, path: str) -> None:
    # Nor by the application that could be framed for its own answer.
    frame = scene.framed(scene.own, scene.desk.served.url + path)
    assert frame.url == REFUSED


@pytest.mark.requirement("R-56")
@pytest.mark.parametrize("prompt", ["login", "consent", "select_account"])
def test_no_page_on_the_way_is_framed(scene: Scene, prompt: str) -> None:
    frame = scene.framed(scene.own, scene.address(prompt=prompt))
    assert frame.url == REFUSED


@pytest.mark.requirement("R-37", "R-56")
def test_the_silent_answer_is_framed_by_its_application(scene: Scene) -> None:
    frame = scene.framed(scene.own, scene.address(prompt="none", state="quietly"))
    expect(frame.get_by_role("heading")).to_have_text("Posted")
    (answer,) = scene.own.posted
    assert answer["state"] == "quietly"
    assert {"code", "id_token"} <= set(answer)


@pytest.mark.requirement("R-37", "R-56")
def test_the_silent_error_is_framed_by_its_application(scene: Scene, page: Page) -> None:
    nobody = scene._replace(desk=scene.desk._replace(page=page))
    frame = nobody.framed(scene.own, scene.address(prompt="none"))
    expect(frame.get_by_role("heading")).to_have_text("Posted")
    (answer,) = scene.own.posted
    assert answer["error"] == "login_required"


@pytest.mark.requirement("R-56")
@pytest.mark.parametrize("prompt", ["none", None])
def test_nobody_else_frames_the_answer(scene: Scene, prompt: str | None) -> None:
    asked = {} if prompt is None else {"prompt": prompt}
    frame = scene.framed(scene.other, scene.address(**asked))
    assert frame.url == REFUSED
    assert scene.own.posted == []


@pytest.mark.requirement("R-56")
def test_an_answer_that_was_not_silent_is_not_framed(scene: Scene) -> None:
    frame = scene.framed(scene.own, scene.address())
    assert frame.url == REFUSED
    assert scene.own.posted == []


def test_the_page_that_checks_sessions_is_framed_by_anybody(scene: Scene) -> None:
    address = f"{scene.desk.served.url}/identity/connect/checksession"
    frame = scene.framed(scene.other, address)
    assert frame.url == address


def test_a_request_by_post_from_another_site_finds_the_session(scene: Scene) -> None:
    """Such a POST comes without our cookies; the page that it leads to has them."""
    page = scene.desk.page
    page.goto(f"http://127.0.0.1:{scene.own.server_port}/frame.html")
    page.evaluate(SEND_BY_POST, scene.address(state="by-post"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Posted")
    assert [answer["state"] for answer in scene.own.posted] == ["by-post"]
