"""The metadata of the server: true to the tables, and nothing private in it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gatepost.model.keys import SigningKey
from gatepost.model.sign_ins import MULTI_FACTOR
from gatepost.protocol.client_authentication import METHODS
from gatepost.protocol.discovery import document, key_set
from gatepost.protocol.grants import GRANTS

ISSUER = "https://gatepost.example/identity"
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def key(kid: str, **members: str) -> SigningKey:
    """A key with these public members."""
    return SigningKey(
        kid=kid,
        algorithm="ES256",
        public_jwk={"kid": kid, "kty": "EC", **members},
        sealed_private=b"sealed",
        created_at=THEN,
        active_from=THEN,
    )


@pytest.mark.requirement("R-42", "R-43")
def test_every_address_is_below_the_issuer() -> None:
    made = document(ISSUER, ["RS256"])
    addresses = {name: made[name] for name in made if name.endswith(("_endpoint", "_uri"))}
    assert made["issuer"] == ISSUER
    assert addresses
    assert all(address.startswith(ISSUER + "/") for address in addresses.values())


@pytest.mark.requirement("R-08", "R-13", "R-19", "R-22")
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("grant_types_supported", list(GRANTS)),
        ("token_endpoint_auth_methods_supported", list(METHODS)),
        ("subject_types_supported", ["public"]),
        ("scopes_supported", ["openid", "profile", "email", "ocsapi", "offline_access"]),
        (
            "response_types_supported",
            ["code", "code id_token", "code token", "code id_token token"],
        ),
        ("response_modes_supported", ["query", "fragment", "form_post"]),
        ("code_challenge_methods_supported", ["S256"]),
        ("prompt_values_supported", ["none", "login", "consent", "select_account"]),
        ("acr_values_supported", ["1", MULTI_FACTOR, "phr"]),
        ("revocation_endpoint_auth_methods_supported", list(METHODS)),
        *[
            (f"{use}_signing_alg_values_supported", ["RS256", "PS256", "ES256"])
            for use in (
                "token_endpoint_auth",
                "revocation_endpoint_auth",
                "introspection_endpoint_auth",
                "request_object",
            )
        ],
        ("authorization_response_iss_parameter_supported", True),
        ("claims_parameter_supported", True),
        ("request_uri_parameter_supported", False),
    ],
)
def test_it_promises_what_the_tables_hold(member: str, value: Any) -> None:
    assert document(ISSUER, [])[member] == value


@pytest.mark.requirement("R-22")
def test_nothing_that_does_not_exist_is_promised() -> None:
    made = document(ISSUER, ["RS256"])
    assert not {"password", "implicit"} & set(made["grant_types_supported"])
    assert "none" not in made["introspection_endpoint_auth_methods_supported"]
    assert not [type_ for type_ in made["response_types_supported"] if "code" not in type_]
    assert "plain" not in made["code_challenge_methods_supported"]
    assert "registration_endpoint" not in made


def test_each_algorithm_is_named_once() -> None:
    made = document(ISSUER, ["ES256", "RS256", "ES256"])
    assert made["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]


@pytest.mark.requirement("R-42")
def test_the_key_set_is_the_public_part() -> None:
    made = key_set((key("a", x="1"), key("b")))
    assert made == {"keys": [{"kid": "a", "kty": "EC", "x": "1"}, {"kid": "b", "kty": "EC"}]}
    assert "sealed" not in repr(made)
    assert key_set(()) == {"keys": []}
