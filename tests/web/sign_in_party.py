"""Several browsers at one product, and what must come of each thing that they send.

The rules by which they send it are those of `test_sign_in_machine.py`.
"""

from datetime import datetime
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx
from hypothesis.stateful import RuleBasedStateMachine

from tests.flows import CALLBACK, Visitor, new_application, new_person, set_password
from tests.memory.unit import Tables
from tests.web.forms import hidden_of
from tests.web.indoors import HTTPS, Indoors, indoors
from tests.web.sign_in_model import Model, Request, Session, Someone

SID, SILENT = "__Host-sid", "__Host-silent"
NEW_PASSWORD = "a password of one's own"
BROWSERS = 3
WITHOUT_A_PAGE = {
    "signin": "login_required",
    "password": "interaction_required",
    "consent": "consent_required",
}


class Form(NamedTuple):
    """A form as it was shown: by which browser, with which session, for which request."""

    path: str
    fields: dict[str, str]
    browser: int
    session: str
    number: int

    @property
    def step(self) -> str:
        """The page that it stood on."""
        return self.path.removeprefix("/identity/")


class World(NamedTuple):
    """The product with its people and applications, and its tables at the beginning."""

    house: Indoors
    people: list[Someone]
    clients: list[tuple[str, str]]
    tables: Tables
    began: datetime


def new_world() -> World:
    """People and applications of two tenants, as every run finds them."""
    house = indoors(HTTPS)
    first, second = house.served.first, house.served.second
    people = []
    for tenant, one_time in ((first, False), (first, False), (first, True), (second, False)):
        person = new_person(house.served, tenant)
        set_password(house.served, tenant, person.id, person.password, one_time=one_time)
        people.append(
            Someone(person.id, tenant.id, person.email, person.password, one_time=one_time)
        )
    clients = [
        (tenant.id, new_application(house.served, tenant).id) for tenant in (first, first, second)
    ]
    return World(house, people, clients, house.store._tables, house.world.set_clock.moment)


