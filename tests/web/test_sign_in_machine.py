"""Several people at several browsers do what they like in any order, and no code goes astray.

Rules send every form from every browser, also long after; the model says what must come of it.
"""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from gatepost.services.floods import Flood
from tests.flows import AUTHORIZE, CALLBACK, form_of
from tests.web.forms import ACCOUNT, hidden_of
from tests.web.indoors import set_enabled
from tests.web.sign_in_model import Request
from tests.web.sign_in_party import BROWSERS, NEW_PASSWORD, SID, SILENT, Party, new_world

SCOPES = ("openid", "openid profile ocsapi", "ocsapi")
PROMPTS = ("", "none", "login", "consent", "select_account", "consent select_account")
ANSWERS = {
    "consent": ("allow", "deny", "switch"),
    "choose": ("same", "other"),
    "password": (NEW_PASSWORD,),
}
LONG = (29, 30, 31, 60, 74, 75, 76, 240, 480)
some = st.sampled_from(range(9))
browsers = st.integers(0, BROWSERS - 1)
mostly = st.sampled_from([True, True, False])
has_forms = precondition(lambda self: self.forms)


@pytest.fixture(autouse=True)
def begin_as_often_as_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a machine hardly moves, and all its browsers are on one network."""
    monkeypatch.setattr(Flood, "refusal", lambda *_: None)


class Browsers(Party):
    """The machine. Its rules are few, because each run is tried without some of them."""

    @rule(
        browser=browsers,
        client=some,
        scope=st.sampled_from(SCOPES),
        prompt=st.sampled_from(PROMPTS),
        max_age=st.sampled_from([None, None, 0, 600]),
    )
    def begin(
        self, browser: int, client: int, scope: str, prompt: str, max_age: int | None
    ) -> None:
        """An application sends a browser."""
        tenant, client_id = self.world.clients[client % len(self.world.clients)]
        asked = (frozenset(scope.split()), frozenset(prompt.split()), max_age, self.now)
        self.model.requests.append(Request(browser, tenant, client_id, *asked))
        number = len(self.model.requests) - 1
        query: dict[str, Any] = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": scope,
            "state": number,
        }
        query |= {"prompt": prompt} if prompt else {}
        query |= {"max_age": max_age} if max_age is not None else {}
        self.arrive(browser, number, self.browsers[browser].http.get(AUTHORIZE, params=query))

    @has_forms
    @rule(pick=some, who=some, most=st.integers(1, 5))
    def go_on(self, pick: int, who: int, most: int) -> None:
        """Somebody comes back to what they began, and does what the pages ask, like most people."""
        form = self.forms[-1 - pick % len(self.forms)]
        people = self.people_of(form)
        shown = len(self.forms)
        self.visit(form.browser, form)
        for _ in range(most):
            if len(self.forms) == shown:
                return
            shown, latest = len(self.forms), self.forms[-1]
            if latest.step == "signin":
                person = people[who % len(people)]
                self.type_password(form.browser, latest, person, right=True)
            else:
                self.answer(form.browser, latest, ANSWERS[latest.step][0])

    @has_forms
    @rule(browser=browsers, own=mostly, pick=some, what=some, who=some)
    def send(self, browser: int, own: bool, pick: int, what: int, who: int) -> None:
        """A page is opened, or a form is sent, that was ever shown to anybody."""
        # Mostly one that may still count, or hardly any would.
        forms = [form for form in self.forms if own and self.may_count(form)] or self.forms
        form = forms[-1 - pick % len(forms)]
        there = form.browser if own else browser
        if what == 0:
            self.visit(there, form)
        elif form.step == "signin":
            people = self.people_of(form) if what % 2 else self.people
            self.type_password(there, form, people[who % len(people)], right=what != 1)
        else:
            answers = ANSWERS[form.step]
            self.answer(there, form, answers[what % len(answers)])

    @has_forms
    @rule(browser=browsers, what=some, who=some, enabled=mostly)
    def interrupt(self, browser: int, what: int, who: int, enabled: bool) -> None:
        """Something comes in between."""
        if what == 0:
            self.world.house.forward(minutes=LONG[who])
        elif what == 1:
            self.sign_out(browser)
        elif what == 2:
            self.end_others(browser)
        elif what == 3:
            person = self.people[who % len(self.people)]
            set_enabled(self.world.house.world, person.tenant, person.id, enabled=enabled)
            person.enabled = enabled
        elif what == 4 and self.kept:
            self.plant(*self.kept[-1 - who % len(self.kept)])
        elif what == 5:
            self.take_back(browser)
        else:
            self.world.house.forward(minutes=what)

    def sign_out(self, browser: int) -> None:
        """Somebody signs out of a browser."""
        http = self.browsers[browser].http
        page = http.get("/identity/connect/endsession")
        for tenant in {person.tenant for person in self.people}:
            self.model.leave(tenant, self.cookie(browser))
        if 'id="signout"' in page.text:
            http.post("/identity/signout", data=form_of(page.text, "signout")[1])

    def end_others(self, browser: int) -> None:
        """Somebody ends their other sign-ins on their account page."""
        page = self.browsers[browser].get(ACCOUNT)
        if "Sign out everywhere else" in page.response.text:
            session = self.whose(browser, page.response.text)
            fields = hidden_of(page, f"{ACCOUNT}/sessions/end-others")
            self.browsers[browser].http.post(f"{ACCOUNT}/sessions/end-others", data=fields)
            self.model.end_others(session)
            session.touched(self.now)

    def take_back(self, browser: int) -> None:
        """Somebody takes a consent back on their account page."""
        page = self.browsers[browser].get(ACCOUNT)
        if f'action="{ACCOUNT}/consents/remove"' in page.response.text:
            session = self.whose(browser, page.response.text)
            fields = hidden_of(page, f"{ACCOUNT}/consents/remove")
            self.browsers[browser].http.post(f"{ACCOUNT}/consents/remove", data=fields)
            del self.model.consents[session.who.id, fields["client_id"]]
            session.touched(self.now)

    def plant(self, browser: int, session: str, silent: str) -> None:
        """Cookies of an earlier session come back to their browser, as from a copy."""
        jar = self.browsers[browser].http.cookies
        for name, value in ((SID, session), (SILENT, silent)):
            jar.set(name, value, domain="id.example.com")


@pytest.mark.requirement("R-37", "R-38", "R-39", "R-50", "R-51")
def test_no_code_goes_astray() -> None:
    Browsers.world, Browsers.given = new_world(), 0
    run_state_machine_as_test(
        Browsers,
        settings=settings(
            max_examples=150, stateful_step_count=40, deadline=None, report_multiple_bugs=False
        ),
    )
    # Where hardly a code was given, hardly anything was tried.
    assert Browsers.given > 50
