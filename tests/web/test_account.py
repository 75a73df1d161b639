"""Your account: sign-ins that are listed and ended, and a password that is changed."""

import httpx
import pytest

from gatepost.model.events import Action
from tests.flows import (
    Application,
    Landing,
    Person,
    Visitor,
    form_of,
    new_application,
    new_person,
    signed_in_tokens,
    token,
)
from tests.served import Served, Tenant
from tests.web.forms import ACCOUNT, NEW_PASSWORD, Stage, hidden_of
from tests.web.indoors import indoors, set_enabled

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


class Two:
    """Somebody who is signed in at two browsers."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.tenant: Tenant = served.new_tenant()
        self.person: Person = new_person(served, self.tenant)
        self.client: Application = new_application(served, self.tenant, AllowOfflineAccess=True)
        self.here, self.there = self.browser(), self.browser()

    def browser(self, person: Person | None = None) -> Visitor:
        """One more browser in which they, or somebody else, are signed in."""
        visitor = Visitor(self.served)
        visitor.http.headers["User-Agent"] = FIREFOX
        page = visitor.authorize(self.client)
        assert visitor.through(page, person or self.person).answer["code"]
        return visitor

    def is_in(self, visitor: Visitor) -> bool:
        """Whether a browser is still signed in."""
        return "code" in visitor.authorize(self.client, prompt="none").answer

    def refresh_token(self) -> str:
        """A refresh token of a browser elsewhere."""
        tokens = signed_in_tokens(
            self.served, self.client, self.person, scope="openid offline_access", prompt="consent"
        )
        return str(tokens["refresh_token"])

    def refreshes(self, value: str) -> bool:
        """Whether a refresh token still gives tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": value}
        return token(self.served, self.client, **form).status_code == 200


def sign_ins_on(page: Landing) -> list[str]:
    """The ids that the page offers to end."""
    rest = page.response.text.split(f'action="{ACCOUNT}/sessions/end"')[1:]
    return [part.split('name="id" value="', 1)[1].split('"', 1)[0] for part in rest]


@pytest.mark.requirement("R-50")
def test_sign_ins_are_listed(served: Served) -> None:
    two = Two(served)
    page = two.here.get(ACCOUNT)
    assert page.response.text.count("Firefox on Linux</strong>") == 2
    assert page.response.text.count("this browser") == 1
    assert page.response.text.count("127.0.0.1 · signed in") == 2
    assert len(sign_ins_on(page)) == 1
    for value in (two.here.http.cookies["gatepost-sid"], two.there.http.cookies["gatepost-sid"]):
        assert value not in page.response.text


@pytest.mark.requirement("R-50", "R-52")
def test_a_sign_in_that_was_ended_is_dead_elsewhere(served: Served) -> None:
    two = Two(served)
    page = two.here.get(ACCOUNT)
    done = _send(two.here, page, "/sessions/end")
    assert "That browser is signed out." in done.response.text
    assert (two.is_in(two.here), two.is_in(two.there)) == (True, False)
    assert two.there.authorize(two.client).path == "/identity/signin"
    assert sign_ins_on(two.here.get(ACCOUNT)) == []


@pytest.mark.requirement("R-50", "R-52")
def test_all_others_are_ended(served: Served) -> None:
    two = Two(served)
    third = two.browser()
    done = _send(two.here, two.here.get(ACCOUNT), "/sessions/end-others")
    assert "All other browsers are signed out." in done.response.text
    assert [two.is_in(v) for v in (two.here, two.there, third)] == [True, False, False]
    assert "Sign out everywhere else" not in two.here.get(ACCOUNT).response.text


@pytest.mark.requirement("R-50", "R-63")
def test_nobody_ends_what_is_anothers(served: Served) -> None:
    two = Two(served)
    stranger = two.browser(new_person(served, two.tenant))
    also = Two(served)
    for name, ids in (("person", sign_ins_on(two.here.get(ACCOUNT))), ("none", ["", "x"])):
        for sign_in_id in ids:
            for visitor in (stranger, also.here):
                fields = _proof(visitor.get(ACCOUNT)) | {"id": sign_in_id}
                answer = visitor.http.post(f"{ACCOUNT}/sessions/end", data=fields)
                assert answer.status_code == 303, name
    _send(stranger, stranger.get(ACCOUNT), "/sessions/end-others", _proof)
    assert two.is_in(two.there)
    assert two.is_in(two.here)


@pytest.mark.requirement("R-50")
def test_signing_out_on_the_page(served: Served) -> None:
    two = Two(served)
    kept = dict(two.here.http.cookies)
    page = _send(two.here, two.here.get(ACCOUNT), "/signout")
    assert "<h1>You are signed out</h1>" in page.response.text
    assert not two.is_in(two.here)
    two.here.http.cookies = httpx.Cookies(kept)
    assert not two.is_in(two.here)
    assert two.is_in(two.there)


@pytest.mark.requirement("R-52")
def test_a_changed_password_ends_all_but_this(served: Served) -> None:
    two = Two(served)
    refresh_token = two.refresh_token()
    done = _change_password(two.here, two.person.password, NEW_PASSWORD)
    assert "Your password is changed" in done.response.text
    assert (two.is_in(two.here), two.is_in(two.there)) == (True, False)
    assert not two.refreshes(refresh_token)
    visitor = Visitor(served)
    page = visitor.authorize(two.client)
    assert visitor.sign_in(page, two.person).response.status_code == 401
    assert visitor.sign_in(page, two.person._replace(password=NEW_PASSWORD)).answer["code"]


