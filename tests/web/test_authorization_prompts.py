"""How a request wants people to sign in: prompt, max_age, hints, claims; over real HTTP."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any, NamedTuple

import jwt
import msgspec
import pytest

from gatepost.services.keys import KeyRing
from tests.flows import (
    AUTHORIZE,
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    set_password,
)
from tests.served import Served
from tests.web.authorizing import good, grow_old, told_error
from tests.web.forms import hidden_of
from tests.web.relying import verified

SIGN_IN, CONSENT, CHOOSE = "/identity/signin", "/identity/consent", "/identity/choose"
ID_TOKEN = {"response_type": "code id_token", "scope": "openid"}
UNMET = "unmet_authentication_requirements"
ONE_TIME = "a password for one sign-in"


class Scene(NamedTuple):
    """An application, a person, and their browser."""

    served: Served
    client: Application
    person: Person
    visitor: Visitor

    def ask(self, **parameters: str | None) -> Landing:
        """Send the browser with a request for an id token."""
        return self.visitor.authorize(self.client, **(ID_TOKEN | parameters))

    def enter(self, landing: Landing) -> dict[str, Any]:
        """Do what the pages ask; the claims that the application gets."""
        return self.claims(self.visitor.through(landing, self.person))

    def claims(self, landing: Landing) -> dict[str, Any]:
        """The claims of an answer."""
        assert "id_token" in landing.answer, landing
        return verified(self.served, landing.answer["id_token"], self.client.id, "JWT")

    def grow_old(self, seconds: int) -> None:
        """Let the sign-in have been made earlier."""
        grow_old(self.visitor, self.client.tenant, seconds=seconds)


def scene(served: Served) -> Scene:
    """Nobody has signed in yet."""
    client = new_application(served, served.first)
    return Scene(served, client, new_person(served, served.first), Visitor(served))


@pytest.fixture
def outside(on_sqlite: Served) -> Scene:
    return scene(on_sqlite)


@pytest.fixture
def inside(outside: Scene) -> Scene:
    """The person is signed in and has allowed the application."""
    outside.enter(outside.ask())
    return outside


@pytest.mark.requirement("R-37", "R-08")
@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_prompt_none_answers_at_once_or_says_what_is_missing(served: Served, mode: str) -> None:
    here = scene(served)
    silent = {"prompt": "none", "response_mode": mode}
    told = told_error(here.ask(**silent), "login_required")
    assert (told["state"], told["iss"]) == ("some-state", f"{served.url}/identity")
    page = here.visitor.sign_in(here.ask(), here.person)
    assert page.path == CONSENT
    told_error(here.ask(**silent), "consent_required")
    first = here.claims(here.visitor.submit(page, "allow"))
    landing = here.ask(**silent)
    assert landing.mode == mode
    again = here.claims(landing)
    assert (again["sub"], again["auth_time"]) == (here.person.id, first["auth_time"])
    told_error(here.ask(**(silent | {"scope": "openid email"})), "consent_required")


@pytest.mark.requirement("R-37")
def test_prompt_none_does_not_ask_for_a_new_password(outside: Scene) -> None:
    served, person = outside.served, outside.person
    set_password(served, served.first, person.id, ONE_TIME, one_time=True)
    page = outside.visitor.sign_in(outside.ask(), person._replace(password=ONE_TIME))
    assert page.path == "/identity/password"
    told_error(outside.ask(prompt="none"), "interaction_required")


@pytest.mark.requirement("R-37")
def test_prompt_none_sees_only_the_tenant_of_the_application(inside: Scene) -> None:
    served = inside.served
    elsewhere = new_application(served, served.second)
    told_error(inside.visitor.authorize(elsewhere, prompt="none"), "login_required")
    assert "code" in inside.ask(prompt="none").answer


@pytest.mark.requirement("R-37")
def test_prompt_login_asks_again_and_tells_the_new_time(inside: Scene) -> None:
    before = inside.claims(inside.ask())
    inside.grow_old(100)
    page = inside.ask(prompt="login")
    assert page.path == SIGN_IN
    assert f'value="{inside.person.email}"' in page.response.text
    after = inside.enter(page)
    assert after["sub"] == before["sub"]
    assert after["auth_time"] >= before["auth_time"]
    assert inside.ask(prompt="login").path == SIGN_IN
    assert inside.claims(inside.ask())["auth_time"] == after["auth_time"]


@pytest.mark.requirement("R-37", "R-39")
def test_a_page_that_was_passed_over_does_not_count_as_a_sign_in(inside: Scene) -> None:
    page = inside.ask(prompt="login")
    reference = page.response.url.params["request"]
    for path in ("resume", "consent", "choose", "password"):
        back = inside.visitor.get(f"/identity/{path}?request={reference}&prompt=none")
        assert back.path == SIGN_IN
    assert "code" in inside.ask().answer
    assert inside.visitor.get(f"/identity/resume?request={reference}").path == SIGN_IN


@pytest.mark.requirement("R-37", "R-38")
def test_prompt_consent_asks_again(inside: Scene) -> None:
    page = inside.ask(prompt="consent")
    assert page.path == CONSENT
    assert told_error(inside.visitor.submit(page, "deny"), "access_denied")["state"]
    page = inside.ask(prompt="consent")
    assert inside.claims(inside.visitor.submit(page, "allow"))["sub"] == inside.person.id
    assert inside.ask(prompt="login consent").path == SIGN_IN


@pytest.mark.requirement("R-37")
def test_prompt_select_account_lets_people_choose(inside: Scene) -> None:
    page = inside.ask(prompt="select_account")
    assert page.path == CHOOSE
    same = inside.visitor.http.post(CHOOSE, data=hidden_of(page, CHOOSE) | {"choice": "same"})
    assert inside.claims(inside.visitor._settle(same))["sub"] == inside.person.id
    page = inside.ask(prompt="select_account")
    left = inside.visitor.http.post(CHOOSE, data=hidden_of(page, CHOOSE) | {"choice": "other"})
    other = inside.visitor._settle(left)
    assert other.path == SIGN_IN
    somebody = new_person(inside.served, inside.served.first)
    told = inside.claims(inside.visitor.through(other, somebody))
    assert told["sub"] == somebody.id


@pytest.mark.requirement("R-37", "R-70")
@pytest.mark.parametrize(
    ("age", "max_age", "asks"),
    [
        (120, "60", True),
        (120, "10000", False),
        (120, "9999999999", False),
        (0, "0", True),
        (3, "1", True),
        (0, "60", False),
    ],
)
def test_max_age_asks_whoever_signed_in_too_long_ago(
    inside: Scene, age: int, max_age: str, asks: bool
) -> None:
    inside.grow_old(age)
    before = inside.claims(inside.ask())
    landing = inside.ask(max_age=max_age)
    if not asks:
        assert inside.claims(landing)["auth_time"] == before["auth_time"]
        return
    assert landing.path == SIGN_IN
    told_error(inside.ask(max_age=max_age, prompt="none"), "login_required")
    after = inside.enter(landing)
    assert after["auth_time"] >= before["auth_time"] + age
    assert after["auth_time"] > before["auth_time"] or not age


@pytest.mark.requirement("R-37")
def test_an_id_token_hint_names_who_is_meant(inside: Scene) -> None:
    hint = inside.ask().answer["id_token"]
    assert inside.claims(inside.ask(id_token_hint=hint, prompt="none"))["sub"] == inside.person.id
    somebody = new_person(inside.served, inside.served.first)
    other = Visitor(inside.served)
    landing = other.through(other.authorize(inside.client, **ID_TOKEN), somebody)
    assert inside.claims(landing)["sub"] == somebody.id
    told_error(
        other.authorize(inside.client, **ID_TOKEN, id_token_hint=hint, prompt="none"),
        "login_required",
    )
    page = other.authorize(inside.client, **ID_TOKEN, id_token_hint=hint)
    assert page.path == SIGN_IN
    told = told_error(other.sign_in(page, somebody), UNMET)
    assert (told["state"], told["iss"]) == ("some-state", f"{inside.served.url}/identity")
    page = other.authorize(inside.client, **ID_TOKEN, id_token_hint=hint)
    assert inside.claims(other.through(page, inside.person))["sub"] == inside.person.id


@pytest.mark.requirement("R-30", "R-32", "R-37")
def test_a_hint_is_an_id_token_of_ours_however_old(inside: Scene) -> None:
    world = inside.served.house.world
    key = KeyRing(world).signing()
    assert key is not None
    hint = inside.ask().answer["id_token"]
    claims = jwt.decode(hint, options={"verify_signature": False})

    def signed(type_: str = "JWT", **changes: Any) -> str:
        return world.signer.sign(key, type_, msgspec.json.encode(claims | changes))

    old = claims["exp"] - timedelta(days=300).total_seconds()
    silent = {"prompt": "none"}
    assert "code" in inside.ask(id_token_hint=signed(exp=int(old)), **silent).answer
    head = {"alg": "none", "typ": "JWT"}
    unsigned = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims)
    ]
    for bad in (
        hint[:-4] + ("AAAA" if hint[-4:] != "AAAA" else "BBBB"),
        b".".join([*unsigned, b""]).decode(),
        jwt.encode(claims, "secret" * 8, "HS256", {"kid": key.kid}),
        signed("at+jwt"),
        signed("logout+jwt"),
        signed(iss="https://other.example/identity"),
        "x",
        "x" * 9_000,
    ):
        told_error(inside.ask(id_token_hint=bad, **silent), "invalid_request")
        told_error(inside.ask(id_token_hint=bad), "invalid_request")


@pytest.mark.requirement("R-37", "R-58")
def test_a_login_hint_stands_in_the_field(outside: Scene) -> None:
    page = outside.ask(login_hint="kim@example.com").response.text
    assert 'name="email"' in page.split('value="kim@example.com"')[0][-300:]
    sly = outside.ask(login_hint='"><script>alert(1)</script>').response.text
    assert "<script>alert" not in sly
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in sly
    assert outside.enter(outside.ask(login_hint="somebody@else"))["sub"] == outside.person.id


@pytest.mark.requirement("R-37", "R-63")
def test_acr_values_may_name_the_tenant_of_the_application(inside: Scene) -> None:
    first, second = inside.served.first.id, inside.served.second.id
    for mine in (f"tenant:{first}", f"phr tenant:{first.upper()}", "phr", "anything at all"):
        assert inside.claims(inside.ask(acr_values=mine))["tid"] == first
    for foreign in (f"tenant:{second}", f"tenant:{first} tenant:{second}", "tenant:nobody"):
        told = told_error(inside.ask(acr_values=foreign), "invalid_request")
        assert "tenant" in told["error_description"]


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize("section", ["id_token", "userinfo"])
def test_a_sub_that_is_asked_for_must_be_the_one(inside: Scene, section: str) -> None:
    def wish(sub: str) -> str:
        return json.dumps({section: {"sub": {"value": sub}}})

    assert "code" in inside.ask(claims=wish(inside.person.id), prompt="none").answer
    told_error(inside.ask(claims=wish("somebody-else"), prompt="none"), "login_required")
    page = inside.ask(claims=wish("somebody-else"))
    assert page.path == SIGN_IN
    told_error(inside.visitor.sign_in(page, inside.person), UNMET)


@pytest.mark.requirement("R-37")
def test_an_essential_acr_must_be_met_and_another_may_not(inside: Scene) -> None:
    def wish(**acr: Any) -> str:
        return json.dumps({"id_token": {"acr": acr}})

    strong = wish(essential=True, values=["phr"])
    told_error(inside.ask(claims=strong, prompt="none"), "login_required")
    page = inside.ask(claims=strong)
    assert page.path == SIGN_IN
    told_error(inside.visitor.sign_in(page, inside.person), UNMET)
    assert inside.claims(inside.ask(claims=wish(values=["phr"])))["acr"] == "1"
    assert inside.claims(inside.ask(claims=wish(essential=True, value="1")))["acr"] == "1"


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize("prompt", ["none", "login", "consent"])
def test_a_prompt_holds_for_a_post_too(inside: Scene, prompt: str) -> None:
    wish = good(inside.client, **ID_TOKEN, prompt=prompt)
    landing = inside.visitor._settle(inside.visitor.http.post(AUTHORIZE, data=dict(wish)))
    if prompt == "none":
        assert inside.claims(landing)["sub"] == inside.person.id
        return
    assert landing.path == {"login": SIGN_IN, "consent": CONSENT}[prompt]
