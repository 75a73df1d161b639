"""What a client signs to show who it is: private_key_jwt (RFC 7523; OpenID Connect Core, 9).

Two readings. Before anything is verified, the client that the assertion claims to be of, to find
its keys by. After the signature was verified, the claims, which must be for us and for now.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from gatepost.model import base64url
from gatepost.model.text import refused_character
from gatepost.protocol.claims import SKEW_SECONDS

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION = 8192
# What common libraries sign for by default; each id is kept until then.
MAX_LIFETIME = 3600

_PARTS = 3
_MAX_ID = 100
_MAX_JTI = 200
# RecursionError: what is not read may still be thousands of brackets
_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError)


class AssertionClaims(NamedTuple):
    """What must be remembered of an assertion until it expires, so that it is good once."""

    jti: str
    expires_at: datetime


class _Parties(msgspec.Struct, frozen=True):
    iss: str
    sub: str


class _Claims(_Parties, frozen=True, kw_only=True):
    aud: str | tuple[str, ...]
    exp: float
    jti: str
    nbf: float = 0
    iat: float = 0


def claimed_client(assertion: str) -> str | None:
    """The client that an assertion claims to be of; nothing is verified yet."""
    if len(assertion) > MAX_ASSERTION:
        return None
    parts = assertion.split(".", _PARTS)
    if len(parts) != _PARTS:
        return None
    octets = [base64url.decoded(part) for part in parts]
    if not all(octets):
        return None
    try:
        parties = msgspec.json.decode(octets[1] or b"", type=_Parties)
    except _UNREADABLE:
        return None
    return parties.iss if parties.iss == parties.sub and _is_text(parties.iss, _MAX_ID) else None


def check_assertion_claims(
    payload: bytes, client_id: str, audiences: frozenset[str], now: datetime
) -> AssertionClaims | str:
    """The claims of an assertion whose signature was verified, or the reason to refuse it (R-31).

    `audiences` are our names: the issuer, the token endpoint and the endpoint that was called.
    """
    try:
        claims = msgspec.json.decode(payload, type=_Claims)
    except _UNREADABLE:
        return "malformed_assertion_claims"
    if not claims.iss == claims.sub == client_id:
        return "assertion_of_another_client"
    named = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    if audiences.isdisjoint(named):
        return "assertion_for_another_audience"
    if not _is_text(claims.jti, _MAX_JTI):
        return "malformed_assertion_id"
    return _timely(claims, now.timestamp())


def _timely(claims: _Claims, moment: float) -> AssertionClaims | str:
    """The skew is for clocks that run ahead of ours; an expiry knows no mercy."""
    if moment >= claims.exp:
        return "assertion_expired"
    if claims.exp > moment + MAX_LIFETIME + SKEW_SECONDS:
        return "assertion_lives_too_long"
    if moment + SKEW_SECONDS < max(claims.nbf, claims.iat):
        return "assertion_from_the_future"
    return AssertionClaims(claims.jti, datetime.fromtimestamp(claims.exp, UTC))


def _is_text(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and refused_character(text) is None
