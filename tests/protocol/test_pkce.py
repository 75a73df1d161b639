"""Proof Key for Code Exchange: S256 alone, well-formed, and no way down to nothing."""

import hashlib
import hmac
import string
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.pkce import METHODS, read_challenge, verification_fault

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
S256 = {"code_challenge_method": "S256"}
UNRESERVED = string.ascii_letters + string.digits + "-._~"


def challenge_of(verifier: str) -> str:
    """The challenge by the book."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@pytest.mark.requirement("R-13")
@pytest.mark.parametrize("required", [True, False])
def test_an_s256_challenge_is_taken(required: bool) -> None:
    assert METHODS == ("S256",)
    sent = {"code_challenge": CHALLENGE} | S256
    assert read_challenge(sent, required=required) == CHALLENGE


@pytest.mark.requirement("R-15")
def test_a_challenge_is_missing_only_where_it_may_be() -> None:
    assert read_challenge({}, required=False) is None
    refused = read_challenge({}, required=True)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason) == ("invalid_request", "pkce_missing")


@pytest.mark.requirement("R-13")
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (S256, "pkce_method_without_challenge"),
        ({"code_challenge_method": "plain"}, "pkce_method_without_challenge"),
        # Without a method RFC 7636 means plain.
        ({"code_challenge": CHALLENGE}, "pkce_method_not_supported"),
        ({"code_challenge": VERIFIER}, "pkce_method_not_supported"),
        *(
            (
                {"code_challenge": CHALLENGE, "code_challenge_method": method},
                "pkce_method_not_supported",
            )
            for method in ("plain", "s256", "S512", "S256 ", "S256\n", "none", "S256,plain")
        ),
        *(
            ({"code_challenge": challenge} | S256, "pkce_malformed_challenge")
            for challenge in (
                CHALLENGE[:-1],
                CHALLENGE + "A",
                CHALLENGE + "=",
                CHALLENGE + "\n",
                " " + CHALLENGE[1:],
                CHALLENGE[:-1] + "=",
                CHALLENGE[:-1] + "+",
                CHALLENGE[:-1] + "/",
                CHALLENGE[:-1] + ".",
                CHALLENGE[:-1] + "~",
                CHALLENGE[:-1] + "\u00e9",
                "\u0663" * 43,
                "A" * 16_384,
            )
        ),
    ],
)
def test_anything_else_is_refused(sent: dict[str, str], reason: str, required: bool) -> None:
    refused = read_challenge(sent, required=required)
    assert isinstance(refused, OAuthError)
    assert (refused.error, refused.reason, refused.status) == ("invalid_request", reason, 400)


@pytest.mark.requirement("R-14", "R-18")
@pytest.mark.parametrize(
    ("challenge", "verifier", "fault"),
    [
        (CHALLENGE, VERIFIER, None),
        (None, None, None),
        (None, VERIFIER, "pkce_verifier_without_challenge"),
        (None, "", "pkce_verifier_without_challenge"),
        (CHALLENGE, None, "pkce_verifier_missing"),
        (CHALLENGE, "", "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER[:-1], "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER + "\n", "pkce_malformed_verifier"),
        (CHALLENGE, VERIFIER[:-1] + "+", "pkce_malformed_verifier"),
        (CHALLENGE, "\u00e9" * 43, "pkce_malformed_verifier"),
        (CHALLENGE, "a" * 129, "pkce_malformed_verifier"),
        (CHALLENGE, "a" * 128, "pkce_wrong_verifier"),
        (CHALLENGE, VERIFIER + "a", "pkce_wrong_verifier"),
        (CHALLENGE, VERIFIER.swapcase(), "pkce_wrong_verifier"),
        # What plain would compare.
        (CHALLENGE, CHALLENGE, "pkce_wrong_verifier"),
        (VERIFIER, VERIFIER, "pkce_wrong_verifier"),
    ],
)
def test_a_redemption_shows_the_verifier_of_its_challenge_or_none(
    challenge: str | None, verifier: str | None, fault: str | None
) -> None:
    assert verification_fault(challenge, verifier) == fault


@pytest.mark.requirement("R-75")
def test_challenges_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    def compare(made: str, known: str) -> bool:
        seen.append((made, known))
        return made == known

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert verification_fault(CHALLENGE, VERIFIER) is None
    assert seen == [(CHALLENGE, CHALLENGE)]


@pytest.mark.requirement("R-13", "R-14")
@settings(deadline=None, max_examples=150)
@given(
    st.text(UNRESERVED, min_size=43, max_size=128), st.text(UNRESERVED, min_size=43, max_size=128)
)
def test_a_verifier_fits_its_own_challenge_and_no_other(one: str, other: str) -> None:
    challenge = read_challenge({"code_challenge": challenge_of(one)} | S256, required=True)
    assert challenge == challenge_of(one)
    assert verification_fault(challenge_of(one), one) is None
    assert (verification_fault(challenge_of(one), other) is None) == (one == other)


@pytest.mark.requirement("R-72")
@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(st.sampled_from(["code_challenge", "code_challenge_method"]), st.text()),
    st.booleans(),
    st.none() | st.text(),
)
def test_any_text_is_judged(sent: dict[str, str], required: bool, verifier: str | None) -> None:
    found = read_challenge(sent, required=required)
    assert isinstance(found, OAuthError) or found == sent.get("code_challenge")
    fault = verification_fault(CHALLENGE, verifier)
    assert fault is not None
    assert fault.startswith("pkce_")
