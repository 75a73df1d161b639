"""The claims of access tokens (RFC 9068) and what a verifier demands of them (RFC 8725)."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX

AUDIENCE = "ocsapi"
ACCESS_TOKEN_TYPE = "at+jwt"
SKEW_SECONDS = 60


class Principal(NamedTuple):
    """Whom a token speaks for, with roles as they are at this moment."""

    tenant_id: str
    subject: str
    client_id: str
    incarnation: str
    role_ids: tuple[str, ...]
    role_types: tuple[str, ...]
    auth_time: int | None = None
    sign_in_id: str | None = None


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of our own access tokens that the REST API reads."""

    iss: str
    aud: str
    exp: int
    iat: int
    nbf: int
    jti: str
    client_id: str
    sub: str
    tid: str
    scope: str


def client_subject(client_id: str) -> str:
    """The `sub` of a client; the prefix keeps it apart from every user id (R-29)."""
    return CLIENT_SUBJECT_PREFIX + client_id


def access_claims(
    issuer: str,
    principal: Principal,
    scopes: tuple[str, ...],
    times: tuple[datetime, int],
    jti: str,
) -> dict[str, Any]:
    """The claims of an access token; `times` is the moment of issue and the seconds to live.

    `jti` begins with the principal's incarnation, followed by the number of the client's secret or
    the id of the person's grant: a token of a removed client does not come alive when somebody
    takes its id, and one got with a removed secret or a revoked grant opens nothing here any more
    (R-83, R-27, R-17).
    """
    now, lifetime = times
    issued = int(now.timestamp())
    told: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "exp": issued + lifetime,
        "iat": issued,
        "nbf": issued,
        "jti": principal.incarnation + jti,
        "client_id": principal.client_id,
        "sub": principal.subject,
        "tid": principal.tenant_id,
        "scope": " ".join(scopes),
        "roles": principal.role_ids,
        "role_type": principal.role_types,
    }
    if principal.auth_time is not None:
        told["auth_time"] = principal.auth_time
    if principal.sign_in_id is not None:
        told["sid"] = principal.sign_in_id
    return told


def read_access_claims(
    payload: bytes, issuer: str, now: datetime, scope: str | None = AUDIENCE
) -> AccessClaims | str:
    """The claims of a token whose signature was verified, or the reason to refuse it (R-31).

    `scope` is one that the token must have; None asks for none.
    """
    try:
        claims = msgspec.json.decode(payload, type=AccessClaims)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return "malformed_claims"
    moment = now.timestamp()
    if claims.iss != issuer:
        return "wrong_issuer"
    if claims.aud != AUDIENCE:
        return "wrong_audience"
    if moment >= claims.exp:
        return "expired_token"
    if moment + SKEW_SECONDS < max(claims.nbf, claims.iat):
        return "token_from_the_future"
    if scope is not None and scope not in claims.scope.split(" "):
        return "scope_missing"
    return claims
