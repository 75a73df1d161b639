"""What certification checks in answers and tokens, whoever they are for."""

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import jwt

WORDS = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]+\Z")
STANDARD: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "given_name": str,
    "family_name": str,
    "preferred_username": str,
    "email": str,
    "email_verified": bool,
    "updated_at": (int, float),
    "auth_time": int,
    "acr": str,
    "amr": list,
}


def check_tokens(answer: httpx.Response) -> dict[str, Any]:
    """A successful answer of the token endpoint."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    tokens: dict[str, Any] = answer.json()
    assert tokens["token_type"].lower() == "bearer"
    assert isinstance(tokens["expires_in"], int)
    assert tokens["expires_in"] > 0
    assert set(tokens) - {"refresh_token"} == {
        "access_token",
        "expires_in",
        "id_token",
        "scope",
        "token_type",
    }
    return tokens


def check_refused(answer: httpx.Response, error: str) -> None:
    """An error of the token endpoint."""
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert said["error"] == error
    assert set(said) == {"error", "error_description"}
    assert WORDS.match(said["error_description"])


def check_types(claims: dict[str, Any]) -> None:
    """The standard claims have the JSON types that they must have."""
    for name, kind in STANDARD.items():
        if name in claims:
            assert isinstance(claims[name], kind), name
    assert None not in claims.values()


def check_hash(id_token: str, name: str, value: str) -> None:
    """The left half of the hash that the token's algorithm names."""
    header = jwt.get_unverified_header(id_token)
    digest = hashlib.new(f"sha{header['alg'][2:]}", value.encode()).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    claims = jwt.decode(id_token, options={"verify_signature": False})
    assert claims[name] == half
