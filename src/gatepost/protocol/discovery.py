"""The discovery documents (OpenID Connect Discovery 1.0, RFC 8414): every member is read off the
tables that drive behaviour, so that the document cannot promise what the server does not do.
"""

from collections.abc import Sequence
from typing import Any

from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.key_sets import ALL_ALGORITHMS
from gatepost.model.keys import SigningKey
from gatepost.protocol import id_tokens, pkce, response, scopes
from gatepost.protocol.client_authentication import METHODS
from gatepost.protocol.grants import GRANTS
from gatepost.protocol.interaction import PROMPTS

ISSUER_PATH = "/identity"
DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/.well-known/openid-configuration/jwks"
AUTHORIZE_PATH = "/connect/authorize"
TOKEN_PATH = "/connect/token"
USERINFO_PATH = "/connect/userinfo"
END_SESSION_PATH = "/connect/endsession"
CHECK_SESSION_PATH = "/connect/checksession"
REVOCATION_PATH = "/connect/revocation"
INTROSPECTION_PATH = "/connect/introspect"
DEVICE_PATH = "/connect/deviceauthorization"
PUSHED_PATH = "/connect/par"
ENDPOINTS = {
    "authorization_endpoint": AUTHORIZE_PATH,
    "token_endpoint": TOKEN_PATH,
    "userinfo_endpoint": USERINFO_PATH,
    "end_session_endpoint": END_SESSION_PATH,
    "check_session_iframe": CHECK_SESSION_PATH,
    "revocation_endpoint": REVOCATION_PATH,
    "introspection_endpoint": INTROSPECTION_PATH,
    "device_authorization_endpoint": DEVICE_PATH,
    "pushed_authorization_request_endpoint": PUSHED_PATH,
    "jwks_uri": JWKS_PATH,
}
# Introspection tells of others' tokens, so a client without a secret of its own may not ask.
_CLOSED_METHODS = tuple(method for method in METHODS if method != "none")


def document(issuer: str, algorithms: Sequence[str]) -> dict[str, Any]:
    """The metadata of the server."""
    types = {kind: None for row in CLIENT_KINDS for kind in row.response_types}
    return {
        "issuer": issuer,
        **{name: issuer + path for name, path in ENDPOINTS.items()},
        "grant_types_supported": list(GRANTS),
        "response_types_supported": list(types),
        "response_modes_supported": list(response.RESPONSE_MODES),
        "scopes_supported": list(scopes.NAMES),
        "claims_supported": [*id_tokens.TOKEN_CLAIMS, *id_tokens.PERSON_CLAIMS],
        "claim_types_supported": ["normal"],
        "subject_types_supported": ["public"],
        "acr_values_supported": list(id_tokens.CONTEXTS),
        "prompt_values_supported": list(PROMPTS),
        "id_token_signing_alg_values_supported": list(dict.fromkeys(algorithms)),
        "code_challenge_methods_supported": list(pkce.METHODS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ALL_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALL_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(_CLOSED_METHODS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALL_ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(ALL_ALGORITHMS),
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }


def key_set(keys: Sequence[SigningKey]) -> dict[str, Any]:
    """The public keys (RFC 7517)."""
    return {"keys": [key.public_jwk for key in keys]}
