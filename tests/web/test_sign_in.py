"""The way in by password: its form, who is turned away, and passwords that are good once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from gatepost.model.events import OPERATOR, Action, Event, Origin
from gatepost.model.people import PASSWORD_MAX
from gatepost.services.sign_in import WRONG
from tests.flows import (
    PASSWORD,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    set_password,
)
from tests.served import Served, Tenant
from tests.web.indoors import counted_hashes, indoors, set_enabled

SIGN_IN = "/identity/signin"
ONE_TIME = "a password for one sign-in"
OWN = "a password of one's own"
Typed = tuple[str, str]


def _wrong_password(served: Served, tenant: Tenant) -> Typed:
    return new_person(served, tenant).email, "not " + PASSWORD


def _unknown_person(_served: Served, tenant: Tenant) -> Typed:
    return f"nobody.{tenant.id}@example.com", PASSWORD


def _disabled_person(served: Served, tenant: Tenant) -> Typed:
    person = new_person(served, tenant)
    set_enabled(served.house.world, tenant.id, person.id, enabled=False)
    return person.email, person.password


def _person_without_password(served: Served, tenant: Tenant) -> Typed:
    email = f"new.{tenant.id}@example.com"
    provider = "1e0ac07c-3b0e-4d9a-9a57-6a1e5b1f7c10"
    body = {"IdentityProviderId": provider, "ContactEmail": email}
    made = served.http.post(f"{served.api(tenant)}/Users", json=body, headers=served.admin(tenant))
    assert made.status_code == 201
    return email, PASSWORD


def _person_of_another_tenant(served: Served, _tenant: Tenant) -> Typed:
    return new_person(served, served.second).email, PASSWORD


def _address_too_long(_served: Served, _tenant: Tenant) -> Typed:
    return "k" * 300 + "@example.com", PASSWORD


def _password_too_long(served: Served, tenant: Tenant) -> Typed:
    return new_person(served, tenant).email, "p" * (PASSWORD_MAX + 1)


def _nothing_typed(_served: Served, _tenant: Tenant) -> Typed:
    return "", ""


TURNED_AWAY = [
    _unknown_person,
    _disabled_person,
    _person_without_password,
    _person_of_another_tenant,
    _address_too_long,
    _password_too_long,
    _nothing_typed,
]


def test_the_page_has_the_ids_that_programs_look_for(served: Served) -> None:
    client = new_application(served, served.first)
    page = Visitor(served).authorize(client)
    assert (page.path, page.response.status_code) == (SIGN_IN, 200)
    for name in ("email", "password", "submit"):
        assert page.response.text.count(f'id="{name}"') == 1
    assert "<h1>Sign in</h1>" in page.response.text


@pytest.mark.requirement("R-48")
@pytest.mark.parametrize("who", TURNED_AWAY)
def test_whoever_is_turned_away_sees_the_same(
    served: Served, who: Callable[[Served, Tenant], Typed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One errand in one browser, so that nothing else can differ; the hasher works each time."""
    tenant = served.new_tenant()
    expected, other = _wrong_password(served, tenant), who(served, tenant)
    visitor = Visitor(served)
    page = visitor.authorize(new_application(served, tenant))
    asked = counted_hashes(served, monkeypatch)
    answers = []
    for email, password in (expected, other):
        answer = visitor.submit(page, email=email, password=password)
        answers.append(_without(answer.response, email[:254]))
        assert password not in answer.response.text or not password
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert f'role="alert" id="problem">{WRONG}<' in answers[0][1]
    assert len(asked) == 2
    assert _cost(asked[0]) == _cost(asked[1])


@pytest.mark.requirement("R-48")
def test_only_the_right_password_of_somebody_who_may_opens(served: Served) -> None:
    """The same steps as above, but for what was typed: so the above is no accident."""
    tenant = served.new_tenant()
    person = new_person(served, tenant)
    visitor = Visitor(served)
    page = visitor.authorize(new_application(served, tenant))
    again = visitor.submit(page, email=person.email, password="wrong")
    assert 'value="' + person.email in again.response.text
    there = visitor.submit(again, email=f" {person.email.upper()} ", password=person.password)
    assert there.path == "/identity/consent"


@pytest.mark.requirement("R-48", "R-76")
def test_what_was_typed_stands_in_no_journal() -> None:
    """A password can land in the field of the address."""
    house = indoors()
    served, tenant = house.served, house.served.first
    person = new_person(served, tenant)
    set_enabled(house.world, tenant.id, person.id, enabled=False)
    visitor = house.visitor()
    page = visitor.authorize(new_application(served, tenant))
    visitor.submit(page, email="my-secret-passphrase", password="whatever")
    visitor.submit(page, email=person.email, password=person.password)
    with house.store.reading(tenant.id) as tenancy:
        events = [link.event for link in tenancy.journal.entries(0, 100)]
    refused = [event for event in events if event.action is Action.SIGN_IN_REFUSED]
    assert [(event.reason, event.target) for event in refused] == [
        ("unknown_person", ""),
        ("person_disabled", person.id),
    ]
    assert "my-secret-passphrase" not in repr(events)
    assert person.password not in repr(events)


