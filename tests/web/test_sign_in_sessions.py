"""The session that a sign-in makes: a new id each time, digests in the store, two limits."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from gatepost.storage.tables import metadata
from tests.flows import AUTHORIZE, CALLBACK, Visitor, form_of, new_application, new_person
from tests.served import Served
from tests.web.indoors import HTTPS, Indoors, indoors, set_enabled

SESSION = "gatepost-sid"
IDLE = timedelta(minutes=75)
ABSOLUTE = timedelta(hours=8)
SECOND = timedelta(seconds=1)


class Home:
    """A tenant with somebody and an application, and a browser in which they are signed in."""

    def __init__(self, served: Served, visitor: Visitor | None = None) -> None:
        self.served = served
        self.tenant = served.new_tenant()
        self.person = new_person(served, self.tenant)
        self.client = new_application(served, self.tenant)
        self.visitor = visitor or Visitor(served)
        self.landing = self.visitor.through(self.visitor.authorize(self.client), self.person)
        assert self.landing.answer["code"]

    def silently(self, visitor: Visitor | None = None) -> str:
        """What becomes of a request that may show no page."""
        landing = (visitor or self.visitor).authorize(self.client, prompt="none")
        assert not landing.is_page
        return landing.answer.get("error", "a code")


@pytest.mark.requirement("R-50")
def test_a_sign_in_makes_a_new_session_and_the_planted_one_is_dead(served: Served) -> None:
    """An attacker signs in, plants the cookie, and waits for the victim to sign in."""
    home = Home(served)
    planted = home.visitor.http.cookies[SESSION]
    [attackers] = [row for row in _rows(served, "sign_ins") if row.user_id == home.person.id]
    victim, own = new_person(served, home.tenant), Visitor(served)
    _plant(own, planted)
    page = own.authorize(home.client, prompt="login")
    assert own.through(page, victim).answer["code"]
    assert own.http.cookies[SESSION] != planted
    assert planted not in own.http.cookies[SESSION]
    assert _silently_with(home, planted) == "login_required"
    [row] = [row for row in _rows(served, "sign_ins") if row.tenant_id == home.tenant.id]
    assert (row.user_id, row.id == attackers.id) == (victim.id, False)


@pytest.mark.requirement("R-50")
def test_the_same_person_gets_a_new_session_too(served: Served) -> None:
    """Under the same public id, by which applications are told when it ends (0015)."""
    home = Home(served)
    [first] = [row for row in _rows(served, "sign_ins") if row.user_id == home.person.id]
    before = home.visitor.http.cookies[SESSION]
    page = home.visitor.authorize(home.client, prompt="login")
    assert home.visitor.through(page, home.person).answer["code"]
    after = home.visitor.http.cookies[SESSION]
    assert not set(before.split(".")) & set(after.split("."))
    assert _silently_with(home, before) == "login_required"
    assert _silently_with(home, after) == "a code"
    [second] = [row for row in _rows(served, "sign_ins") if row.user_id == home.person.id]
    assert (second.id, second.digest == first.digest) == (first.id, False)


@pytest.mark.requirement("R-50")
def test_a_value_that_nobody_was_given_opens_nothing(served: Served) -> None:
    """The browser's own choice of a session id is never taken up."""
    home = Home(served)
    chosen = "A" * 43
    visitor = Visitor(served)
    _plant(visitor, chosen)
    visitor.through(visitor.authorize(home.client), home.person)
    assert chosen not in visitor.http.cookies[SESSION].split(".")[:1]
    assert _silently_with(home, chosen) == "login_required"
    ids = [row.id for row in _rows(served, "sign_ins")]
    assert _silently_with(home, ids[-1]) == "login_required"


@pytest.mark.requirement("R-50")
def test_signing_out_ends_the_session_and_not_only_the_cookie(served: Served) -> None:
    home = Home(served)
    kept = home.visitor.http.cookies[SESSION]
    asked = home.visitor.get("/identity/connect/endsession")
    assert "You are signed out" in home.visitor.submit(asked, "signout").response.text
    assert SESSION not in home.visitor.http.cookies
    assert _silently_with(home, kept) == "login_required"


@pytest.mark.requirement("R-50")
def test_no_row_holds_what_a_cookie_does(served: Served) -> None:
    """Whoever reads the store cannot sit down at anybody's browser."""
    home = Home(served)
    values = [cookie.value or "" for cookie in home.visitor.http.cookies.jar]
    parts = {part for value in values for part in value.split(".")}
    assert len(parts) == 3
    assert all(len(part) == 43 for part in parts)
    digests = set()
    for row in _all_rows(served):
        text = repr(row)
        assert not [part for part in parts if part in text], text
        digests |= {value for value in row if isinstance(value, bytes)}
    secrets = served.house.world.secrets
    session = home.visitor.http.cookies[SESSION]
    assert secrets.digest_of("session", session) in digests
    assert secrets.digest_of("silent", session) not in digests


@pytest.mark.requirement("R-51")
@pytest.mark.parametrize("prompt", ["none", None])
def test_a_session_ends_after_idle_time(prompt: str | None) -> None:
    """Longer than an access token, so that a page which renews silently is never idle (0015)."""
    house = indoors()
    home = _home_of(house)
    for _ in range(5):
        house.forward(seconds=(IDLE - SECOND).total_seconds())
        assert home.visitor.authorize(home.client, prompt=prompt).answer["code"]
    house.forward(seconds=IDLE.total_seconds())
    landing = home.visitor.authorize(home.client, prompt=prompt)
    assert "code" not in landing.answer
    assert landing.path == "/identity/signin" or landing.answer["error"] == "login_required"


