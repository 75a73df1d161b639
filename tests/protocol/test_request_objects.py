"""Signed authorization requests: what their claims must be, and what they may carry."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.protocol.claims import SKEW_SECONDS
from gatepost.protocol.parameters import MAX_VALUE, OAuthError
from gatepost.protocol.request_objects import TOKEN_TYPES, read

CLIENT = "5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11"
ISSUER = "https://gatepost.example/identity"
NOW = datetime(2026, 5, 1, 12, 0, 0, 500_000, tzinfo=UTC)
AT = NOW.timestamp()
GOOD = {
    "iss": CLIENT,
    "aud": ISSUER,
    "client_id": CLIENT,
    "redirect_uri": "https://app.example.com/cb",
    "response_type": "code",
    "scope": "openid",
}
ASKED = {name: GOOD[name] for name in ("client_id", "redirect_uri", "response_type", "scope")}


def opened(payload: bytes) -> dict[str, str] | OAuthError:
    """What a payload of the client asks for."""
    return read(payload, CLIENT, ISSUER, NOW)


def asked(**changes: Any) -> dict[str, str] | OAuthError:
    """What good claims with these changes ask for."""
    return opened(json.dumps(GOOD | changes).encode())


def reason(found: dict[str, str] | OAuthError) -> str:
    """Why an object is refused."""
    assert isinstance(found, OAuthError), found
    assert (found.error, found.status) == ("invalid_request_object", 400)
    return found.reason


def test_types_are_few() -> None:
    assert {"JWT", "oauth-authz-req+jwt"} == TOKEN_TYPES


@pytest.mark.requirement("R-31")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": [ISSUER, "https://other.example"]},
        {"exp": AT + 1, "nbf": AT, "iat": AT - 9, "jti": "x"},
        {"nbf": AT + SKEW_SECONDS},
        {"exp": 1e300},
    ],
)
def test_the_envelope_is_no_part_of_the_request(changes: dict[str, Any]) -> None:
    assert asked(**changes) == ASKED


@pytest.mark.requirement("R-20", "R-31", "R-32")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "other"}, "request_object_parties"),
        ({"iss": None}, "request_object_parties"),
        ({"iss": [CLIENT]}, "request_object_parties"),
        ({"aud": "https://other.example"}, "request_object_parties"),
        ({"aud": ISSUER + "/"}, "request_object_parties"),
        ({"aud": []}, "request_object_parties"),
        ({"aud": {ISSUER: 1}}, "request_object_parties"),
        ({"aud": None}, "request_object_parties"),
        ({"exp": AT}, "request_object_expired"),
        ({"exp": AT - 9}, "request_object_expired"),
        ({"exp": "never"}, "request_object_expired"),
        ({"exp": True}, "request_object_expired"),
        ({"exp": None}, "request_object_expired"),
        ({"nbf": AT + SKEW_SECONDS + 1}, "request_object_from_the_future"),
        ({"nbf": "now"}, "request_object_from_the_future"),
        ({"client_id": "other"}, "request_object_of_another_client"),
        ({"sub": CLIENT}, "request_object_member"),
        ({"request": "x"}, "request_object_member"),
        ({"request_uri": "https://evil.example"}, "request_object_member"),
    ],
)
def test_an_object_that_is_not_for_us_and_now_is_refused(changes: dict[str, Any], why: str) -> None:
    assert reason(asked(**changes)) == why


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("caf\u00e9 &=#", "caf\u00e9 &=#"),
        (0, "0"),
        (-1, "-1"),
        (10_000, "10000"),
        ({"id_token": {"name": None}}, '{"id_token":{"name":null}}'),
        ("x" * MAX_VALUE, "x" * MAX_VALUE),
    ],
)
def test_a_member_is_read_as_it_would_stand_in_an_address(value: Any, text: str) -> None:
    assert asked(state=value) == ASKED | {"state": text}


def test_an_empty_member_counts_as_not_sent() -> None:
    assert asked(prompt="", max_age="", state="") == ASKED


@pytest.mark.requirement("R-68", "R-72")
@pytest.mark.parametrize(
    "value",
    ["a\0b", "\0", True, None, 1.5, ["openid"], [], "x" * (MAX_VALUE + 1), {"x": "y" * MAX_VALUE}],
    ids=lambda value: repr(value)[:20],
)
def test_a_member_that_no_address_could_have_is_refused(value: Any) -> None:
    """PostgreSQL keeps no NUL: a nonce with one was the end of the request."""
    for name in ("nonce", "state", "redirect_uri", "unknown"):
        assert reason(asked(**{name: value})) == "request_object_member"


@pytest.mark.requirement("R-68", "R-72")
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"x",
        b"[]",
        b'"x"',
        b"null",
        b"\xff",
        b'{"iss":"\\ud800"}',
        b"[" * 9_000,
        b'{"a":' * 9_000,
        json.dumps(GOOD | {f"x{i}": "1" for i in range(50)}).encode(),
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_a_payload_that_is_no_small_object_is_refused(payload: bytes) -> None:
    assert reason(opened(payload)) == "request_object_parties"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
names = st.sampled_from([*GOOD, "exp", "nbf", "iat", "jti", "sub", "state", "nonce", "max_age"])


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=300)
@given(st.dictionaries(names, json_values, max_size=4), st.booleans())
def test_any_claims_are_read_or_refused(changes: dict[str, Any], on_good: bool) -> None:
    claims = GOOD | changes if on_good else changes
    found = opened(json.dumps(claims).encode())
    if isinstance(found, OAuthError):
        assert reason(found).startswith("request_object_")
        return
    assert (claims["iss"], found["client_id"]) == (CLIENT, CLIENT)
    assert not {"iss", "aud", "exp", "sub", "request"} & set(found)
    assert all(value and "\0" not in value for value in found.values())
