"""The client credentials grant: which scopes are given, and which are refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.clients import ClientCredentialClient, StoredClient
from gatepost.protocol.grants import GRANTS
from gatepost.protocol.grants.client_credentials import decide
from gatepost.protocol.grants.decisions import Decision, Issue
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.scopes import API_SCOPE, MAX_SCOPE

THEN = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT = StoredClient(
    kind="client_credentials",
    settings=ClientCredentialClient(id="c", name="n"),
    incarnation="i",
    created_at=THEN,
    updated_at=THEN,
    version=1,
)


def decided(**form: str) -> Decision:
    """What the grant makes of a form of this client."""
    return decide(GrantRequest(form, CLIENT, None, THEN))


@pytest.mark.parametrize(
    "form", [{}, {"scope": "ocsapi"}, {"scope": "ocsapi ocsapi"}, {"scope": " ocsapi "}]
)
def test_the_api_is_meant(form: dict[str, str]) -> None:
    assert decided(**form) == Issue((API_SCOPE,))


@pytest.mark.requirement("R-23", "R-24")
@pytest.mark.parametrize(
    "scope",
    [
        "openid",
        "ocsapi openid",
        "offline_access",
        "ocsapi offline_access",
        "profile",
        "OCSAPI",
        "ocsapi\tocsapi",
        "ocsapi,openid",
        "ocsapi*",
        "*",
    ],
)
def test_other_scopes_are_refused(scope: str) -> None:
    refused = decided(scope=scope)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.status) == ("invalid_scope", 400)


@pytest.mark.requirement("R-68")
def test_a_long_scope_is_refused_before_it_is_split() -> None:
    assert isinstance(decided(scope="ocsapi".ljust(MAX_SCOPE)), Issue)
    refused = decided(scope=" " * (MAX_SCOPE + 1))
    assert isinstance(refused, OAuthError)
    assert refused.reason == "scope_too_long"


@pytest.mark.requirement("R-23", "R-72")
@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(["ocsapi", "openid", ""]) | st.text(max_size=9)).map(" ".join))
def test_nothing_but_the_api_is_ever_given(scope: str) -> None:
    decision = decided(scope=scope)
    asked = set(scope.split(" ")) - {""}
    assert (decision == Issue((API_SCOPE,))) == (asked <= {API_SCOPE} and len(scope) <= MAX_SCOPE)


@pytest.mark.requirement("R-22")
def test_grants_are_listed_by_their_name() -> None:
    assert all(row.grant_type == name for name, row in GRANTS.items())
    assert not {"password", "implicit"} & set(GRANTS)


def test_a_form_is_in_no_repr() -> None:
    assert "hush" not in repr(GrantRequest({"client_secret": "hush"}, CLIENT, None, THEN))