@pytest.mark.requirement("R-51")
def test_a_session_ends_after_eight_hours_whatever_is_done() -> None:
    house = indoors()
    home = _home_of(house)
    for _ in range(7):
        house.forward(hours=1)
        assert home.silently() == "a code"
    house.forward(seconds=3_599)
    assert home.silently() == "a code"
    house.forward(seconds=1)
    assert home.silently() == "login_required"


@pytest.mark.requirement("R-51")
@pytest.mark.parametrize(
    ("column", "age"),
    [("last_seen_at", IDLE - SECOND * 30), ("last_seen_at", IDLE), ("expires_at", ABSOLUTE)],
)
def test_the_limits_hold_on_rows_that_grew_old(served: Served, column: str, age: timedelta) -> None:
    home = Home(served)
    table = metadata.tables["sign_ins"]
    with served.house.database.engine.begin() as connection:
        mine = table.c.user_id == home.person.id
        row = connection.execute(select(table).where(mine)).one()
        earlier = getattr(row, column) - age
        connection.execute(update(table).where(mine).values({column: earlier}))
    expected = "a code" if age < IDLE else "login_required"
    assert home.silently() == expected


@pytest.mark.requirement("R-39", "R-51")
def test_a_yes_after_the_session_ended_is_none() -> None:
    house = indoors()
    home = _home_of(house)
    house.forward(minutes=50)
    question = home.visitor.authorize(new_application(house.served, home.tenant))
    assert question.path == "/identity/consent"
    house.forward(minutes=26)
    page = home.visitor.submit(question, "allow")
    assert page.path == "/identity/signin"
    assert home.visitor.sign_in(page, home.person).path == "/identity/consent"


@pytest.mark.requirement("R-39", "R-50")
def test_a_yes_after_signing_out_is_none(served: Served) -> None:
    home = Home(served)
    question = home.visitor.authorize(new_application(served, home.tenant))
    assert question.path == "/identity/consent"
    home.visitor.submit(home.visitor.get("/identity/connect/endsession"), "signout")
    assert home.visitor.submit(question, "allow").response.status_code == 403
    page = home.visitor.get(f"/identity/resume?request={question.response.url.params['request']}")
    assert page.path == "/identity/signin"


@pytest.mark.requirement("R-50")
def test_after_somebody_else_leaves_nobody_is_signed_in() -> None:
    """The first was switched off when the second came, and switched on again since."""
    house = indoors()
    home = _home_of(house)
    set_enabled(house.world, home.tenant.id, home.person.id, enabled=False)
    second = new_person(house.served, home.tenant)
    assert home.visitor.through(home.visitor.authorize(home.client), second).answer["code"]
    set_enabled(house.world, home.tenant.id, home.person.id, enabled=True)
    asked = home.visitor.get("/identity/connect/endsession")
    home.visitor.submit(asked, "signout")
    assert home.silently() == "login_required"


@pytest.mark.requirement("R-53")
def test_the_cookies_over_https() -> None:
    house = indoors(HTTPS)
    visitor = house.visitor()
    client = new_application(house.served, house.served.first)
    person = new_person(house.served, house.served.first)
    query = {"client_id": client.id, "redirect_uri": CALLBACK, "response_type": "code"}
    first = visitor.http.get(AUTHORIZE, params=query)
    page = visitor.get(first.headers["location"])
    _, fields = form_of(page.response.text, "submit")
    typed = {"email": person.email, "password": person.password}
    second = visitor.http.post("/identity/signin", data=fields | typed)
    found = _set_cookies(first) | _set_cookies(second)
    common = {"Path=/", "Secure"}
    assert found == {
        "__Host-sid": common | {"HttpOnly", "SameSite=Lax"},
        "__Host-pre": common | {"HttpOnly", "SameSite=Lax"},
        "__Host-silent": common | {"HttpOnly", "SameSite=None"},
        "__Host-state": common | {"SameSite=None"},
    }


@pytest.mark.requirement("R-53")
def test_a_browser_keeps_five_sessions_and_small_cookies() -> None:
    house = indoors(HTTPS)
    visitor = house.visitor()
    homes = [Home(house.served, visitor) for _ in range(6)]
    assert [home.silently() for home in homes] == ["login_required"] + ["a code"] * 5
    for cookie in visitor.http.cookies.jar:
        assert len(f"{cookie.name}={cookie.value}") < 4_096
    assert len(visitor.http.cookies["__Host-sid"].split(".")) == 5


def _home_of(house: Indoors) -> Home:
    return Home(house.served, house.visitor())


def _plant(visitor: Visitor, session: str) -> None:
    """Put a session cookie into a browser, as its own or as an attacker's."""
    host = visitor.http.base_url.host
    visitor.http.cookies.set(SESSION, session, domain=host if "." in host else f"{host}.local")


def _silently_with(home: Home, session: str) -> str:
    """What a browser gets that has nothing but this session cookie."""
    visitor = Visitor(home.served)
    _plant(visitor, session)
    return home.silently(visitor)


def _set_cookies(response: httpx.Response) -> dict[str, set[str]]:
    found = {}
    for header in response.headers.get_list("set-cookie"):
        pair, *attributes = header.split("; ")
        found[pair.partition("=")[0]] = set(attributes)
    return found


def _rows(served: Served, name: str) -> list[Any]:
    with served.house.database.engine.connect() as connection:
        return list(connection.execute(select(metadata.tables[name])))


def _all_rows(served: Served) -> list[Any]:
    return [row for name in metadata.tables for row in _rows(served, name)]
