"""The `claims` parameter: read strictly, and never the end of the server."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.requests import RequestedClaims
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.requested_claims import MAX_CLAIMS, read_claims

NOTHING = RequestedClaims()
# OpenID Connect Core, 5.5
BY_THE_BOOK = {
    "userinfo": {
        "given_name": {"essential": True},
        "nickname": None,
        "email": {"essential": True},
        "email_verified": {"essential": True},
        "picture": None,
        "http://example.info/claims/groups": None,
    },
    "id_token": {
        "auth_time": {"essential": True},
        "acr": {"values": ["urn:mace:incommon:iap:silver"]},
    },
}


def read(document: Any) -> RequestedClaims | OAuthError:
    """What a document asks for."""
    return read_claims(json.dumps(document))


def refusal(text: str) -> str | None:
    """Why a text is refused, if it is."""
    found = read_claims(text)
    return found.reason if isinstance(found, OAuthError) else None


def test_the_example_of_the_specification_is_read() -> None:
    assert read(BY_THE_BOOK) == RequestedClaims(
        id_token=("auth_time", "acr"),
        userinfo=(
            "given_name",
            "nickname",
            "email",
            "email_verified",
            "picture",
            "http://example.info/claims/groups",
        ),
    )


@pytest.mark.requirement("R-37")
@pytest.mark.parametrize(
    ("document", "claims"),
    [
        ({}, NOTHING),
        ({"id_token": {}, "userinfo": {}}, NOTHING),
        ({"id_token": None, "userinfo": None}, NOTHING),
        ({"unknown": 1, "verified": {"x": [1]}}, NOTHING),
        ({"userinfo": {"name": None}}, RequestedClaims(userinfo=("name",))),
        (
            {"id_token": {"sub": {"value": "u"}}},
            RequestedClaims(id_token=("sub",), sub="u"),
        ),
        (
            {"userinfo": {"sub": {"value": "u"}}},
            RequestedClaims(userinfo=("sub",), sub="u"),
        ),
        (
            {"id_token": {"sub": {"values": ["a", "b"]}}, "userinfo": {"sub": {"value": "c"}}},
            RequestedClaims(id_token=("sub",), userinfo=("sub",), sub="a"),
        ),
        ({"id_token": {"sub": {"value": 7}}}, RequestedClaims(id_token=("sub",))),
        (
            {"id_token": {"acr": {"essential": True, "value": "phr"}}},
            RequestedClaims(id_token=("acr",), acr_values=("phr",)),
        ),
        (
            {"id_token": {"acr": {"essential": True, "values": ["phr", 1, None, "x"]}}},
            RequestedClaims(id_token=("acr",), acr_values=("phr", "x")),
        ),
        # A wish that is not essential may go unmet (5.5.1.1).
        ({"id_token": {"acr": {"values": ["phr"]}}}, RequestedClaims(id_token=("acr",))),
        (
            {"id_token": {"acr": {"essential": "yes", "value": "phr"}}},
            RequestedClaims(id_token=("acr",)),
        ),
        ({"id_token": {"acr": {"essential": True}}}, RequestedClaims(id_token=("acr",))),
        # In the answer of UserInfo there is no acr to insist on.
        (
            {"userinfo": {"acr": {"essential": True, "value": "phr"}}},
            RequestedClaims(userinfo=("acr",)),
        ),
        (
            {"id_token": {"acr": {"essential": True, "values": "phr"}}},
            RequestedClaims(id_token=("acr",)),
        ),
    ],
)
def test_a_wish_is_read(document: Any, claims: RequestedClaims) -> None:
    assert read(document) == claims


def test_without_the_parameter_nothing_is_asked_for() -> None:
    assert read_claims(None) == NOTHING


@pytest.mark.requirement("R-68", "R-72")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "null",
        "1",
        '"id_token"',
        "[]",
        '{"id_token"}',
        '{"id_token":{}',
        '{"id_token":{}} x',
        '{"id_token":1}',
        '{"id_token":[]}',
        '{"id_token":["name"]}',
        '{"id_token":"name"}',
        '{"id_token":false}',
        '{"userinfo":{"name":true}}',
        '{"userinfo":{"name":"essential"}}',
        '{"userinfo":{"name":[]}}',
        '{"userinfo":{"name":0}}',
        "{'userinfo':{}}",
        '{"userinfo":{"\\ud800":null}}',
        '{"userinfo":{"a\\u0000":null}}',
        '{"id_token":{"sub":{"value":"u\\u0000"}}}',
        '{"id_token":{"acr":{"essential":true,"values":["phr","\\u202e"]}}}',
        "[" * 3_999,
        '{"id_token":' * 300,
        '{"id_token":{"x":{"value":' + "[" * 3_000 + "]" * 900 + "}}}",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    refused = read_claims(text)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason) == ("invalid_request", "claims_malformed")


@pytest.mark.requirement("R-68")
def test_wishes_have_bounds() -> None:
    def named(count: int, length: int = 4) -> str:
        return json.dumps({"id_token": {f"{i:0{length}}": None for i in range(count)}})

    assert refusal(named(50)) is None
    assert refusal(named(51)) == "claims_malformed"
    assert refusal(named(1, 100)) is None
    assert refusal(named(1, 101)) == "claims_malformed"
    assert refusal("{}".ljust(MAX_CLAIMS)) is None
    assert refusal("{}".ljust(MAX_CLAIMS + 1)) == "claims_malformed"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["acr", "sub", "name", "value", "values", "essential"]), inner
        )
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from(["id_token", "userinfo", "x"]), json_values)


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=400)
@given(documents.map(json.dumps) | json_values.map(json.dumps) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = read_claims(text)
    if isinstance(found, OAuthError):
        assert found.reason == "claims_malformed"
        return
    document = json.loads(text)
    assert set(found.id_token) == set(document.get("id_token") or {})
    assert set(found.userinfo) == set(document.get("userinfo") or {})
    assert all(isinstance(value, str) for value in found.acr_values)
    assert found.sub is None or isinstance(found.sub, str)
