"""Signing out: RP-Initiated, Back-Channel, Front-Channel Logout and Session Management 1.0."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from gatepost.protocol import redirects
from gatepost.protocol.redirects import Target

LOGOUT_TOKEN_TYPE = "logout+jwt"
LOGOUT_TOKEN_LIFETIME = timedelta(minutes=2)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_STATE = 2_000


class Hint(msgspec.Struct, frozen=True):
    """What an id token that was handed back says; its signature was verified."""

    iss: str
    sub: str
    aud: str
    sid: str | None = None


def read_hint(payload: bytes, issuer: str) -> Hint | None:
    """The hint in the claims of one of our id tokens. It may have expired long ago."""
    try:
        hint = msgspec.json.decode(payload, type=Hint)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return hint if hint.iss == issuer else None


def way_back(
    parameters: Mapping[str, str], client_id: str, registered: Sequence[str]
) -> Target | None:
    """Where to send the person afterwards: a registered address, or nowhere (R-40)."""
    asked = parameters.get("post_logout_redirect_uri")
    if asked is None or not redirects.is_registered(registered, asked):
        return None
    return Target(client_id, asked)


def way_back_address(target: Target, state: str | None) -> str:
    """The address with the state that the application sent."""
    return target.uri if state is None else _with_query(target.uri, {"state": state})


def logout_token_claims(
    issuer: str, client_id: str, subject: tuple[str, str], now: datetime, jti: str
) -> dict[str, Any]:
    """Claims of a logout token (Back-Channel Logout, 2.4); `subject` is sub and sid."""
    user_id, sign_in_id = subject
    return {
        "iss": issuer,
        "aud": client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LOGOUT_TOKEN_LIFETIME).timestamp()),
        "jti": jti,
        "events": {EVENT: {}},
        "sub": user_id,
        "sid": sign_in_id,
    }


def front_channel_address(uri: str, issuer: str, sign_in_id: str | None) -> str:
    """The address of an application's sign-out frame (Front-Channel Logout, 2)."""
    if sign_in_id is None:
        return uri
    return _with_query(uri, {"iss": issuer, "sid": sign_in_id})


class SessionState(NamedTuple):
    """What a session state is computed from (Session Management, 2)."""

    client_id: str
    origin: str
    browser_state: str


def session_state(of: SessionState, salt: str) -> str:
    """The value that our check-session page computes again in the browser."""
    text = f"{of.client_id} {of.origin} {of.browser_state} {salt}"
    digest = hashlib.sha256(text.encode()).digest()
    return f"{urlsafe_b64encode(digest).rstrip(b'=').decode()}.{salt}"


def _with_query(uri: str, parameters: Mapping[str, str]) -> str:
    joint = "&" if "?" in uri else "?"
    return f"{uri}{joint}{urlencode(parameters, quote_via=quote, safe='')}"