class Party(RuleBasedStateMachine):
    """The machine."""

    world: ClassVar[World]
    given: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        house = self.world.house
        house.store._tables = self.world.tables.copy()
        house.world.set_clock.moment = self.world.began
        self.people = [Someone(**vars(person)) for person in self.world.people]
        self.model = Model()
        self.forms: list[Form] = []
        self.browsers: list[Visitor] = [house.visitor(f"192.0.2.{n}") for n in range(BROWSERS)]
        self.kept: list[tuple[int, str, str]] = []

    # What comes of it.

    def visit(self, browser: int, form: Form) -> None:
        """Open the dispatcher's address of an errand."""
        address = f"/identity/resume?request={form.fields['request']}"
        self.arrive(browser, form.number, self.browsers[browser].http.get(address))

    def type_password(self, browser: int, form: Form, person: Someone, *, right: bool) -> None:
        """Send a sign-in form."""
        request, before = self.model.requests[form.number], self.cookie(browser)
        password = person.password if right else "not " + person.password
        typed = {"email": person.email, "password": password}
        response = self.browsers[browser].http.post(form.path, data=form.fields | typed)
        may = right and person.enabled and person.tenant == request.tenant
        if browser != form.browser:
            assert response.status_code == 403
        elif not request.open(self.now):
            assert response.status_code == 400
        elif not may or response.status_code == 429:
            assert response.status_code in {401, 429}
        else:
            assert response.status_code == 303
            self.signed_in(request, person, before)
            self.arrive(browser, form.number, response)
            return
        assert self.cookie(browser) == before

    def signed_in(self, request: Request, person: Someone, before: str) -> None:
        """Somebody typed the right password for a request: a new session, and none of the old."""
        token = self.cookie(request.browser).split(".")[0]
        assert token not in before
        secrets = self.world.house.world.secrets
        with self.world.house.store.reading(person.tenant) as tenancy:
            found = tenancy.sign_ins.with_session([secrets.digest_of("session", token)])
        assert found is not None
        old = self.model.session(person.tenant, before, self.now)
        goes_on = old is not None and old.who is person
        known = {session.sid for session in self.model.sessions.values()}
        assert (found.id == old.sid) if old is not None and goes_on else (found.id not in known)
        self.model.leave(person.tenant, before)
        self.model.sessions[token] = Session(person, found.id, self.now, self.now)
        request.signed_in = found.id
        jar = self.browsers[request.browser].http.cookies
        self.kept.append((request.browser, self.cookie(request.browser), jar[SILENT]))

    def answer(self, browser: int, form: Form, said: str) -> None:
        """Send a form of somebody who is signed in."""
        request, cookie = self.model.requests[form.number], self.cookie(browser)
        session = self.model.session(request.tenant, cookie, self.now)
        step = self.model.step(request, session, self.now)
        names = {"consent": ("decision",), "choose": ("choice",), "password": ("password", "again")}
        fields = form.fields | dict.fromkeys(names[form.step], said)
        response = self.browsers[browser].http.post(form.path, data=fields)
        if browser != form.browser or cookie != form.session:
            assert response.status_code == 403
            assert self.cookie(browser) == cookie
            return
        if said in {"switch", "other"}:
            self.model.leave(request.tenant, cookie)
        elif session is not None and request.open(self.now) and step == form.step:
            self.took(request, session, said)
        self.arrive(browser, form.number, response, denied=said == "deny")

    def took(self, request: Request, session: Session, said: str) -> None:
        """An answer that stands at the step it is for."""
        if said == "allow":
            self.model.allow(request, session)
        elif said == "same":
            request.chosen = session.sid
        elif said == NEW_PASSWORD:
            session.who.one_time, session.who.password = False, NEW_PASSWORD
            self.model.end_others(session)
            session.touched(self.now)

    def arrive(
        self, browser: int, number: int, response: httpx.Response, *, denied: bool = False
    ) -> None:
        """Follow a browser to where it comes to rest: a page, or the application."""
        request = self.model.requests[number]
        while response.is_redirect:
            target = response.headers["location"]
            if target.startswith(CALLBACK):
                answer = dict(parse_qsl(urlsplit(target).query))
                assert answer["state"] == str(number)
                self.told(browser, request, answer, denied=denied)
                return
            response = self.browsers[browser].http.get(target)
        if browser != request.browser or not request.open(self.now):
            assert response.status_code == 400, response.text
            return
        assert response.status_code == 200, response.text
        self.shown(browser, number, response)

    def shown(self, browser: int, number: int, response: httpx.Response) -> None:
        """A page: the one at which the request stands, and never where none may be shown."""
        request = self.model.requests[number]
        session = self.model.session(request.tenant, self.cookie(browser), self.now)
        path = response.url.path
        form = Form(path, hidden_of(response.text, path), browser, self.cookie(browser), number)
        assert form.step == self.model.step(request, session, self.now)
        assert "none" not in request.prompts
        self.forms.append(form)

    def told(self, browser: int, request: Request, answer: dict[str, str], *, denied: bool) -> None:
        """An answer for the application, which ends the request."""
        assert browser == request.browser
        assert request.open(self.now)
        request.finished = True
        session = self.model.session(request.tenant, self.cookie(browser), self.now)
        step = self.model.step(request, session, self.now)
        if "code" in answer:
            assert not denied
            assert step == "finish"
            assert session is not None
            self.check_code(request, session, answer["code"])
        elif denied:
            assert answer["error"] == "access_denied"
        else:
            assert request.prompts == {"none"}
            assert answer["error"] == WITHOUT_A_PAGE[step]

    def check_code(self, request: Request, session: Session, code: str) -> None:
        """A code is of a person who is signed in there, for what they were asked, and once."""
        world = self.world.house.world
        with world.store.reading(request.tenant) as tenancy:
            kept = tenancy.grants.code(world.secrets.digest_of("code", code))
            family = tenancy.grants.family(kept.family_id) if kept else None
        assert family is not None
        assert (family.user_id, family.sign_in_id) == (session.who.id, session.sid)
        assert (family.client_id, frozenset(family.grounds.scopes)) == (
            request.client,
            request.scopes,
        )
        assert session.alive(self.now)
        assert not session.who.one_time
        assert code not in self.model.codes
        self.model.codes.add(code)
        session.touched(self.now)
        type(self).given += 1

    @property
    def now(self) -> datetime:
        """This moment."""
        return self.world.house.world.set_clock.moment

    def cookie(self, browser: int) -> str:
        """The session cookie of a browser."""
        return self.browsers[browser].http.cookies.get(SID) or ""

    def whose(self, browser: int, account_page: str) -> Session:
        """The session whose account page this is: of the person that the page names."""
        mine = [person for person in self.people if person.email in account_page]
        session = self.model.session(mine[0].tenant, self.cookie(browser), self.now)
        assert session is not None
        assert [session.who] == mine
        assert not session.who.one_time
        return session

    def people_of(self, form: Form) -> list[Someone]:
        """The people of the tenant that a form is of."""
        there = self.model.requests[form.number].tenant
        return [person for person in self.people if person.tenant == there]

    def may_count(self, form: Form) -> bool:
        """Whether a form is neither over nor void."""
        is_open = self.model.requests[form.number].open(self.now)
        return is_open and form.session == self.cookie(form.browser)
