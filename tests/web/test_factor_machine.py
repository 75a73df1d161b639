"""Somebody who knows a password and all that was used up does what they like, and gets nowhere.

The thief has an account and an app of their own in the same organisation, the other's password,
each code that was used, and the addresses of the other's requests. They open every page and send
every form that they were ever shown, filled with all of that.
"""

import html
import re
from typing import Any, NamedTuple

import jwt
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gatepost.model.sign_ins import PASSWORD
from gatepost.services.floods import Flood
from tests.flows import Landing, new_application, new_person, redeem
from tests.web.factor_desk import ACCOUNT, APP, REMOVE
from tests.web.indoors import indoors
from tests.web.second_factors import (
    CODES,
    codes_on,
    demand,
    enrolled,
    given_app,
    recovered,
    typed,
)

PAGES = ("resume", "signin", "code", "enrol", "password", "choose", "consent", "device/confirm")
OWN = (ACCOUNT, APP, REMOVE, f"{ACCOUNT}/password", "/portal/")
PROMPTS: tuple[dict[str, str], ...] = (
    {},
    {"prompt": "login"},
    {"prompt": "none"},
    {"max_age": "0"},
    {"prompt": "consent"},
)
some = st.integers(0, 40)


@pytest.fixture(autouse=True)
def begin_as_often_as_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock hardly moves, and all are on one network."""
    monkeypatch.setattr(Flood, "refusal", lambda *_: None)


class Form(NamedTuple):
    """A form that the thief was shown."""

    action: str
    fields: dict[str, str]


def forms_on(page: Landing) -> list[Form]:
    """All forms of a page, with the names of their fields and what stands in them."""
    found = []
    for form in re.findall(r'<form\b[^>]*method="post".*?</form>', page.response.text, re.DOTALL):
        action = re.search(r'\baction="([^"]*)"', form)
        fields = {}
        for tag in re.findall(r"<(?:input|button)\b[^>]*\bname=[^>]*>", form):
            name, value = (re.search(rf'\b{word}="([^"]*)"', tag) for word in ("name", "value"))
            assert name is not None
            fields[name[1]] = html.unescape(value[1]) if value else ""
        found.append(Form(html.unescape(action[1]) if action else "", fields))
    return found


class Thief(RuleBasedStateMachine):
    """The machine. Its counters tell that something was tried."""

    refused, own = 0, 0

    def __init__(self) -> None:
        super().__init__()
        self.house = indoors()
        served, tenant = self.house.served, self.house.served.first
        self.tenant_id = tenant.id
        self.victim, self.thief = new_person(served, tenant), new_person(served, tenant)
        self.client = new_application(served, tenant)
        self.at_home, self.here = self.house.visitor(), self.house.visitor("198.51.100.7")
        self.requests: list[str] = []
        self.spent: list[str] = []
        self.forms: list[Form] = []
        self.mine: set[str] = set()
        self.home(self.at_home.sign_in(self.at_home.authorize(self.client), self.victim))
        self.app, shown = enrolled(self.at_home, self.house.world, self.at_home.get(APP))
        self.codes = codes_on(shown)
        self.own_app = given_app(served, tenant.id, self.thief.id, key=b"another key of twent")
        self.note()
        self.key = self.kept()

    def kept(self) -> tuple[bytes, int]:
        """The other's app as it is kept, and how many codes they have left."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            app = tenancy.sign_ins.authenticator(self.victim.id)
            left = tenancy.sign_ins.count_recovery_codes(self.victim.id)
        assert app is not None
        return app.sealed_key, left

    def sign_ins(self) -> dict[str, str]:
        """The other's sign-ins, and how each was made."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return {one.id: one.method for one in tenancy.sign_ins.of_user(self.victim.id)}

    def note(self) -> None:
        """The sign-ins that there are now are the other's own."""
        self.mine |= self.sign_ins().keys()

    def home(self, page: Landing) -> Landing:
        """Of the other's pages the thief gets to know the address."""
        request = page.response.url.params.get("request")
        self.requests += [request] if page.is_page and request else []
        return page

    @rule(recovery=st.booleans())
    def the_other_signs_in(self, recovery: bool) -> None:
        """With a good code, which is worth nothing from then on."""
        self.house.forward(minutes=11)
        visitor = self.house.visitor()
        page = self.home(visitor.authorize(self.client))
        page = self.home(visitor.sign_in(page, self.victim))
        if recovery and self.codes:
            self.spent.append(self.codes.pop())
            page = recovered(visitor, page, self.spent[-1])
        else:
            self.spent.append(self.app.code())
            page = typed(visitor, page, self.spent[-1])
        # whatever the thief did, they are not locked out
        assert page.path != "/identity/code"
        self.note()
        self.key = self.key[0], len(self.codes)

    @rule(asked=st.sampled_from(PROMPTS))
    def begin(self, asked: dict[str, str]) -> None:
        """An application sends the thief."""
        self.seen(self.here.authorize(self.client, **asked))

    @rule(asked=st.sampled_from(PROMPTS))
    def come_halfway(self, asked: dict[str, str]) -> None:
        """The thief types the other's password."""
        page = self.seen(self.here.authorize(self.client, **asked))
        if 'id="password"' in page.response.text:
            self.seen(self.here.sign_in(page, self.victim))

    @rule()
    def be_themself(self) -> None:
        """The thief signs in to their own account."""
        self.house.forward(minutes=11)
        page = self.seen(self.here.authorize(self.client, prompt="login"))
        page = self.seen(self.here.sign_in(page, self.thief))
        page = self.seen(typed(self.here, page, self.own_app.code()))
        if 'id="allow"' in page.response.text:
            self.seen(self.here.submit(page, "allow"))
        self.seen(self.here.get(ACCOUNT))

    @rule(page=st.sampled_from(PAGES), pick=some)
    def open(self, page: str, pick: int) -> None:
        """Any page of any request."""
        request = self.requests[pick % len(self.requests)]
        self.seen(self.here.get(f"/identity/{page}?request={request}"))

    @rule(page=st.sampled_from(OWN))
    def open_account(self, page: str) -> None:
        """Any page of the account, and the portal."""
        self.seen(self.here.get(page))

    @rule(pick=some, what=some, who=st.booleans(), swap=st.booleans())
    def send(self, pick: int, what: int, who: bool, swap: bool) -> None:
        """Any form, of old and new ones mostly new, filled with what is known."""
        if not self.forms:
            return
        form = self.forms[-1 - pick % min(len(self.forms), 12)]
        sent = self.seen(self.here._settle(self.post(form, what, who=who, swap=swap)))
        type(self).refused += sent.response.status_code in {400, 401, 403, 429}

    def post(self, form: Form, what: int, *, who: bool, swap: bool) -> Any:
        known = [*self.spent, self.own_app.code(), *CODES, "000000", ""]
        keys = [each.fields["key"] for each in self.forms if "key" in each.fields] or [""]
        person = self.victim if who else self.thief
        filled = {
            "email": person.email,
            "password": person.password,
            "current": person.password,
            "code": known[what % len(known)],
            "recovery": known[-1 - what % len(known)],
            "key": keys[what % len(keys)],
        }
        fields = form.fields | {name: filled[name] for name in form.fields if name in filled}
        if swap and "request" in fields:
            fields["request"] = self.requests[what % len(self.requests)]
        return self.here.http.post(form.action, data=fields)

    @rule(second_factor=st.sampled_from(["none", "administrators", "everybody"]))
    def change_the_rule(self, second_factor: Any) -> None:
        """An operator demands more, or less."""
        demand(self.house.served, self.tenant_id, second_factor)

    @rule(minutes=st.sampled_from([0.5, 5, 11, 31, 500]))
    def wait(self, minutes: float) -> None:
        """Time goes by."""
        self.house.forward(minutes=minutes)

    def seen(self, landing: Landing) -> Landing:
        """What the thief is shown or given is never the other's."""
        self.home(landing)
        if "code" in landing.answer:
            answer = redeem(self.house.served, self.client, landing.answer["code"])
            assert answer.status_code == 200, answer.text
            claims = jwt.decode(answer.json()["id_token"], options={"verify_signature": False})
            assert claims["sub"] == self.thief.id
            type(self).own += 1
        if landing.is_page:
            text = landing.response.text
            assert "<h1>Your account</h1>" not in text or self.victim.email not in text
            self.forms += forms_on(landing)
        return landing

    @invariant()
    def nothing_of_the_other_is_touched(self) -> None:
        """No sign-in of theirs that they did not make, and their factors as they are."""
        assert self.sign_ins().keys() <= self.mine
        assert PASSWORD not in self.sign_ins().values()
        assert self.kept() == self.key


@pytest.mark.requirement("R-39", "R-49", "R-52")
def test_a_password_and_what_was_used_up_open_nothing() -> None:
    Thief.refused, Thief.own = 0, 0
    run_state_machine_as_test(
        Thief,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, report_multiple_bugs=False
        ),
    )
    # Where little was refused and hardly anything given, hardly anything was tried.
    assert Thief.refused > 50
    assert Thief.own > 10
