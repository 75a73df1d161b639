"""Passkeys: added on the account page, used to sign in, bound to what they were asked for."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from gatepost.model.errors import Refused
from gatepost.services.account import AccountService
from gatepost.services.browsers import Browser
from gatepost.services.new_passwords import NewPassword
from tests.authenticator import Authenticator
from tests.flows import Visitor, new_application, new_person, redeem, token
from tests.served import Served
from tests.web.forms import (
    ACCOUNT,
    NEW_PASSWORD,
    Stage,
    add_passkey,
    another_passkey,
    answered,
    attribute,
    challenge_of,
    hidden_of,
)
from tests.web.indoors import indoors


@pytest.fixture
def stage() -> Stage:
    """Somebody with a passkey, in memory, with a clock that is set."""
    return Stage(indoors())


@pytest.mark.requirement("R-37", "R-50")
def test_a_passkey_is_added_used_and_removed(served: Served) -> None:
    tenant = served.new_tenant()
    person, client = new_person(served, tenant), new_application(served, tenant)
    visitor = Visitor(served)
    visitor.through(visitor.authorize(client), person)
    before = visitor.http.cookies["gatepost-sid"]
    passkey = Authenticator(rp_id="127.0.0.1", origin=served.url)
    page = add_passkey(visitor, passkey, name="Work <phone>")
    assert "The passkey is ready to sign in with." in page.response.text
    assert "<strong>Work &lt;phone&gt;</strong>" in page.response.text
    assert attribute(page, "passkey_add", "data-exclude") == passkey.id

    elsewhere = Visitor(served)
    page = elsewhere.authorize(client)
    landing = answered(elsewhere, page, passkey.assertion(challenge_of(page)))
    claims = _id_token(served, redeem(served, client, landing.answer["code"]).json())
    assert (claims["sub"], claims["acr"]) == (person.id, "phr")
    assert claims["amr"] == ["swk", "user", "mfa"]
    assert elsewhere.http.cookies["gatepost-sid"] != before
    page = elsewhere.get(ACCOUNT)
    assert "last used" in page.response.text

    fields = hidden_of(page, f"{ACCOUNT}/passkeys/remove")
    done = elsewhere._settle(elsewhere.http.post(f"{ACCOUNT}/passkeys/remove", data=fields))
    assert "The passkey opens nothing any more." in done.response.text
    third = Visitor(served)
    page = third.authorize(client)
    refused = answered(third, page, passkey.assertion(challenge_of(page)))
    assert refused.response.status_code == 401


@pytest.mark.requirement("R-37")
def test_a_password_says_so_in_the_id_token(served: Served) -> None:
    tenant = served.new_tenant()
    person, client = new_person(served, tenant), new_application(served, tenant)
    visitor = Visitor(served)
    landing = visitor.through(visitor.authorize(client), person)
    claims = _id_token(served, redeem(served, client, landing.answer["code"]).json())
    assert (claims["acr"], claims["amr"]) == ("1", ["pwd"])


@pytest.mark.requirement("R-52")
@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_changed_passkey_ends_all_but_this(stage: Stage, change: str) -> None:
    refresh_token = _refresh_token(stage)
    if change == "add":
        assert add_passkey(stage.visitor, another_passkey(stage)).response.status_code == 200
    else:
        fields = hidden_of(stage.account(), f"{ACCOUNT}/passkeys/remove")
        stage.send(f"{ACCOUNT}/passkeys/remove", fields)
    assert stage.visitor.authorize(stage.client, prompt="none").answer["code"]
    assert stage.elsewhere.authorize(stage.client).path == "/identity/signin"
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert token(stage.served, stage.client, **form).json()["error"] == "invalid_grant"


@pytest.mark.requirement("R-52", "R-63")
def test_nobody_removes_the_passkey_of_another(stage: Stage) -> None:
    stranger = stage.house.visitor()
    stranger.through(stranger.authorize(stage.client), new_person(stage.served, stage.tenant))
    fields = hidden_of(stranger.get(ACCOUNT), f"{ACCOUNT}/signout")
    stranger.http.post(f"{ACCOUNT}/passkeys/remove", data=fields | {"id": stage.authenticator.id})
    page = stage.errand(prompt="login")
    said = stage.authenticator.assertion(challenge_of(page))
    assert answered(stage.visitor, page, said).answer["code"]


@pytest.mark.requirement("R-39")
def test_a_new_passkey_is_bound_to_its_session_and_a_few_minutes(stage: Stage) -> None:
    mine = stage.new_passkey(another_passkey(stage))
    taken = f"{ACCOUNT}/passkeys/add"
    proof = hidden_of(stage.elsewhere.get(ACCOUNT), f"{ACCOUNT}/signout")
    elsewhere = stage.elsewhere.http.post(taken, data=mine | proof)
    assert "The passkey was not accepted." in elsewhere.text
    page = stage.errand(prompt="login")
    signed = another_passkey(stage).attestation(challenge_of(page))
    assert "was not accepted" in stage.send(taken, mine | {"attestation": signed}).response.text
    stage.house.forward(minutes=9)
    stage.visitor.through(stage.errand(prompt="login"), stage.person)
    stage.house.forward(minutes=1)
    late = mine | hidden_of(stage.account(), f"{ACCOUNT}/signout")
    assert "was not accepted" in stage.send(taken, late).response.text
    fresh = stage.new_passkey(another_passkey(stage))
    assert stage.send(taken, fresh).response.url.params["done"] == "passkey-added"


@pytest.mark.requirement("R-54")
def test_a_new_passkey_needs_a_sign_in_of_just_now(stage: Stage) -> None:
    stage.house.forward(minutes=10)
    page = add_passkey(stage.visitor, another_passkey(stage))
    assert page.path == "/identity/signin"
    assert stage.visitor.sign_in(page, stage.person).path == ACCOUNT
    assert (
        "The passkey is ready" in add_passkey(stage.visitor, another_passkey(stage)).response.text
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [("n" * 101, "odd characters"), ("\u202egnp", "odd characters"), ("", "ready to sign in")],
)
def test_a_passkey_has_a_name(stage: Stage, name: str, words: str) -> None:
    page = add_passkey(stage.visitor, another_passkey(stage), name)
    assert words in page.response.text
    if not name:
        assert "<strong>Passkey</strong>" in page.response.text


def test_a_person_has_at_most_twenty(stage: Stage) -> None:
    for number in range(19):
        assert (
            f"Key {number}<"
            in add_passkey(stage.visitor, another_passkey(stage), f"Key {number}").response.text
        )
    page = add_passkey(stage.visitor, another_passkey(stage))
    assert page.response.status_code == 400
    assert "You have 20 passkeys, which is the most." in page.response.text
    again = add_passkey(Stage(stage.house).visitor, stage.authenticator)
    assert "This passkey is known here already." in again.response.text


@pytest.mark.requirement("R-52", "R-79")
@pytest.mark.parametrize(
    "change",
    [
        lambda account, who, browser: account.add_passkey(who, "x", who.attested, browser),
        lambda account, who, browser: account.change_password(
            who, NewPassword(who.password, NEW_PASSWORD, NEW_PASSWORD), browser
        ),
        lambda account, who, browser: account.remove_passkey(who, who.passkey_id, browser),
        lambda account, who, browser: account.end_others(who, browser),
        lambda account, who, browser: account.take_back(who, who.client_id, browser),
    ],
)
def test_a_session_that_ends_while_a_change_is_under_way_changes_nothing(
    stage: Stage, change: Callable[[AccountService, Any, Browser], None]
) -> None:
    """Else an intruder who is thrown out at this moment could leave a passkey behind."""
    account, browser = _service(stage)
    who = account.someone(browser)
    assert who is not None
    page = stage.elsewhere.get(ACCOUNT)
    fields = hidden_of(page, f"{ACCOUNT}/sessions/end-others")
    made = another_passkey(stage).attestation(account.passkey_challenge(who))
    stage.elsewhere.http.post(f"{ACCOUNT}/sessions/end-others", data=fields)
    before = stage.house.store._tables
    with pytest.raises(Refused, match="signed out"):
        change(account, _With(who, stage, made), browser)
    after = stage.house.store._tables
    assert (after.passkeys, after.passwords) == (before.passkeys, before.passwords)
    assert (after.sign_ins, after.consents) == (before.sign_ins, before.consents)


class _With:
    """Someone, with what their changes need."""

    def __init__(self, who: Any, stage: Stage, attested: str) -> None:
        self.tenant_id, self.sign_in, self.user = who
        self.attested, self.password = attested, stage.person.password
        self.passkey_id, self.client_id = stage.authenticator.id, stage.client.id


def _service(stage: Stage) -> tuple[AccountService, Browser]:
    """The service, and the first browser as it is seen from within."""
    door: Any = stage.house.server.front._doors[0]
    session = stage.visitor.http.cookies["gatepost-sid"]
    with stage.house.store.reading(stage.tenant.id) as tenancy:
        origin = tenancy.journal.entries(0, 1)[0].event.origin
    return door._rooms.account, Browser("binding", (session,), (), "", "", origin)


def _refresh_token(stage: Stage) -> str:
    scope = "openid offline_access"
    page = stage.visitor.authorize(stage.client, scope=scope)
    landing = stage.visitor.submit(page, "allow")
    return str(redeem(stage.served, stage.client, landing.answer["code"]).json()["refresh_token"])


def _id_token(served: Served, tokens: dict[str, Any]) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(
        served.http.get("/identity/.well-known/openid-configuration/jwks").json()
    )
    kid = jwt.get_unverified_header(tokens["id_token"])["kid"]
    key = keys[kid]
    client = jwt.decode(tokens["id_token"], options={"verify_signature": False})["aud"]
    return jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience=client)
