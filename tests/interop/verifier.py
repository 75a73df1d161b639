"""PyJWT as a second pair of eyes: it fetches the keys itself, and looks at every token."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any

import jwt

from tests.served import Served

JWKS = "/identity/.well-known/openid-configuration/jwks"
API = "ocsapi"
# RFC 9068, 2.2, and what the original's own clients read
_ACCESS = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "tid"]
# OpenID Connect Core, 2
_ID = ["iss", "sub", "aud", "exp", "iat", "auth_time"]


def access_token(served: Served, token: str) -> dict[str, Any]:
    """The claims of an access token for the API (RFC 9068, 4)."""
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    return _verified(served, token, API, _ACCESS)


def id_token(served: Served, token: str, client_id: str) -> dict[str, Any]:
    """The claims of an id token for a client (OpenID Connect Core, 3.1.3.7)."""
    said = _verified(served, token, client_id, _ID)
    assert said.get("azp", client_id) == client_id
    return said


def half_hash(value: str) -> str:
    """What c_hash, at_hash and s_hash are made of (OpenID Connect Core, 3.3.2.11)."""
    left = hashlib.sha256(value.encode()).digest()[:16]
    return urlsafe_b64encode(left).rstrip(b"=").decode()


def _verified(served: Served, token: str, audience: str, required: list[str]) -> dict[str, Any]:
    key = jwt.PyJWKClient(served.url + JWKS).get_signing_key_from_jwt(token)
    said: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        audience=audience,
        issuer=served.url + "/identity",
        options={"require": required, "strict_aud": True},
    )
    return said
