"""Modules about whole flows: the happy ones, client authentication, UserInfo, PKCE, nonces.

Each test is named after the module that it answers, without `oidcc-`.
"""

import pytest

from tests.flows import CALLBACK, pkce
from tests.web.conformance.checks import check_refused
from tests.web.conformance.party import (
    ALL_THREE,
    BASIC,
    CODE_ID_TOKEN,
    CODE_TOKEN,
    PLANS,
    Party,
    check_error,
    of,
)
from tests.web.relying import USERINFO


@pytest.mark.requirement("R-08", "R-10", "R-12", "R-41")
@of(*PLANS)
def test_server(party: Party) -> None:
    """The happy flow, and all that is checked in each."""
    done = party.run(party.browser())
    assert done.claims["sub"] == party.person.id
    assert ("id_token" in done.answer) == ("id_token" in party.plan.parts)
    assert ("access_token" in done.answer) == ("token" in party.plan.parts)


@of(*PLANS)
def test_server_client_secret_post(party: Party) -> None:
    """The same with the secret in the body."""
    visitor = party.browser()
    asked = party.ask(visitor)
    landing = visitor.through(asked.landing, party.person)
    code = landing.answer["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    party.check(asked._replace(landing=landing), party.token_as(party.client, **form))


@of(*BASIC, *CODE_ID_TOKEN)
def test_alternate_happy_flow(party: Party) -> None:
    """The order of scopes and parameters means nothing."""
    parts = party.plan.response_type.split(" ")
    reversed_parts = " ".join(reversed(parts))
    visitor = party.browser()
    party.run(visitor, scope="email profile openid", response_type=reversed_parts)
    sent = party.ask(visitor).sent
    backwards = dict(reversed(sent.items()))
    assert list(backwards) != list(sent)
    landing = visitor.get(
        str(visitor.http.build_request("GET", "/identity/connect/authorize", params=backwards).url)
    )
    assert landing.mode == party.plan.mode
    assert landing.answer["state"] == sent["state"]


@of(*PLANS)
def test_userinfo_get(party: Party) -> None:
    """UserInfo by GET, with each access token of the flow."""
    done = party.run(party.browser())
    assert party.userinfo(done.tokens["access_token"])["sub"] == done.claims["sub"]


@of(*PLANS)
def test_userinfo_post_header(party: Party) -> None:
    """UserInfo by POST, with the token in the header."""
    done = party.run(party.browser())
    headers = {"Authorization": f"Bearer {done.tokens['access_token']}"}
    answer = party.certified.served.http.post(USERINFO, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["sub"] == done.claims["sub"]


@of(*PLANS)
def test_userinfo_post_body(party: Party) -> None:
    """UserInfo with the token in the body is refused, which certification takes with a warning."""
    done = party.run(party.browser())
    form = {"access_token": done.tokens["access_token"]}
    answer = party.certified.served.http.post(USERINFO, data=form)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


@of(*BASIC, *CODE_TOKEN)
def test_ensure_request_without_nonce_succeeds_for_code_flow(party: Party) -> None:
    """Where no id token comes by the browser, no nonce is needed."""
    done = party.run(party.browser(), nonce=None)
    assert "nonce" not in done.claims


@pytest.mark.requirement("R-11")
@of(*CODE_ID_TOKEN, *ALL_THREE)
def test_ensure_request_without_nonce_fails(party: Party) -> None:
    """Where one comes, it is."""
    check_error(party, party.ask(party.browser(), nonce=None), "invalid_request")


@pytest.mark.requirement("R-14")
@of(*BASIC, *CODE_ID_TOKEN)
def test_ensure_request_with_valid_pkce_succeeds(party: Party) -> None:
    """A client with a secret may prove its code too."""
    proof, visitor = pkce(), party.browser()
    asked = party.ask(visitor, code_challenge=proof.challenge, code_challenge_method="S256")
    party.finish(visitor, asked, code_verifier=proof.verifier)
    asked = party.ask(visitor, code_challenge=proof.challenge, code_challenge_method="S256")
    check_refused(party.redeem(asked.landing.answer["code"]), "invalid_grant")