@pytest.mark.requirement("R-46")
@pytest.mark.parametrize("one_time", [False, True])
def test_a_weaker_hash_is_replaced_at_sign_in(served: Served, one_time: bool) -> None:
    tenant = served.new_tenant()
    person = new_person(served, tenant)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(person.password)
    _keep_hash(served, tenant, person, weak, one_time=one_time)
    visitor = Visitor(served)
    page = visitor.authorize(new_application(served, tenant))
    visitor.submit(page, email=person.email, password="wrong")
    assert _hash_of(served, tenant, person) == (weak, one_time)
    visitor.sign_in(page, person)
    phc, still = _hash_of(served, tenant, person)
    assert (_cost(phc), still) == (_cost(served.house.world.passwords.decoy), one_time)
    assert served.house.world.passwords.verify(phc, person.password)
    again = Visitor(served)
    again.sign_in(again.authorize(new_application(served, tenant)), person)
    assert _hash_of(served, tenant, person)[0] == phc


@pytest.mark.requirement("R-39", "R-48")
def test_a_password_for_one_sign_in_is_replaced_before_anything_is_given(served: Served) -> None:
    tenant = served.new_tenant()
    client = new_application(served, tenant)
    person, visitor, page = _at_one_time_page(served, client, tenant)
    errand = str(page.response.url.params["request"])
    for path in ("resume", "consent", "choose", "signin", "device/confirm", "password"):
        landing = visitor.get(f"/identity/{path}?request={errand}")
        assert landing.path == "/identity/password", path
    for prompts in (None, "consent", "select_account"):
        assert visitor.authorize(client, prompt=prompts).path == "/identity/password"
    silent = visitor.authorize(client, prompt="none")
    assert silent.answer["error"] == "interaction_required"
    assert "Your account" not in visitor.get("/identity/account").response.text
    for bad in ((ONE_TIME, ONE_TIME), ("short", "short"), (OWN, OWN + "x"), ("", "")):
        answer = visitor.submit(page, password=bad[0], again=bad[1])
        assert (answer.path, answer.response.status_code) == ("/identity/password", 400)
    landing = visitor.through(visitor.submit(page, password=OWN, again=OWN), person)
    assert landing.answer["code"]
    assert "error" not in landing.answer


@pytest.mark.requirement("R-52")
def test_a_replaced_password_is_dead_at_once(served: Served) -> None:
    tenant = served.new_tenant()
    client = new_application(served, tenant)
    person, visitor, page = _at_one_time_page(served, client, tenant)
    elsewhere = Visitor(served)
    waiting = elsewhere.sign_in(elsewhere.authorize(client), person._replace(password=ONE_TIME))
    assert waiting.path == "/identity/password"
    visitor.submit(page, password=OWN, again=OWN)
    assert elsewhere.authorize(client).path == SIGN_IN
    # The page that the other browser still shows changes nothing any more.
    elsewhere.submit(waiting, password="an intruder's password", again="an intruder's password")
    third = Visitor(served)
    page = third.authorize(client)
    for password in (ONE_TIME, "an intruder's password"):
        answer = third.submit(page, email=person.email, password=password)
        assert answer.response.status_code == 401
    assert third.sign_in(page, person._replace(password=OWN)).path == "/identity/consent"


@pytest.mark.requirement("R-52")
def test_an_operator_who_sets_a_password_ends_what_came_of_the_old_one(served: Served) -> None:
    """Else whoever holds the old session could choose the next password themselves."""
    tenant = served.new_tenant()
    client = new_application(served, tenant)
    person = new_person(served, tenant)
    visitor = Visitor(served)
    visitor.through(visitor.authorize(client), person)
    set_password(served, tenant, person.id, ONE_TIME, one_time=True)
    assert visitor.authorize(client).path == SIGN_IN
    assert visitor.authorize(client, prompt="none").answer["error"] == "login_required"


def _at_one_time_page(
    served: Served, client: Any, tenant: Tenant
) -> tuple[Person, Visitor, Landing]:
    person = new_person(served, tenant)
    set_password(served, tenant, person.id, ONE_TIME, one_time=True)
    visitor = Visitor(served)
    page = visitor.sign_in(visitor.authorize(client), person._replace(password=ONE_TIME))
    assert page.path == "/identity/password"
    return person, visitor, page


def _without(response: httpx.Response, typed: str) -> tuple[int, str, list[str]]:
    """An answer without what was typed, and without what differs in every answer."""
    text = response.text.replace(f'value="{typed}"', 'value=""').replace("autofocus", "")
    text = " ".join(text.split()).replace(" >", ">")
    return response.status_code, text, sorted(set(response.headers) - {"set-cookie"})


def _cost(phc: str) -> str:
    """Which algorithm, and at what cost."""
    return phc.rsplit("$", 2)[0]


def _hash_of(served: Served, tenant: Tenant, person: Person) -> tuple[str, bool]:
    with served.house.store.reading(tenant.id) as tenancy:
        phc = tenancy.directory.password(person.id)
        assert phc is not None
        return phc, tenancy.directory.password_is_one_time(person.id)


def _keep_hash(served: Served, tenant: Tenant, person: Person, phc: str, *, one_time: bool) -> None:
    now = served.house.world.clock.now()
    with served.house.store.writing(tenant.id) as tenancy:
        tenancy.directory.set_password(person.id, phc, now, must_change=one_time)
        tenancy.journal.append(
            Event(
                at=now,
                action=Action.PASSWORD_SET,
                actor=OPERATOR,
                origin=Origin("test", ""),
                target=person.id,
            )
        )
