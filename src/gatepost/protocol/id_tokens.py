"""Id tokens and what is told about a person (OpenID Connect Core, 2, 3.3.2.11, 5.1, 5.4)."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from gatepost.model.grants import Family
from gatepost.model.people import User
from gatepost.model.sign_ins import METHOD_CONTEXTS, METHOD_REFERENCES
from gatepost.protocol.scopes import API_SCOPE, EMAIL, PROFILE

ID_TOKEN_TYPE = "JWT"
LIFETIME = timedelta(seconds=300)
CONTEXTS = tuple(dict.fromkeys(METHOD_CONTEXTS.values()))
TOKEN_CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "tid",
    "at_hash", "c_hash", "s_hash",
)  # fmt: skip
PERSON_CLAIMS = (
    "name", "given_name", "family_name", "preferred_username", "updated_at", "email",
    "email_verified", "roles", "role_type",
)  # fmt: skip

# All of our algorithms hash with SHA-256; one that is not here gets no hash but an error.
_HASHES = {"RS256": hashlib.sha256, "PS256": hashlib.sha256, "ES256": hashlib.sha256}


class Person(NamedTuple):
    """A person with the roles that they have at this moment."""

    user: User
    tenant_id: str
    role_ids: tuple[str, ...]
    role_types: tuple[str, ...]


class Beside(NamedTuple):
    """What the id token is given together with, and so is bound to."""

    nonce: str | None = None
    code: str | None = None
    access_token: str | None = None
    state: str | None = None


def half_hash(value: str, algorithm: str) -> str:
    """The left half of the hash of an ASCII text, in base64url."""
    digest = _HASHES[algorithm](value.encode("utf-8")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def id_token_claims(
    issuer: str, family: Family, person: Person, beside: Beside, signing: tuple[datetime, str]
) -> dict[str, Any]:
    """The claims of an id token; `signing` is the moment and the algorithm of its key."""
    now, algorithm = signing
    grounds = family.grounds
    hashes = {
        "c_hash": beside.code,
        "at_hash": beside.access_token,
        "s_hash": beside.state,
    }
    optional: dict[str, Any] = {"nonce": beside.nonce} | {
        name: half_hash(value, algorithm) for name, value in hashes.items() if value is not None
    }
    return {
        "iss": issuer,
        "sub": family.user_id,
        "aud": family.client_id,
        "exp": int((now + LIFETIME).timestamp()),
        "iat": int(now.timestamp()),
        "auth_time": grounds.auth_time,
        "acr": METHOD_CONTEXTS[grounds.method],
        "amr": METHOD_REFERENCES[grounds.method],
        "sid": family.sign_in_id,
        "tid": person.tenant_id,
        **{name: value for name, value in optional.items() if value is not None},
        **person_claims(person, (), grounds.claims.id_token),
    }


def person_claims(
    person: Person, scopes: tuple[str, ...], named: tuple[str, ...]
) -> dict[str, Any]:
    """What the scopes and the names asked for tell of a person; unknown values are left out."""
    user = person.user
    by_scope: dict[str, dict[str, Any]] = {
        PROFILE: {
            "name": user.name,
            "given_name": user.given_name,
            "family_name": user.surname,
            "preferred_username": user.email,
            "updated_at": int(user.updated_at.timestamp()),
        },
        # What nobody vouches for is left out, and not called false: applications that want to know
        # refuse a false one, and take an address of which nothing is said as their rules are.
        EMAIL: {
            "email": user.email,
            "email_verified": True if user.email and user.email_verified else None,
        },
        API_SCOPE: {"roles": person.role_ids, "role_type": person.role_types},
    }
    told: dict[str, Any] = {}
    for scope, claims in by_scope.items():
        wanted = claims if scope in scopes else [name for name in claims if name in named]
        told |= {name: claims[name] for name in wanted if claims[name] is not None}
    return told


def userinfo(person: Person, scopes: tuple[str, ...], named: tuple[str, ...]) -> dict[str, Any]:
    """The answer of the UserInfo endpoint (OpenID Connect Core, 5.3.2)."""
    return {
        "sub": person.user.id,
        "tid": person.tenant_id,
        **person_claims(person, scopes, named),
    }
