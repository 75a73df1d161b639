"""What an access token says, and what a verifier demands of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.protocol.claims import (
    SKEW_SECONDS,
    AccessClaims,
    Principal,
    access_claims,
    client_subject,
    read_access_claims,
)

ISSUER = "https://gatepost.example/identity"
NOW = datetime(2026, 1, 1, 12, 0, 0, 750_000, tzinfo=UTC)
AT = int(NOW.timestamp())
PRINCIPAL = Principal("t", "client:c", "c", "inc", ("r1", "r2"), ("t1",))


def claims(**changes: Any) -> bytes:
    """The claims of a token of this moment, with changes; None leaves a claim out."""
    made = access_claims(ISSUER, PRINCIPAL, ("ocsapi",), (NOW, 600), "rnd") | changes
    return json.dumps({name: value for name, value in made.items() if value is not None}).encode()


@pytest.mark.requirement("R-29")
def test_a_token_says_exactly_this() -> None:
    assert access_claims(ISSUER, PRINCIPAL, ("ocsapi", "x"), (NOW, 600), "rnd") == {
        "iss": ISSUER,
        "aud": "ocsapi",
        "exp": AT + 600,
        "iat": AT,
        "nbf": AT,
        "jti": "incrnd",
        "client_id": "c",
        "sub": "client:c",
        "tid": "t",
        "scope": "ocsapi x",
        "roles": ("r1", "r2"),
        "role_type": ("t1",),
    }


@pytest.mark.requirement("R-29")
@settings(deadline=None, max_examples=50)
@given(st.uuids().map(str) | st.from_regex(r"[A-Za-z0-9._~-]{1,100}", fullmatch=True))
def test_a_client_is_never_taken_for_a_user(client_id: str) -> None:
    """User ids are GUIDs, and no GUID has a colon."""
    assert ":" in client_subject(client_id)
    assert client_subject(client_id).endswith(client_id)


def test_a_good_token_is_read() -> None:
    read = read_access_claims(claims(), ISSUER, NOW)
    assert isinstance(read, AccessClaims)
    assert (read.tid, read.sub, read.client_id) == ("t", "client:c", "c")


@pytest.mark.requirement("R-31", "R-32")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ISSUER + "/"}, "wrong_issuer"),
        ({"iss": "https://evil.example/identity"}, "wrong_issuer"),
        ({"aud": "c"}, "wrong_audience"),
        ({"aud": ["ocsapi"]}, "malformed_claims"),
        ({"aud": None}, "malformed_claims"),
        ({"exp": None}, "malformed_claims"),
        ({"exp": str(AT + 9)}, "malformed_claims"),
        ({"exp": AT + 0.5}, "malformed_claims"),
        ({"exp": True}, "malformed_claims"),
        ({"exp": AT}, "expired_token"),
        ({"exp": 0}, "expired_token"),
        ({"exp": -1}, "expired_token"),
        ({"iat": None}, "malformed_claims"),
        ({"nbf": AT + SKEW_SECONDS + 1}, "token_from_the_future"),
        ({"iat": AT + SKEW_SECONDS + 1}, "token_from_the_future"),
        ({"sub": None}, "malformed_claims"),
        ({"sub": 5}, "malformed_claims"),
        ({"tid": None}, "malformed_claims"),
        ({"client_id": None}, "malformed_claims"),
        ({"jti": None}, "malformed_claims"),
        ({"scope": "openid"}, "scope_missing"),
        ({"scope": "ocsapi2"}, "scope_missing"),
        ({"scope": ["ocsapi"]}, "malformed_claims"),
    ],
)
def test_a_bad_claim_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert read_access_claims(claims(**changes), ISSUER, NOW) == reason


@pytest.mark.requirement("R-31")
@pytest.mark.parametrize("seconds", [-60, -1, 0, 599])
def test_a_token_lives_from_a_minute_before_to_its_end(seconds: int) -> None:
    """The minute is for clocks that differ; the end knows no mercy."""
    moment = datetime.fromtimestamp(AT + seconds, UTC)
    assert isinstance(read_access_claims(claims(), ISSUER, moment), AccessClaims)
    assert read_access_claims(claims(), ISSUER, NOW + timedelta(seconds=600)) == "expired_token"


@pytest.mark.requirement("R-31", "R-72")
@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60) | st.text(max_size=20).map(lambda text: json.dumps(text).encode()))
def test_any_payload_is_refused(payload: bytes) -> None:
    assert read_access_claims(payload, ISSUER, NOW) == "malformed_claims"


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(AccessClaims.__struct_fields__), st.integers() | st.text()))
def test_any_claims_are_judged(changes: dict[str, Any]) -> None:
    read = read_access_claims(claims(**changes), ISSUER, NOW)
    assert isinstance(read, str) or (read.iss == ISSUER and read.exp > NOW.timestamp())
