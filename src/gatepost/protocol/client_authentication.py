"""How a client shows who it is at the token endpoint (RFC 6749, 2.3.1).

One method a request; never from the query. Unknown client, wrong secret and expired secret are
told apart only in journal and log (security.md R-19..R-21).
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_plus

from gatepost.model.clients import SecretDigest
from gatepost.protocol.parameters import OAuthError, invalid_request

METHODS = ("client_secret_basic", "client_secret_post")
MAX_ID = 100
MAX_SECRET = 256
_MAX_HEADER = 2_048


class Credentials(NamedTuple):
    """What a client presented."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, secret=***)"


def refused(reason: str) -> OAuthError:
    """The one answer for whoever is not authenticated; `reason` is for the journal."""
    return OAuthError(
        "invalid_client",
        "client authentication failed: unknown client or wrong secret",
        reason,
        401,
    )


def presented(authorization: str | None, form: Mapping[str, str]) -> Credentials | OAuthError:
    """The credentials of a request, from its header or its body."""
    in_body = "client_secret" in form
    if authorization is None:
        if not in_body or "client_id" not in form:
            return refused("no_credentials")
        return _checked(Credentials(form["client_id"], form["client_secret"]))
    if in_body:
        return invalid_request(
            "the client authenticates in the header and in the body; use one of them",
            "two_authentication_methods",
        )
    credentials = _basic(authorization)
    if isinstance(credentials, Credentials) and form.get("client_id") not in (
        None,
        credentials.client_id,
    ):
        return invalid_request(
            "client_id in the body differs from the one in the header", "client_id_mismatch"
        )
    return credentials


def matching_secret(
    digests: Sequence[SecretDigest], presented_digest: bytes, now: datetime
) -> SecretDigest | OAuthError:
    """The secret that was presented, if it is one of these and not past its expiry (R-61, R-75)."""
    match: SecretDigest | None = None
    for known in digests:
        if hmac.compare_digest(known.digest, presented_digest):
            match = known
    if match is None:
        return refused("wrong_secret")
    if match.expires_at is not None and now >= match.expires_at:
        return refused("expired_secret")
    return match


def _basic(header: str) -> Credentials | OAuthError:
    """RFC 7617, with the id and secret form-encoded first, as RFC 6749, 2.3.1 asks."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return refused("unknown_scheme")
    if len(value) > _MAX_HEADER:
        return refused("header_too_long")
    try:
        raw = b64decode(value.strip(), validate=True)
        if b64encode(raw).decode() != value.strip():
            return refused("malformed_header")
        text = raw.decode()
        client_id, colon, secret = text.partition(":")
        decoded = Credentials(
            unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (Base64Error, ValueError):
        return refused("malformed_header")
    return _checked(decoded) if colon else refused("malformed_header")


def _checked(credentials: Credentials) -> Credentials | OAuthError:
    if not credentials.client_id or not credentials.secret:
        return refused("no_credentials")
    if "\0" in credentials.client_id:
        return refused("malformed_header")
    if len(credentials.client_id) > MAX_ID or len(credentials.secret) > MAX_SECRET:
        return refused("credentials_too_long")
    return credentials
