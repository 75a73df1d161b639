"""Id tokens: what they say, what they are bound to, and what is told of a person."""

import base64
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gatepost.model.grants import Family, Grounds
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.requests import RequestedClaims
from gatepost.model.sign_ins import MULTI_FACTOR
from gatepost.protocol.id_tokens import (
    CONTEXTS,
    PERSON_CLAIMS,
    TOKEN_CLAIMS,
    Beside,
    Person,
    half_hash,
    id_token_claims,
    person_claims,
    userinfo,
)
from gatepost.protocol.scopes import NAMES

ISSUER = "https://gatepost.example/identity"
THEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 5, 1, 12, 0, 0, 900_000, tzinfo=UTC)
ALGORITHMS = ("RS256", "PS256", "ES256")
USER = User(
    id="u",
    provider_id=LOCAL_PROVIDER,
    email="kim@example.com",
    given_name="Kim",
    surname="Lee",
    incarnation="i",
    role_ids=("r1", "r2"),
    created_at=THEN,
    updated_at=THEN,
    email_verified=True,
)
PERSON = Person(USER, "t", ("r1", "r2"), ("type1",))
FAMILY = Family(
    id="f",
    client_id="c",
    user_id="u",
    sign_in_id="s",
    grounds=Grounds(scopes=("openid",), auth_time=1_700_000_000, method="pwd"),
    created_at=THEN,
    expires_at=NOW,
)
ALWAYS = {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "tid"}
OF_SCOPE = {
    "openid": set[str](),
    "profile": {"name", "given_name", "family_name", "preferred_username", "updated_at"},
    "email": {"email", "email_verified"},
    "ocsapi": {"roles", "role_type"},
    "offline_access": set[str](),
}


def claims(beside: Beside = Beside(), **grounds: Any) -> dict[str, Any]:  # noqa: B008  (frozen)
    """The claims of an id token of this family, with other grounds."""
    family = replace(FAMILY, grounds=replace(FAMILY.grounds, **grounds))
    return id_token_claims(ISSUER, family, PERSON, beside, (NOW, "RS256"))


def by_another_library(value: str, algorithm: str) -> str:
    """The left half of the hash that PyJWT goes with an algorithm."""
    digest = jwt.get_algorithm_by_name(algorithm).compute_hash_digest(value.encode())
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def test_an_id_token_says_who_signed_in_when_and_how() -> None:
    assert claims() == {
        "iss": ISSUER,
        "sub": "u",
        "aud": "c",
        "exp": 1_777_636_800 + 300,
        "iat": 1_777_636_800,
        "auth_time": 1_700_000_000,
        "acr": "1",
        "amr": ("pwd",),
        "sid": "s",
        "tid": "t",
    }


@pytest.mark.parametrize(
    ("method", "acr", "amr"),
    [
        ("pwd", "1", ("pwd",)),
        ("passkey", "phr", ("swk", "user", "mfa")),
        ("totp", MULTI_FACTOR, ("pwd", "otp", "mfa")),
        ("recovery", MULTI_FACTOR, ("pwd", "otp", "mfa")),
    ],
)
def test_ways_to_sign_in_are_told_apart(method: str, acr: str, amr: tuple[str, ...]) -> None:
    found = claims(method=method)
    assert (found["acr"], found["amr"]) == (acr, amr)
    assert CONTEXTS == ("1", MULTI_FACTOR, "phr")


@pytest.mark.requirement("R-11", "R-12")
def test_it_is_bound_to_what_it_is_given_with() -> None:
    nonce = "n-0S6_WzA2Mj \u00e9"
    found = claims(Beside(nonce, "code", "token", "state"))
    assert found["nonce"] == nonce
    assert set(found) == ALWAYS | {"nonce", "c_hash", "at_hash", "s_hash"}
    assert found["c_hash"] == by_another_library("code", "RS256")
    assert found["at_hash"] == by_another_library("token", "RS256")
    assert found["s_hash"] == by_another_library("state", "RS256")


@pytest.mark.requirement("R-12")
@pytest.mark.parametrize("name", ["nonce", "code", "access_token", "state"])
def test_what_is_not_there_has_no_claim(name: str) -> None:
    everything = Beside("n", "c", "a", "s")
    missing = {"nonce": "nonce", "code": "c_hash", "access_token": "at_hash", "state": "s_hash"}
    found = claims(everything._replace(**{name: None}))
    assert missing[name] not in found
    assert len(found) == len(ALWAYS) + 3


