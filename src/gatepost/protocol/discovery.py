"""The discovery documents (OpenID Connect Discovery 1.0, RFC 8414): every member is read off the
tables that drive behaviour, so that the document cannot promise what the server does not do.
"""

from collections.abc import Sequence
from typing import Any

from gatepost.model.keys import SigningKey
from gatepost.protocol.client_authentication import METHODS
from gatepost.protocol.grants import GRANTS
from gatepost.protocol.grants.decisions import API_SCOPE

ISSUER_PATH = "/identity"
TOKEN_PATH = "/connect/token"
DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/.well-known/openid-configuration/jwks"


def document(issuer: str, algorithms: Sequence[str]) -> dict[str, Any]:
    """The metadata of the server."""
    return {
        "issuer": issuer,
        "token_endpoint": issuer + TOKEN_PATH,
        "jwks_uri": issuer + JWKS_PATH,
        "grant_types_supported": list(GRANTS),
        "response_types_supported": [],
        "scopes_supported": [API_SCOPE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(dict.fromkeys(algorithms)),
        "token_endpoint_auth_methods_supported": list(METHODS),
    }


def key_set(keys: Sequence[SigningKey]) -> dict[str, Any]:
    """The public keys (RFC 7517)."""
    return {"keys": [key.public_jwk for key in keys]}
