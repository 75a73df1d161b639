"""Modules about the discovery document, which all others begin with."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from gatepost.protocol.discovery import DISCOVERY_PATH
from tests.web.indoors import HTTPS, Indoors

TEXTS = [
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "acr_values_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "request_object_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "claim_types_supported",
    "claims_supported",
    "code_challenge_methods_supported",
]
YES_OR_NO = [
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "authorization_response_iss_parameter_supported",
]
ENDPOINTS = {
    "authorization_endpoint": "/connect/authorize",
    "token_endpoint": "/connect/token",
    "userinfo_endpoint": "/connect/userinfo",
    "jwks_uri": "/.well-known/openid-configuration/jwks",
    "end_session_endpoint": "/connect/endsession",
    "check_session_iframe": "/connect/checksession",
    "revocation_endpoint": "/connect/revocation",
    "introspection_endpoint": "/connect/introspect",
    "device_authorization_endpoint": "/connect/deviceauthorization",
    "pushed_authorization_request_endpoint": "/connect/par",
}
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+\Z")


@pytest.fixture
def answer(certified: Indoors) -> httpx.Response:
    """The document as it is served."""
    return certified.served.http.get("/identity" + DISCOVERY_PATH)


@pytest.fixture
def document(answer: httpx.Response) -> dict[str, Any]:
    """What it says."""
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.requirement("R-42")
def test_discovery_endpoint_verification(answer: httpx.Response) -> None:
    """Complete, well-formed, at the address that the issuer gives, and over https throughout."""
    document = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert document["issuer"] + DISCOVERY_PATH == f"{HTTPS}/identity{DISCOVERY_PATH}"
    issuer = urlsplit(document["issuer"])
    assert (issuer.scheme, issuer.query, issuer.fragment) == ("https", "", "")
    assert {name: document[name] for name in ENDPOINTS} == {
        name: f"{HTTPS}/identity{path}" for name, path in ENDPOINTS.items()
    }
    for name in TEXTS:
        texts = document[name]
        assert texts, name
        assert len(set(texts)) == len(texts)
        assert all(isinstance(text, str) and text for text in texts)
    assert all(isinstance(document[name], bool) for name in YES_OR_NO)


def test_discovery_endpoint_verification_of_what_plans_need(document: dict[str, Any]) -> None:
    """What the plans build on is offered, and what is not built is not."""
    needed = {"code", "code id_token", "code token", "code id_token token"}
    assert set(document["response_types_supported"]) == needed
    assert {"query", "fragment", "form_post"} == set(document["response_modes_supported"])
    assert {"authorization_code", "refresh_token"} <= set(document["grant_types_supported"])
    assert "implicit" not in document["grant_types_supported"]
    assert document["subject_types_supported"] == ["public"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["request_object_signing_alg_values_supported"]
    known = {"client_secret_basic", "client_secret_post"}
    assert known <= set(document["token_endpoint_auth_methods_supported"])
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert "openid" in document["scopes_supported"]
    assert all(SCOPE.match(scope) for scope in document["scopes_supported"])
    assert not {"address", "phone"} & set(document["scopes_supported"])
    assert {"sub", "iss", "auth_time", "name", "email"} <= set(document["claims_supported"])
    assert "registration_endpoint" not in document


@pytest.mark.requirement("R-42", "R-73")
def test_discovery_endpoint_verification_of_keys(
    certified: Indoors, document: dict[str, Any]
) -> None:
    """Every key has a name of its own and no private part, and can be read by others."""
    keys = certified.served.http.get(document["jwks_uri"]).json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) > 0
    for key in keys:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & set(key)
        assert key["use"] == "sig"
        assert jwt.PyJWK(key).key_type in {"RSA", "EC"}


def test_rp_initiated_logout_discovery_endpoint_verification(document: dict[str, Any]) -> None:
    """There is somewhere to sign out."""
    assert document["end_session_endpoint"] == f"{HTTPS}/identity/connect/endsession"


def test_backchannel_logout_discovery_endpoint_verification(document: dict[str, Any]) -> None:
    """Applications are told by the server, and of which session."""
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True


def test_frontchannel_logout_discovery_endpoint_verification(document: dict[str, Any]) -> None:
    """Applications are told by the browser, and of which session."""
    assert document["frontchannel_logout_supported"] is True
    assert document["frontchannel_logout_session_supported"] is True


def test_session_management_discovery_endpoint_verification(document: dict[str, Any]) -> None:
    """There is a frame to ask."""
    assert document["check_session_iframe"] == f"{HTTPS}/identity/connect/checksession"