@pytest.mark.requirement("R-12")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("value", "hash_"),
    [
        # OpenID Connect Core, A.3 to A.6
        ("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"),
        (
            "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk",
            "LDktKdoQak3Pk0cnXxCltA",
        ),
        ("", "47DEQpj8HBSa-_TImW-5JA"),
    ],
)
def test_the_hash_is_the_one_of_the_specification(value: str, hash_: str, algorithm: str) -> None:
    assert half_hash(value, algorithm) == hash_


@pytest.mark.requirement("R-12")
@settings(deadline=None, max_examples=100)
@given(st.text(), st.sampled_from(ALGORITHMS))
def test_another_library_makes_the_same_hash(value: str, algorithm: str) -> None:
    assert half_hash(value, algorithm) == by_another_library(value, algorithm)


@pytest.mark.requirement("R-12", "R-79")
@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", "EdDSA", ""])
def test_an_algorithm_without_a_hash_signs_no_id_token(algorithm: str) -> None:
    with pytest.raises(KeyError):
        half_hash("x", algorithm)
    with pytest.raises(KeyError):
        id_token_claims(ISSUER, FAMILY, PERSON, Beside(code="c"), (NOW, algorithm))


@pytest.mark.parametrize("scope", NAMES)
def test_a_scope_tells_its_claims_at_userinfo(scope: str) -> None:
    assert set(userinfo(PERSON, (scope,), ())) == {"sub", "tid"} | OF_SCOPE[scope]


def test_the_claims_are_true() -> None:
    assert userinfo(PERSON, NAMES, ()) == {
        "sub": "u",
        "tid": "t",
        "name": "Kim Lee",
        "given_name": "Kim",
        "family_name": "Lee",
        "preferred_username": "kim@example.com",
        "updated_at": int(THEN.timestamp()),
        "email": "kim@example.com",
        "email_verified": True,
        "roles": ("r1", "r2"),
        "role_type": ("type1",),
    }


@pytest.mark.parametrize(
    ("email", "verified", "told"),
    [
        ("kim@example.com", False, {"email": "kim@example.com"}),
        ("kim@example.com", True, {"email": "kim@example.com", "email_verified": True}),
        (None, False, {}),
        (None, True, {}),
    ],
)
def test_an_address_is_verified_only_if_it_is_known_to_be_theirs(
    email: str | None, verified: bool, told: dict[str, object]
) -> None:
    user = replace(USER, email=email, email_verified=verified)
    found = userinfo(PERSON._replace(user=user), ("email",), ())
    assert {name: found[name] for name in ("email", "email_verified") if name in found} == told


@pytest.mark.parametrize("name", PERSON_CLAIMS)
def test_a_claim_can_be_asked_for_by_its_name(name: str) -> None:
    assert set(userinfo(PERSON, (), (name,))) == {"sub", "tid", name}
    in_token = claims(claims=RequestedClaims(id_token=(name,)))
    assert set(in_token) == ALWAYS | {name}
    assert name not in claims(claims=RequestedClaims(userinfo=(name,)))


def test_scopes_are_told_at_userinfo_and_not_in_the_id_token() -> None:
    assert set(claims(scopes=NAMES)) == ALWAYS


def test_what_is_not_known_is_not_told() -> None:
    nobody = replace(USER, email=None, given_name=None, surname=None)
    found = userinfo(PERSON._replace(user=nobody), NAMES, PERSON_CLAIMS)
    assert set(found) == {"sub", "tid", "updated_at", "roles", "role_type"}


@pytest.mark.requirement("R-12", "R-32")
@pytest.mark.parametrize("name", [*TOKEN_CLAIMS, "unknown", "typ", "client_id"])
def test_no_name_asked_for_changes_what_the_token_is(name: str) -> None:
    asked = RequestedClaims(id_token=(name,), userinfo=(name,), sub="other")
    assert claims(claims=asked) == claims()
    assert userinfo(PERSON, (), (name,)) == {"sub": "u", "tid": "t"}


def test_discovery_names_every_claim() -> None:
    assert set(claims(Beside("n", "c", "a", "s"))) == set(TOKEN_CLAIMS)
    assert set().union(*OF_SCOPE.values()) == set(PERSON_CLAIMS)


@pytest.mark.requirement("R-23", "R-72")
@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(NAMES) | st.text(max_size=5)).map(tuple),
    st.lists(st.sampled_from(PERSON_CLAIMS) | st.text(max_size=5)).map(tuple),
)
def test_nothing_is_told_that_was_not_asked_for(
    scopes: tuple[str, ...], named: tuple[str, ...]
) -> None:
    told = person_claims(PERSON, scopes, named)
    by_scope = set().union(*(OF_SCOPE.get(scope, set()) for scope in scopes))
    assert set(told) == by_scope | (set(named) & set(PERSON_CLAIMS))