@pytest.mark.requirement("R-52")
@pytest.mark.parametrize(
    ("current", "new", "again", "words"),
    [
        ("not the password", NEW_PASSWORD, NEW_PASSWORD, "The current password is not right."),
        ("", NEW_PASSWORD, NEW_PASSWORD, "The current password is not right."),
        (None, NEW_PASSWORD, NEW_PASSWORD + "x", "The two entries of the new password differ."),
        (None, "short", "short", "A password has at least 8 characters"),
        (None, "p" * 129, "p" * 129, "A password has at most 128 characters"),
    ],
)
def test_a_password_that_is_not_changed_ends_nothing(
    served: Served, current: str | None, new: str, again: str, words: str
) -> None:
    two = Two(served)
    known = two.person.password if current is None else current
    page = _change_password(two.here, known, new, again)
    assert page.response.status_code == 400
    assert words in page.response.text
    assert new not in page.response.text
    assert two.is_in(two.there)
    assert Visitor(served).sign_in(Visitor(served).authorize(two.client), two.person).is_page
    assert two.is_in(two.browser())


@pytest.mark.requirement("R-49")
def test_the_current_password_is_not_to_be_guessed_here() -> None:
    stage = Stage(indoors())
    for _ in range(20):
        assert _change_password(stage.visitor, "wrong", NEW_PASSWORD).response.status_code == 400
    answer = _change_password(stage.visitor, stage.person.password, NEW_PASSWORD).response
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 31
    stage.house.forward(seconds=30)
    done = _change_password(stage.visitor, stage.person.password, NEW_PASSWORD)
    assert done.response.url.params["done"] == "password"


@pytest.mark.requirement("R-76")
def test_what_was_done_stands_in_the_journal() -> None:
    stage = Stage(indoors())
    before = stage.house.world.set_clock.moment
    stage.house.forward(seconds=1)
    _change_password(stage.visitor, "wrong", NEW_PASSWORD)
    _change_password(stage.visitor, stage.person.password, NEW_PASSWORD)
    with stage.house.store.reading(stage.tenant.id) as tenancy:
        events = [link.event for link in tenancy.journal.entries(0, 1_000)]
    told = [event for event in events if event.at > before]
    assert {event.actor.id for event in told} == {stage.person.id}
    found = {event.action for event in told}
    assert {Action.PASSWORD_SET, Action.SIGN_IN_ENDED, Action.GRANT_REVOKED} <= found
    assert Action.SIGN_IN_REFUSED in found
    assert NEW_PASSWORD not in repr(told)


@pytest.mark.requirement("R-51")
def test_whoever_is_switched_off_or_idle_has_no_page() -> None:
    stage = Stage(indoors())
    page = stage.account()
    set_enabled(stage.house.world, stage.tenant.id, stage.person.id, enabled=False)
    assert "Your account" not in stage.visitor.get(ACCOUNT).response.text
    _send(stage.visitor, page, "/sessions/end-others")
    set_enabled(stage.house.world, stage.tenant.id, stage.person.id, enabled=True)
    assert sign_ins_on(stage.account())
    stage.house.forward(minutes=75)
    assert "Your account" not in stage.visitor.get(ACCOUNT).response.text


def test_where_there_are_several_tenants_their_alias_is_asked() -> None:
    house = indoors()
    person = new_person(house.served, house.served.second)
    visitor = house.visitor()
    page = visitor.get(ACCOUNT)
    assert "<h1>Which organisation?</h1>" in page.response.text
    for alias in ("Nobody", "", "Secon", house.served.second.id[:-1]):
        answer = visitor.submit(page, alias=alias)
        assert answer.response.status_code == 400
        assert "No organisation has this alias." in answer.response.text
    there = visitor.submit(page, alias=" SECOND ")
    assert there.path == "/identity/signin"
    assert "your account at <strong>Second</strong>" in there.response.text
    assert visitor.sign_in(there, person).path == ACCOUNT


def test_where_there_is_one_tenant_nothing_is_asked() -> None:
    house = indoors()
    del house.store._tables.tenants[house.served.second.id]
    person, visitor = new_person(house.served, house.served.first), house.visitor()
    landing = visitor.sign_in(visitor.get(ACCOUNT), person)
    assert landing.path == ACCOUNT
    assert person.email in landing.response.text


def test_of_two_tenants_the_page_is_for_the_last_signed_in_to() -> None:
    house = indoors()
    visitor = house.visitor()
    for tenant, name in ((house.served.second, "Second"), (house.served.first, "First")):
        person = new_person(house.served, tenant)
        visitor.through(visitor.authorize(new_application(house.served, tenant)), person)
        text = visitor.get(ACCOUNT).response.text
        assert f">{person.email}<" in text
        assert f">{name}<" in text
        house.forward(seconds=1)


def _proof(page: Landing, _action: str = "") -> dict[str, str]:
    return {"proof": hidden_of(page, f"{ACCOUNT}/signout")["proof"]}


def _send(visitor: Visitor, page: Landing, path: str, fields: object = None) -> Landing:
    sent = _proof(page) if fields is _proof else hidden_of(page, ACCOUNT + path)
    return visitor._settle(visitor.http.post(ACCOUNT + path, data=sent))


def _change_password(visitor: Visitor, current: str, new: str, again: str | None = None) -> Landing:
    page = visitor.get(f"{ACCOUNT}/password")
    assert form_of(page.response.text, "submit")[0] == f"{ACCOUNT}/password"
    return visitor.submit(page, current=current, password=new, again=again or new)
