"""The page that a link leads to: a person sets their password, once, and signs in with it."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from gatepost.app.links import password_links
from gatepost.model.mail import MailServer
from gatepost.services.tenants import operator_act
from tests.flows import Landing, Visitor, new_application, new_person, signed_in_tokens
from tests.loops import run
from tests.post_office import post_office
from tests.served import Served
from tests.web.forms import NEW_PASSWORD, new_link
from tests.web.indoors import Indoors, indoors, set_enabled

GONE = "<h1>This link does not work any more</h1>"
pytestmark = pytest.mark.requirement("R-82")


class Stage:
    """Somebody who was sent a link, and the browser they open it in."""

    def __init__(self, house: Indoors | None = None) -> None:
        self.house = house or indoors()
        self.served, self.tenant = self.house.served, self.house.served.second
        self.person = new_person(self.served, self.tenant)
        self.visitor = self.house.visitor()

    def link(self) -> str:
        """A new link."""
        return new_link(self.served, self.tenant, self.person.id)

    def opened(self) -> Landing:
        """The page of a new link."""
        page = self.visitor.get(self.link())
        assert page.response.status_code == 200
        assert "<h1>Choose your password</h1>" in page.response.text
        return page

    def choose(self, page: Landing, password: str = NEW_PASSWORD, again: str = "") -> Landing:
        """Type a password twice."""
        return self.visitor.submit(page, password=password, again=again or password)


def test_a_person_sets_a_password_and_signs_in_with_it(served: Served) -> None:
    person = new_person(served, served.second)
    visitor = Visitor(served)
    page = visitor.get(new_link(served, served.second, person.id))
    assert person.email in page.response.text
    there = visitor.submit(page, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert there.path == "/identity/signin"
    assert visitor.sign_in(there, person).response.status_code == 401
    home = visitor.sign_in(there, person._replace(password=NEW_PASSWORD))
    assert home.path == "/identity/account"
    assert person.email in home.response.text


def test_the_page_says_for_whom_and_where() -> None:
    stage = Stage()
    text = stage.opened().response.text
    assert f"For <strong>{stage.person.email}</strong> at <strong>Second</strong>." in text


def test_a_link_works_once() -> None:
    stage = Stage()
    link = stage.link()
    page, other = stage.visitor.get(link), stage.house.visitor()
    late = other.get(link)
    assert stage.choose(page).path == "/identity/signin"
    for landing in (other.get(link), other.submit(late, password="x" * 20, again="x" * 20)):
        assert landing.response.status_code == 410
        assert GONE in landing.response.text


def test_under_a_race_one_is_the_first(served: Served) -> None:
    person = new_person(served, served.second)
    link = new_link(served, served.second, person.id)
    visitors = [Visitor(served) for _ in range(6)]
    pages = [visitor.get(link) for visitor in visitors]
    passwords = [f"password {number} of many" for number in range(6)]

    def send(number: int) -> str:
        new = passwords[number]
        return visitors[number].submit(pages[number], password=new, again=new).path

    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(send, range(6)))
    assert sorted(paths) == ["/identity/signin"] + ["/identity/welcome"] * 5
    first = passwords[paths.index("/identity/signin")]
    visitor = Visitor(served)
    page = visitor.authorize(new_application(served, served.second))
    assert 'id="allow"' in visitor.sign_in(page, person._replace(password=first)).response.text


def test_looking_at_a_link_uses_nothing_up() -> None:
    stage = Stage()
    link = stage.link()
    before = stage.house.store._tables
    for method in ("GET", "HEAD", "GET"):
        assert stage.house.visitor().http.request(method, link).status_code == 200
    assert stage.house.store._tables is before
    assert stage.choose(stage.visitor.get(link)).path == "/identity/signin"


@pytest.mark.requirement("R-48")
def test_dead_links_look_alike() -> None:
    stage = Stage()
    unknown = f"/identity/welcome?link={stage.tenant.id}.{'x' * 43}"
    old = stage.link()
    links = [unknown, "/identity/welcome", "/identity/welcome?link=x", old]
    newer = stage.link()
    links.append(newer)
    pages = {_dead(stage, link) for link in links[:-1]}
    set_enabled(stage.house.world, stage.tenant.id, stage.person.id, enabled=False)
    pages.add(_dead(stage, newer))
    set_enabled(stage.house.world, stage.tenant.id, stage.person.id, enabled=True)
    stage.house.forward(hours=73)
    pages.add(_dead(stage, newer))
    (text,) = pages
    assert GONE in text
    assert "ask your administrator for a new link" in text


@pytest.mark.requirement("R-58", "R-59")
def test_nothing_of_a_dead_link_stands_on_its_page() -> None:
    stage = Stage()
    assert "script" not in _dead(stage, "/identity/welcome?link=<script>alert(1)</script>.x")


@pytest.mark.requirement("R-45")
@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("short", "short", "A password has at least 8 characters"),
        ("p" * 129, "p" * 129, "A password has at most 128 characters"),
        (NEW_PASSWORD, NEW_PASSWORD + "x", "The two entries of the new password differ."),
    ],
)
def test_a_password_that_will_not_do_is_typed_again(password: str, again: str, words: str) -> None:
    stage = Stage()
    page = stage.choose(stage.opened(), password, again)
    assert page.response.status_code == 400
    assert words in page.response.text
    assert password not in page.response.text
    assert stage.choose(page).path == "/identity/signin"


@pytest.mark.requirement("R-52")
def test_what_came_of_an_earlier_password_ends() -> None:
    stage = Stage()
    client = new_application(stage.served, stage.tenant, AllowOfflineAccess=True)
    elsewhere = stage.house.visitor()
    assert elsewhere.through(elsewhere.authorize(client), stage.person).answer["code"]
    tokens = signed_in_tokens(
        stage.served, client, stage.person, scope="openid offline_access", prompt="consent"
    )
    stage.choose(stage.opened())
    assert elsewhere.authorize(client, prompt="none").answer["error"] == "login_required"
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    form |= {"client_id": client.id, "client_secret": client.secret or ""}
    answer = stage.served.http.post("/identity/connect/token", data=form)
    assert answer.json()["error"] == "invalid_grant"


def test_whoever_sits_at_the_browser_signs_in_anew() -> None:
    stage = Stage()
    somebody = new_person(stage.served, stage.tenant)
    client = new_application(stage.served, stage.tenant)
    assert stage.visitor.through(stage.visitor.authorize(client), somebody).answer["code"]
    there = stage.choose(stage.opened())
    assert there.path == "/identity/signin"
    home = stage.visitor.sign_in(there, stage.person._replace(password=NEW_PASSWORD))
    assert f">{stage.person.email}<" in home.response.text


@pytest.mark.requirement("R-41", "R-56", "R-57")
def test_the_page_keeps_its_address_to_itself() -> None:
    stage = Stage()
    front, link = stage.house.server.front, stage.link()

    async def get() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=front)
        async with httpx.AsyncClient(transport=transport, base_url=stage.served.url) as caller:
            return [await caller.get(link), await caller.get("/identity/welcome?link=x")]

    for answer in run(get()):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert not re.findall(r'(?:href|src)="(?!/)', answer.text)


@pytest.mark.requirement("R-76")
def test_the_token_stands_in_no_log_line(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = new_person(served, served.second)
    link = new_link(served, served.second, person.id)
    visitor = Visitor(served)
    page = visitor.get(link)
    visitor.submit(page, password=NEW_PASSWORD, again=NEW_PASSWORD)
    told = [record.getMessage() for record in caplog.records if record.name.startswith("gatepost")]
    assert any("/identity/welcome" in line for line in told)
    assert not [line for line in told if link.rpartition(".")[2] in line or NEW_PASSWORD in line]


def test_a_link_is_mailed_where_that_is_set_up() -> None:
    """As the running server is wired: from the settings to the page."""
    with post_office() as office:
        server = MailServer("127.0.0.1", office.port, is_tls=False)
        stage = Stage(indoors(smtp_url=server, mail_from="gatepost@example.com"))
        links = password_links(stage.served.house, stage.served.url, stage.house.server._courier)
        made = links.make(operator_act(stage.tenant.id, "test"), stage.person.id)
        assert (made.address, made.sent_to) == (None, stage.person.email)
        (handed,) = office.handed
    (address,) = re.findall(r"http\S+", handed.text)
    assert address.startswith(f"{stage.served.url}/identity/welcome?link=")
    there = stage.choose(stage.visitor.get(address.removeprefix(stage.served.url)))
    assert there.path == "/identity/signin"


def _dead(stage: Stage, link: str) -> str:
    """The page of a dead link, but for its support id."""
    answer = stage.visitor.http.get(link)
    assert answer.status_code == 410
    return re.sub(r"<code>[0-9a-f-]+</code>", "", answer.text)
