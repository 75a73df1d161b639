"""Authorization requests signed by the client (RFC 9101; OpenID Connect Core, 6.1).

A client that registered keys may send its request as one signed object; whatever else stands in the
address is then not looked at. A client without keys is told that it is not supported.
"""

from datetime import datetime
from typing import Any

import msgspec

from gatepost.protocol.claims import SKEW_SECONDS
from gatepost.protocol.parameters import MAX_VALUE, OAuthError, json_object

TOKEN_TYPES = frozenset({"JWT", "oauth-authz-req+jwt"})
_OF_THE_ENVELOPE = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_MOST_MEMBERS = 50


def invalid(reason: str) -> OAuthError:
    """The object cannot be used (RFC 9101, 6.1)."""
    return OAuthError(
        "invalid_request_object", "the request object is not signed for us, or not for now", reason
    )


def read(payload: bytes, client_id: str, issuer: str, now: datetime) -> dict[str, str] | OAuthError:
    """The parameters in an object whose signature was verified; empty ones count as not sent."""
    sent = json_object(payload) or {}
    members = sent if len(sent) <= _MOST_MEMBERS else {}
    reason = _fault(members, client_id, issuer, now.timestamp())
    if reason is not None:
        return invalid(reason)
    found = {"client_id": client_id}
    for name, value in members.items():
        if name in _OF_THE_ENVELOPE:
            continue
        text = _text(value)
        # JSON can name a NUL, which no form may have and not every store can keep.
        if text is None or len(text) > MAX_VALUE or "\0" in text:
            return invalid("request_object_member")
        if text:
            found[name] = text
    return found


def _fault(members: dict[str, Any], client_id: str, issuer: str, now: float) -> str | None:
    """What is wrong, as a reason code. `sub` would make it an assertion (RFC 9101, 4)."""
    audience = members.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if members.get("iss") != client_id or issuer not in named:
        return "request_object_parties"
    if not _is_time(members.get("exp", now + 1)) or now >= members.get("exp", now + 1):
        return "request_object_expired"
    if not _is_time(members.get("nbf", now)) or now + SKEW_SECONDS < members.get("nbf", now):
        return "request_object_from_the_future"
    if members.get("client_id", client_id) != client_id:
        return "request_object_of_another_client"
    if {"request", "request_uri", "sub"} & members.keys():
        return "request_object_member"
    return None


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str | None:
    """A member as it would stand in an address; `claims` may be an object, `max_age` a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
