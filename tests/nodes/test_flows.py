"""A flow that begins at one node goes on at another: nothing of it is kept in a node."""

import httpx
import pytest

from tests.flows import (
    Application,
    Person,
    Visitor,
    new_application,
    new_person,
    pkce,
    redeem,
    signed_in_tokens,
    token,
)
from tests.nodes.cluster import A, B, Cluster, administrator


@pytest.fixture
def kim(pair: Cluster) -> Person:
    """A person with a password."""
    return new_person(pair.served, pair.served.first)


@pytest.fixture
def app(pair: Cluster) -> Application:
    """An application that may refresh."""
    return new_application(pair.served, pair.served.first, AllowOfflineAccess=True)


def test_a_code_of_one_node_is_redeemed_at_the_other_and_only_once(
    pair: Cluster, kim: Person, app: Application
) -> None:
    proof = pkce()
    visitor = Visitor(pair.turn(A))
    asked = {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    code = visitor.through(visitor.authorize(app, **asked), kim).answer["code"]
    answer = redeem(pair.turn(B), app, code, code_verifier=proof.verifier)
    assert answer.status_code == 200, answer.text
    again = redeem(pair.turn(A), app, code, code_verifier=proof.verifier)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"


def test_a_refresh_token_rotates_from_node_to_node(
    pair: Cluster, kim: Person, app: Application
) -> None:
    scope = "openid ocsapi offline_access"
    found = signed_in_tokens(pair.turn(A), app, kim, scope=scope)
    first = found["refresh_token"]
    for turn in range(6):
        answer = _refreshed(pair, (A, B)[turn % 2], app, found["refresh_token"])
        assert answer.status_code == 200, answer.text
        found = answer.json()
    assert _refreshed(pair, B, app, first).status_code == 400
    # a used one ended its family, whichever node it was brought to
    assert _refreshed(pair, A, app, found["refresh_token"]).status_code == 400


def test_a_sign_in_goes_from_node_to_node_at_every_step(
    pair: Cluster, kim: Person, app: Application
) -> None:
    visitor = Visitor(pair.turn(A))
    proof = pkce()
    asked = {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    page = visitor.authorize(app, **asked)
    pair.turn(B)
    page = visitor.sign_in(page, kim)
    pair.turn(A)
    landing = visitor.through(page, kim)
    code = landing.answer["code"]
    pair.turn(B)
    # no page any more: the sign-in and the consent are known here too
    assert "code" in visitor.authorize(app, **asked).answer
    assert redeem(pair.served, app, code, code_verifier=proof.verifier).status_code == 200


def test_a_session_of_the_portal_goes_on_at_the_other_node(pair: Cluster) -> None:
    visitor = administrator(pair.turn(A))
    pair.turn(B)
    page = visitor.get("/portal/security/clients")
    assert page.response.status_code == 200
    assert page.path == "/portal/security/clients"
    assert 'id="password"' not in page.response.text


def test_a_token_of_one_node_is_good_at_the_other(pair: Cluster) -> None:
    bearer = pair.turn(A).admin()
    served = pair.turn(B)
    answer = served.http.get(f"{served.api()}/Roles", headers=bearer)
    assert answer.status_code == 200, answer.text


def _refreshed(pair: Cluster, node: int, app: Application, refresh_token: str) -> httpx.Response:
    served = pair.turn(node)
    return token(served, app, grant_type="refresh_token", refresh_token=refresh_token)
