"""What a client signs to show who it is: whose it claims to be, and what its claims must be."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.protocol.claims import SKEW_SECONDS
from gatepost.protocol.client_assertions import (
    ASSERTION_TYPE,
    MAX_ASSERTION,
    MAX_LIFETIME,
    AssertionClaims,
    check_assertion_claims,
    claimed_client,
)

CLIENT = "5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11"
ISSUER = "https://gatepost.example/identity"
TOKEN = ISSUER + "/connect/token"
AUDIENCES = frozenset({ISSUER, TOKEN, ISSUER + "/connect/revocation"})
NOW = datetime(2026, 1, 1, 12, 0, 0, 750_000, tzinfo=UTC)
AT = NOW.timestamp()
LAST = AT + MAX_LIFETIME + SKEW_SECONDS
GOOD = {"iss": CLIENT, "sub": CLIENT, "aud": TOKEN, "exp": AT + 60, "jti": "once"}


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def assertion(payload: bytes, head: bytes = b'{"alg":"ES256"}', signature: bytes = b"x") -> str:
    return ".".join(map(encoded, (head, payload, signature)))


def claims(**changes: Any) -> bytes:
    """Good claims of this moment, with changes; None leaves a claim out."""
    made = GOOD | changes
    return json.dumps({name: value for name, value in made.items() if value is not None}).encode()


def checked(payload: bytes) -> AssertionClaims | str:
    return check_assertion_claims(payload, CLIENT, AUDIENCES, NOW)


def test_the_name_is_that_of_the_specification() -> None:
    assert ASSERTION_TYPE == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.mark.parametrize("client_id", [CLIENT, "a", "x" * 100, "A-z_0.~", "ü"])
def test_whose_an_assertion_claims_to_be(client_id: str) -> None:
    assert claimed_client(assertion(claims(iss=client_id, sub=client_id))) == client_id


@pytest.mark.requirement("R-20", "R-31")
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"x",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        claims(iss=None),
        claims(sub=None),
        claims(iss=5),
        claims(sub=[CLIENT]),
        claims(sub="another"),
        claims(sub=CLIENT.upper()),
        claims(iss="", sub=""),
        claims(iss="x" * 101, sub="x" * 101),
        claims(iss="a\0", sub="a\0"),
        claims(iss="a\n", sub="a\n"),
        claims(iss="\u202e", sub="\u202e"),
        b'{"iss":"a","sub":"a","x":' + b"[" * 5000,
        b'{"iss":"a","sub":"a","x":' + b"[" * 2900 + b"]" * 2900 + b"}",
        claims().decode().encode("utf-16"),
    ],
)
def test_an_assertion_that_claims_to_be_nobodys(payload: bytes) -> None:
    assert claimed_client(assertion(payload)) is None


@pytest.mark.requirement("R-79")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b",
        assertion(claims()) + ".x",
        "." + assertion(claims()),
        assertion(claims(), head=b""),
        assertion(claims(), signature=b""),
        assertion(claims()) + "=",
        assertion(claims()) + "\n",
        " " + assertion(claims()),
        assertion(claims()).replace(".", ".+", 1),
        assertion(claims()) + "é",
        assertion(claims()) + "\ud800",
        assertion(claims())[:-1] + "B",
    ],
)
def test_a_text_of_another_form_is_nobodys(text: str) -> None:
    assert claimed_client(text) is None


@pytest.mark.requirement("R-68")
def test_more_than_8_kilobytes_is_not_read() -> None:
    longest = next(
        text
        for size in range(6100, 5000, -1)
        if len(text := assertion(claims(x="x" * size))) <= MAX_ASSERTION
    )
    assert len(longest) > MAX_ASSERTION - 4
    assert claimed_client(longest) == CLIENT
    assert claimed_client(assertion(claims(x="x" * 6200))) is None
    assert claimed_client("." * 100_000_000) is None


@pytest.mark.parametrize(
    ("changes", "expires"),
    [
        ({}, AT + 60),
        ({"exp": int(AT) + 1}, int(AT) + 1),
        ({"exp": AT + MAX_LIFETIME}, AT + MAX_LIFETIME),
        ({"exp": LAST}, LAST),
        ({"aud": ISSUER}, AT + 60),
        ({"aud": [TOKEN]}, AT + 60),
        ({"aud": ["https://other.example", ISSUER]}, AT + 60),
        ({"nbf": AT + SKEW_SECONDS, "iat": AT + SKEW_SECONDS}, AT + 60),
        ({"nbf": 0, "iat": -5}, AT + 60),
        ({"jti": "x" * 200}, AT + 60),
        ({"other": {"claims": [None, 1.5]}}, AT + 60),
    ],
)
def test_good_claims_are_taken(changes: dict[str, Any], expires: float) -> None:
    read = checked(claims(**changes))
    assert read == AssertionClaims(changes.get("jti", "once"), datetime.fromtimestamp(expires, UTC))


@pytest.mark.requirement("R-20", "R-31", "R-32")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": None}, "malformed_assertion_claims"),
        ({"sub": None}, "malformed_assertion_claims"),
        ({"aud": None}, "malformed_assertion_claims"),
        ({"exp": None}, "malformed_assertion_claims"),
        ({"jti": None}, "malformed_assertion_claims"),
        ({"exp": True}, "malformed_assertion_claims"),
        ({"exp": str(int(AT) + 60)}, "malformed_assertion_claims"),
        ({"exp": [AT + 60]}, "malformed_assertion_claims"),
        ({"exp": 10**400}, "malformed_assertion_claims"),
        ({"exp": float("inf")}, "malformed_assertion_claims"),
        ({"exp": float("nan")}, "malformed_assertion_claims"),
        ({"nbf": "0"}, "malformed_assertion_claims"),
        ({"iat": False}, "malformed_assertion_claims"),
        ({"jti": 5}, "malformed_assertion_claims"),
        ({"aud": [TOKEN, 5]}, "malformed_assertion_claims"),
        ({"aud": {"0": TOKEN}}, "malformed_assertion_claims"),
        ({"iss": "another"}, "assertion_of_another_client"),
        ({"sub": "another"}, "assertion_of_another_client"),
        ({"iss": "another", "sub": "another"}, "assertion_of_another_client"),
        ({"iss": CLIENT.upper()}, "assertion_of_another_client"),
        ({"aud": []}, "assertion_for_another_audience"),
        ({"aud": ""}, "assertion_for_another_audience"),
        ({"aud": "ocsapi"}, "assertion_for_another_audience"),
        ({"aud": CLIENT}, "assertion_for_another_audience"),
        ({"aud": ISSUER + "/"}, "assertion_for_another_audience"),
        ({"aud": TOKEN + "?x"}, "assertion_for_another_audience"),
        ({"aud": ["https://evil.example"]}, "assertion_for_another_audience"),
        ({"aud": list(TOKEN)}, "assertion_for_another_audience"),
        ({"jti": ""}, "malformed_assertion_id"),
        ({"jti": "x" * 201}, "malformed_assertion_id"),
        ({"jti": "a\0"}, "malformed_assertion_id"),
        ({"exp": AT}, "assertion_expired"),
        ({"exp": 0}, "assertion_expired"),
        ({"exp": -1e308}, "assertion_expired"),
        ({"exp": LAST + 0.01}, "assertion_lives_too_long"),
        ({"exp": 1e308}, "assertion_lives_too_long"),
        ({"nbf": AT + SKEW_SECONDS + 0.01}, "assertion_from_the_future"),
        ({"iat": AT + SKEW_SECONDS + 0.01}, "assertion_from_the_future"),
    ],
)
def test_a_bad_claim_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert checked(claims(**changes)) == reason


@pytest.mark.requirement("R-31")
def test_the_end_knows_no_mercy() -> None:
    end = datetime.fromtimestamp(AT + 60, UTC)
    for moment, good in ((end - timedelta(microseconds=1), True), (end, False)):
        read = check_assertion_claims(claims(), CLIENT, AUDIENCES, moment)
        assert isinstance(read, AssertionClaims) is good


@pytest.mark.requirement("R-31")
def test_without_a_name_of_ours_nothing_is_for_us() -> None:
    audiences: list[object] = ["", [], TOKEN]
    for audience in audiences:
        read = check_assertion_claims(claims(aud=audience), CLIENT, frozenset(), NOW)
        assert read == "assertion_for_another_audience"


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=300)
@given(
    st.text()
    | st.from_regex(r"[A-Za-z0-9_=-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True)
    | st.binary().map(assertion)
)
def test_any_text_claims_to_be_nobodys(text: str) -> None:
    assert claimed_client(text) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@pytest.mark.requirement("R-31", "R-72")
@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from([*GOOD, "nbf", "iat"]), VALUES))
def test_any_claims_are_judged(changes: dict[str, Any]) -> None:
    made = json.dumps(GOOD | changes).encode()
    claimed = claimed_client(assertion(made))
    assert claimed is None or claimed == (GOOD | changes)["iss"]
    read = checked(made)
    if isinstance(read, AssertionClaims):
        assert NOW < read.expires_at <= datetime.fromtimestamp(LAST, UTC)
        assert read.jti


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=300)
@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_payload_is_refused(payload: bytes) -> None:
    assert checked(payload) == "malformed_assertion_claims"
