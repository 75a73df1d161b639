"""How a client shows who it is (RFC 6749, 2.3.1; RFC 7523; OpenID Connect Core, 9).

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
from gatepost.protocol.client_assertions import ASSERTION_TYPE, claimed_client
from gatepost.protocol.parameters import OAuthError, invalid_request

METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
MAX_ID = 100
MAX_SECRET = 256
_MAX_HEADER = 2_048


class Credentials(NamedTuple):
    """What a client presented: a secret, a signed assertion, or only its name."""

    client_id: str
    secret: str = ""
    assertion: str = ""

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, ***)"


def refused(reason: str) -> OAuthError:
    """The one answer for whoever is not authenticated; `reason` is for the journal."""
    return OAuthError(
        "invalid_client",
        "client authentication failed: unknown client or wrong secret",
        reason,
        401,
    )


def presented(authorization: str | None, form: Mapping[str, str]) -> Credentials | OAuthError:
    """The credentials of a request, from its header or its body; one method a request (R-19)."""
    in_body = ("client_secret" in form) + ("client_assertion" in form)
    if in_body + (authorization is not None) > 1:
        return invalid_request(
            "the client authenticates in more than one way; use one of them",
            "two_authentication_methods",
        )
    if authorization is not None:
        found = _basic(authorization)
    elif "client_assertion" in form:
        found = _asserted(form)
    else:
        found = _checked(Credentials(form.get("client_id", ""), form.get("client_secret", "")))
    if isinstance(found, Credentials) and form.get("client_id") not in (None, found.client_id):
        return invalid_request(
            "client_id in the body differs from the one that authenticates", "client_id_mismatch"
        )
    return found


def matching_secret(
    digests: Sequence[SecretDigest], presented: Sequence[bytes], now: datetime
) -> SecretDigest | OAuthError:
    """The secret that was presented, if it is one of these and not past its expiry (R-61, R-75).

    `presented` are its digests, one for each master key.
    """
    match: SecretDigest | None = None
    for known in digests:
        for each in presented:
            if hmac.compare_digest(known.digest, each):
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
    if not colon:
        return refused("malformed_header")
    return _checked(decoded) if decoded.secret else refused("no_credentials")


def _asserted(form: Mapping[str, str]) -> Credentials | OAuthError:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        return refused("unknown_assertion_type")
    assertion = form["client_assertion"]
    client_id = claimed_client(assertion)
    return (
        refused("malformed_assertion")
        if client_id is None
        else Credentials(client_id, assertion=assertion)
    )


def _checked(credentials: Credentials) -> Credentials | OAuthError:
    if not credentials.client_id:
        return refused("no_credentials")
    if "\0" in credentials.client_id:
        return refused("malformed_header")
    if len(credentials.client_id) > MAX_ID or len(credentials.secret) > MAX_SECRET:
        return refused("credentials_too_long")
    return credentials
