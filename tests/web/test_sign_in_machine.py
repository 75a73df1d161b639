"""Several people at several browsers do what they like in any order, and no code goes astray.

Rules send every form from every browser, also long after; the model says what must come of it.
"""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

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
some = st.integers(0, 8)
browsers = st.integers(0, BROWSERS - 1)
mostly = st.sampled_from([True, True, False])
has_forms = precondition(lambda self: self.forms)


class Browsers(Party):
    """The machine."""

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
        query: dict[str, Any] = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": scope,
            "state": len(self.model.requests) - 1,
        }
        query |= {"prompt": prompt} if prompt else {}
        query |= {"max_age": max_age} if max_age is not None else {}
        number = len(self.model.requests) - 1
        self.arrive(browser, number, self.browsers[browser].http.get(AUTHORIZE, params=query))

    @rule(browser=browsers, client=some, scope=st.sampled_from(SCOPES), who=some)
    def visit_an_application(self, browser: int, client: int, scope: str, who: int) -> None:
        """Somebody goes the whole way, as most people do."""
        shown = len(self.forms)
        self.begin(browser, client, scope, "", None)
        if len(self.forms) > shown:
            self.go_on(0, who)

    @has_forms
    @rule(browser=browsers, pick=some)
    def resume(self, browser: int, pick: int) -> None:
        """Somebody opens the address of an errand, theirs or not."""
        self.visit(browser, self.form(pick))

    @has_forms
    @rule(browser=browsers, own=mostly, pick=some, who=some, right=mostly)
    def sign_in(self, browser: int, own: bool, pick: int, who: int, right: bool) -> None:
        """A password is typed into any sign-in form that there ever was."""
        forms = self.shown_at("signin")
        form = forms[pick % len(forms)]
        there = self.model.requests[form.number].tenant
        people = [person for person in self.people if own is False or person.tenant == there]
        person = people[who % len(people)]
        self.type_password(form.browser if own else browser, form, person, right=right)

    @precondition(lambda self: self.shown_at("consent", "choose", "password"))
    @rule(browser=browsers, own=mostly, pick=some, said=some)
    def decide(self, browser: int, own: bool, pick: int, said: int) -> None:
        """Any question that there ever was is answered."""
        forms = self.shown_at("consent", "choose", "password")
        # Mostly one that may still count, or hardly any would.
        forms = [form for form in forms if own and self.may_count(form)] or forms
        form = forms[pick % len(forms)]
        answers = ANSWERS[form.step]
        self.answer(form.browser if own else browser, form, answers[said % len(answers)])

    @has_forms
    @rule(pick=some, who=some)
    def go_on(self, pick: int, who: int) -> None:
        """Somebody comes back to what they began, and does what the pages ask, to the end."""
        form = self.form(pick)
        there = self.model.requests[form.number].tenant
        people = [person for person in self.people if person.tenant == there]
        shown = len(self.forms)
        self.visit(form.browser, form)
        for _ in range(6):
            if len(self.forms) == shown:
                return
            shown, latest = len(self.forms), self.forms[-1]
            if latest.step == "signin":
                person = people[who % len(people)]
                self.type_password(form.browser, latest, person, right=True)
            else:
                self.answer(form.browser, latest, ANSWERS[latest.step][0])

    @rule(browser=browsers, what=st.integers(0, 4), who=some, enabled=mostly)
    def interrupt(self, browser: int, what: int, who: int, enabled: bool) -> None:
        """What happens less often; one rule, or hardly anything else would."""
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
        elif self.kept:
            self.plant(*self.kept[-1 - who % len(self.kept)])

    @rule(minutes=st.integers(1, 9))
    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.world.house.forward(minutes=minutes)

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
            mine = [person for person in self.people if person.email in page.response.text]
            session = self.model.session(mine[0].tenant, self.cookie(browser), self.now)
            assert session is not None
            assert session.who is mine[0]
            fields = hidden_of(page, f"{ACCOUNT}/sessions/end-others")
            self.browsers[browser].http.post(f"{ACCOUNT}/sessions/end-others", data=fields)
            self.model.end_others(session)
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
        Browsers, settings=settings(max_examples=50, stateful_step_count=40, deadline=None)
    )
    # Where hardly a code was given, hardly anything was tried.
    assert Browsers.given > 50
