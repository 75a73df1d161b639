"""The yes of a person to an application: asked in words, remembered by scopes, taken back."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from gatepost.protocol.scopes import SCOPES
from tests.flows import (
    CALLBACK,
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    redeem,
    token,
)
from tests.served import Served, Tenant, serve, sqlite_settings
from tests.web.forms import hidden_of
from tests.web.indoors import indoors

CONSENT = "/identity/consent"
ALL_SCOPES = "openid profile email ocsapi offline_access"
HOSTED = "https://boiler.example.com/about?from=gatepost"
LOGO = "https://tracker.example.com/logo.svg"


class Asked:
    """Somebody at the question of an application."""

    def __init__(self, served: Served, visitor: Visitor | None = None, **members: Any) -> None:
        self.served = served
        self.tenant: Tenant = served.new_tenant()
        self.person: Person = new_person(served, self.tenant)
        self.client: Application = new_application(
            served, self.tenant, AllowOfflineAccess=True, **members
        )
        self.visitor = visitor or Visitor(served)
        self.question = self.visitor.sign_in(self.ask(), self.person)
        assert self.question.path == CONSENT

    def ask(self, **parameters: str) -> Landing:
        """The application sends the browser again."""
        return self.visitor.authorize(self.client, **parameters)


@pytest.mark.requirement("R-38")
def test_the_question_says_who_asks_whom_for_what(served: Served) -> None:
    asked = Asked(served)
    page = asked.ask(scope=ALL_SCOPES).response.text
    for words in ("Boiler house asks for access", "Signed in at Own as", "Kim Lee"):
        assert words in page
    assert asked.person.email in page
    for scope in SCOPES:
        assert scope.title in page.replace("&#39;", "'")
        assert scope.text in page.replace("&#39;", "'")
    fewer = asked.ask(scope="openid").response.text
    assert SCOPES[0].title in fewer
    assert not [scope for scope in SCOPES[1:] if scope.title in fewer.replace("&#39;", "'")]


@pytest.mark.requirement("R-38")
def test_what_an_application_may_not_have_is_not_asked(served: Served) -> None:
    asked = Asked(served)
    client = new_application(served, asked.tenant)
    page = asked.visitor.authorize(client, scope=ALL_SCOPES + " admin").response.text
    assert "Stay signed in" not in page
    assert "admin" not in page


@pytest.mark.requirement("R-36", "R-58")
def test_the_logo_is_not_loaded_and_the_link_says_its_host(served: Served) -> None:
    asked = Asked(served, ClientUri=HOSTED, LogoUri=LOGO)
    page = asked.question.response.text
    assert "tracker.example.com" not in page
    assert "<img" not in page
    link = page.split("<a ", 1)[1].split("</a>", 1)[0]
    assert f'href="{HOSTED}"' in link
    assert 'rel="noopener noreferrer nofollow"' in link
    assert ">boiler.example.com<" in link
    assert "<a " not in Asked(served).question.response.text


@pytest.mark.requirement("R-38")
def test_a_yes_is_remembered_for_its_scopes(served: Served) -> None:
    asked = Asked(served)
    assert asked.visitor.submit(asked.question, "allow").answer["code"]
    assert asked.ask().answer["code"]
    assert asked.ask(scope="openid").answer["code"]
    assert asked.ask(scope="ocsapi", prompt="none").answer["code"]
    wider = asked.ask(scope="openid profile")
    assert wider.path == CONSENT
    silent = asked.ask(scope="openid profile", prompt="none")
    assert silent.answer["error"] == "consent_required"
    assert asked.visitor.submit(wider, "allow").answer["code"]
    # What was allowed before stays allowed, and both together too.
    assert asked.ask(scope="openid profile ocsapi").answer["code"]
    assert asked.ask(scope="openid email").path == CONSENT


@pytest.mark.requirement("R-38")
def test_a_yes_is_one_persons_to_one_application(served: Served) -> None:
    asked = Asked(served)
    assert asked.visitor.submit(asked.question, "allow").answer["code"]
    twin = new_application(served, asked.tenant)
    assert asked.visitor.authorize(twin).path == CONSENT
    other, elsewhere = new_person(served, asked.tenant), Visitor(served)
    assert elsewhere.sign_in(elsewhere.authorize(asked.client), other).path == CONSENT
    again = Visitor(served)
    assert again.sign_in(again.authorize(asked.client), asked.person).answer["code"]


@pytest.mark.requirement("R-38")
def test_a_yes_is_asked_for_where_the_application_wants_it_asked(served: Served) -> None:
    asked = Asked(served)
    assert asked.visitor.submit(asked.question, "allow").answer["code"]
    for _ in range(2):
        again = asked.ask(prompt="consent")
        assert again.path == CONSENT
        assert asked.visitor.submit(again, "allow").answer["code"]


@pytest.mark.requirement("R-38", "R-39")
def test_a_yes_is_of_whoever_is_signed_in_at_that_moment(served: Served) -> None:
    """Somebody allows, and before the answer is fetched another person signs in there."""
    asked = Asked(served)
    sent = asked.question.response
    fields = hidden_of(asked.question, CONSENT) | {"decision": "allow"}
    assert asked.visitor.http.post(CONSENT, data=fields).status_code == 303
    other = new_person(served, asked.tenant)
    page = asked.visitor.authorize(asked.client, prompt="login")
    assert asked.visitor.through(page, other).answer["code"]
    landing = asked.visitor.get(f"/identity/resume?request={sent.url.params['request']}")
    # The other person said yes to the same on their own request, so nothing is asked again.
    tokens = redeem(served, asked.client, landing.answer["code"]).json()
    me = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert served.http.get("/identity/connect/userinfo", headers=me).json()["sub"] == other.id


@pytest.mark.requirement("R-38", "R-39")
@pytest.mark.parametrize("prompt", [{}, {"prompt": "consent"}])
def test_a_yes_of_one_person_is_none_of_the_next(served: Served, prompt: dict[str, str]) -> None:
    asked = Asked(served)
    question = asked.ask(**prompt)
    fields = hidden_of(question, CONSENT) | {"decision": "allow"}
    assert asked.visitor.http.post(CONSENT, data=fields).status_code == 303
    twin = new_application(served, asked.tenant)
    page = asked.visitor.authorize(twin, prompt="login")
    other = new_person(served, asked.tenant)
    assert asked.visitor.through(page, other).answer["code"]
    address = f"/identity/resume?request={question.response.url.params['request']}"
    assert asked.visitor.get(address).path == CONSENT


@pytest.mark.requirement("R-08", "R-38")
def test_a_no_is_told_to_the_application(served: Served) -> None:
    asked = Asked(served)
    landing = asked.visitor.submit(asked.question, "deny")
    assert (landing.uri, landing.mode) == (CALLBACK, "query")
    assert landing.answer.pop("error_description")
    assert landing.answer == {
        "error": "access_denied",
        "state": "some-state",
        "iss": f"{served.url}/identity",
    }
    assert asked.ask().path == CONSENT


@pytest.mark.requirement("R-38", "R-39")
def test_a_no_counts_after_a_yes_in_another_window(served: Served) -> None:
    asked = Asked(served)
    other = asked.ask(state="other")
    assert asked.visitor.submit(other, "allow").answer["code"]
    assert asked.visitor.submit(asked.question, "deny").answer["error"] == "access_denied"


@pytest.mark.requirement("R-38")
def test_not_me_asks_to_sign_in_anew(served: Served) -> None:
    asked = Asked(served)
    fields = hidden_of(asked.question, CONSENT) | {"decision": "switch"}
    page = asked.visitor._settle(asked.visitor.http.post(CONSENT, data=fields))
    assert page.path == "/identity/signin"
    other = new_person(served, asked.tenant)
    question = asked.visitor.sign_in(page, other)
    assert question.path == CONSENT
    assert other.email in question.response.text


@pytest.mark.requirement("R-38")
@pytest.mark.parametrize("decision", ["", "maybe", "ALLOW", "allow "])
def test_anything_but_a_yes_is_none(served: Served, decision: str) -> None:
    asked = Asked(served)
    fields = hidden_of(asked.question, CONSENT) | {"decision": decision}
    landing = asked.visitor._settle(asked.visitor.http.post(CONSENT, data=fields))
    assert landing.path == CONSENT


@pytest.mark.requirement("R-38")
def test_a_yes_that_was_taken_back_is_asked_for_again_and_its_tokens_are_dead(
    served: Served,
) -> None:
    asked = Asked(served)
    question = asked.ask(scope=ALL_SCOPES)
    code = asked.visitor.submit(question, "allow").answer["code"]
    tokens = redeem(served, asked.client, code).json()
    unused = asked.ask().answer["code"]
    refreshed = _refresh(asked, tokens["refresh_token"]).json()
    assert refreshed["refresh_token"]
    page = asked.visitor.get("/identity/account")
    assert "<strong>Boiler house</strong>" in page.response.text
    fields = hidden_of(page, "/identity/account/consents/remove")
    assert fields["client_id"] == asked.client.id
    done = asked.visitor.http.post("/identity/account/consents/remove", data=fields)
    assert done.status_code == 303
    assert (
        "<strong>Boiler house</strong>" not in asked.visitor.get("/identity/account").response.text
    )
    assert asked.ask().path == CONSENT
    assert _refresh(asked, refreshed["refresh_token"]).json()["error"] == "invalid_grant"
    assert redeem(served, asked.client, unused).json()["error"] == "invalid_grant"
    me = {"Authorization": f"Bearer {refreshed['access_token']}"}
    assert served.http.get("/identity/connect/userinfo", headers=me).status_code == 401


@pytest.mark.requirement("R-38")
def test_nobody_takes_back_what_another_allowed(served: Served) -> None:
    asked = Asked(served)
    assert asked.visitor.submit(asked.question, "allow").answer["code"]
    other = Visitor(served)
    stranger = new_person(served, asked.tenant)
    other.through(other.authorize(asked.client), stranger)
    fields = hidden_of(other.get("/identity/account"), "/identity/account/consents/remove")
    other.http.post("/identity/account/consents/remove", data=fields)
    assert asked.ask().answer["code"]


@pytest.mark.requirement("R-38")
def test_a_deployment_may_always_ask() -> None:
    house = indoors(consent="always")
    asked = Asked(house.served, house.visitor())
    assert asked.visitor.submit(asked.question, "allow").answer["code"]
    assert asked.ask().path == CONSENT
    assert asked.ask(prompt="none").answer["error"] == "consent_required"


@pytest.mark.requirement("R-38")
def test_a_deployment_may_never_ask(tmp_path: Path) -> None:
    """Its operator answers for all; what the application itself wants asked is asked."""
    with serve(sqlite_settings(tmp_path, consent="never")) as served:
        person, client = new_person(served, served.first), new_application(served, served.first)
        visitor = Visitor(served)
        assert visitor.sign_in(visitor.authorize(client), person).answer["code"]
        assert visitor.authorize(client, prompt="none").answer["code"]
        assert visitor.authorize(client, prompt="consent").path == CONSENT


def _refresh(asked: Asked, value: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": value}
    return token(asked.served, asked.client, **form)
