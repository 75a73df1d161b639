"""Proof Key for Code Exchange (RFC 7636), S256 only, with both downgrade checks (R-13, R-14)."""

import hashlib
import hmac
import re
from collections.abc import Mapping

from gatepost.model import base64url
from gatepost.protocol.parameters import OAuthError, invalid_request

METHODS = ("S256",)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


def read_challenge(parameters: Mapping[str, str], *, required: bool) -> str | OAuthError | None:
    """The challenge of an authorization request, or None where it may be absent and is."""
    challenge = parameters.get("code_challenge")
    method = parameters.get("code_challenge_method")
    if challenge is None:
        if method is not None:
            return invalid_request(
                "code_challenge_method without code_challenge", "pkce_method_without_challenge"
            )
        if required:
            return invalid_request("this client must send a code_challenge (PKCE)", "pkce_missing")
        return None
    if method not in METHODS:
        return invalid_request("code_challenge_method must be S256", "pkce_method_not_supported")
    if not _CHALLENGE.match(challenge):
        return invalid_request(
            "code_challenge is not 43 characters of base64url", "pkce_malformed_challenge"
        )
    return challenge


def verification_fault(challenge: str | None, verifier: str | None) -> str | None:
    """Why a redemption is not proved by its verifier, as a reason code; None when it is."""
    if challenge is None:
        return None if verifier is None else "pkce_verifier_without_challenge"
    if verifier is None:
        return "pkce_verifier_missing"
    if not _VERIFIER.match(verifier):
        return "pkce_malformed_verifier"
    made = challenge_of(verifier)
    return None if hmac.compare_digest(made, challenge) else "pkce_wrong_verifier"


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64url.encoded(hashlib.sha256(verifier.encode("ascii")).digest())
