"""Clients that authenticate by a key of theirs (RFC 7523; OpenID Connect Core, 9), over HTTP."""

import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gatepost.model import base64url
from tests.flows import CALLBACK, new_application, new_person
from tests.interop import verifier
from tests.served import Served
from tests.web.granting import ALL_SCOPES, is_active, new_code, rest
from tests.web.keyed import PRIVATE, TYPE, Keyed, jwk
from tests.web.oauth import basic, journal, refused

MACHINE, HYBRID = "ClientCredentialClients", "HybridClients"
STRANGE = ec.generate_private_key(ec.SECP256R1())


def with_public_key_as_secret(assertion: str) -> str:
    """An assertion under an HMAC keyed by what everybody knows; PyJWT refuses to make one."""
    head = {"alg": "HS256", "kid": "ES256", "typ": "JWT"}
    signed = f"{base64url.encoded(json.dumps(head).encode())}.{assertion.split('.')[1]}"
    known = json.dumps(jwk("ES256")).encode()
    mac = hmac.new(known, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64url.encoded(mac)}"


@pytest.mark.requirement("R-19", "R-29", "R-30")
@pytest.mark.parametrize("algorithm", list(PRIVATE))
def test_a_key_stands_in_for_a_secret(served: Served, algorithm: str) -> None:
    keyed = Keyed(served)
    for form in ({}, {"client_id": keyed.client.id}):
        answer = keyed.ask(keyed.assertion(algorithm), **form)
        assert answer.status_code == 200, answer.text
        said = verifier.access_token(served, answer.json()["access_token"])
        assert (said["sub"], said["client_id"]) == (f"client:{keyed.client.id}", keyed.client.id)


def test_a_hybrid_client_redeems_codes_and_refreshes_with_its_key(served: Served) -> None:
    keyed = Keyed(served, HYBRID, AllowOfflineAccess=True)
    person = new_person(served, served.first)
    code = new_code(served, keyed.client, person, scope=ALL_SCOPES)
    form = {
        "grant_type": "authorization_code",
        "code": code.value,
        "redirect_uri": CALLBACK,
        "code_verifier": code.verifier,
    }
    tokens = keyed.ask(keyed.assertion(), **form).json()
    assert verifier.id_token(served, tokens["id_token"], keyed.client.id)["sub"] == person.id
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert keyed.ask(keyed.assertion(), **renewal).status_code == 200
    secret = {"client_id": keyed.client.id, "client_secret": keyed.client.secret}
    by_secret = served.http.post(keyed.address, data=renewal | secret)
    assert by_secret.status_code == 200, "its secrets go on working"


def test_the_other_endpoints_take_an_assertion_too(served: Served) -> None:
    keyed = Keyed(served, HYBRID)
    own = served.token(served.first.client_id, served.first.secret)
    told = keyed.ask(keyed.assertion(), "introspect", token=own)
    assert told.json()["active"] is True
    assert keyed.ask(keyed.assertion(), "revocation", token="x").status_code == 200
    pushed = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    assert keyed.ask(keyed.assertion(), "par", **pushed).status_code == 201


@pytest.mark.requirement("R-31")
def test_the_audience_is_one_of_our_names(served: Served) -> None:
    keyed = Keyed(served)
    token, introspection = (f"{keyed.issuer}/connect/{end}" for end in ("token", "introspect"))
    for good in (keyed.issuer, token, introspection, ["https://other.example", keyed.issuer]):
        assert keyed.ask(keyed.assertion(aud=good)).status_code == 200
    wrong: list[Any] = [
        served.url,
        keyed.issuer + "/",
        keyed.issuer.upper(),
        token + "/",
        "https://other.example/identity",
        "ocsapi",
        keyed.client.id,
        [],
        "",
    ]
    for bad in wrong:
        refused(keyed.ask(keyed.assertion(aud=bad)), 401, "invalid_client")
        assert keyed.last_reason() == "assertion_for_another_audience"
    for bad in (None, 1, [1], {"a": keyed.issuer}):
        refused(keyed.ask(keyed.assertion(aud=bad)), 401, "invalid_client")


@pytest.mark.requirement("R-19", "R-31")
def test_an_assertion_is_good_once(served: Served) -> None:
    keyed, other = Keyed(served), Keyed(served)
    used = keyed.assertion(jti="one")
    assert keyed.ask(used).status_code == 200
    for again in (used, keyed.assertion("RS256", jti="one")):
        refused(keyed.ask(again), 401, "invalid_client")
        assert keyed.last_reason() == "assertion_reused"
    refused(keyed.ask(used, "introspect", token="x"), 401, "invalid_client")
    assert other.ask(other.assertion(jti="one")).status_code == 200, "each client counts its own"
    assert keyed.ask(keyed.assertion(jti="two")).status_code == 200


@pytest.mark.requirement("R-21", "R-31")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": 0}, "assertion_expired"),
        ({"exp": "now"}, "assertion_expired"),
        ({"exp": "now+3700"}, "assertion_lives_too_long"),
        ({"nbf": "now+120"}, "assertion_from_the_future"),
        ({"iat": "now+120"}, "assertion_from_the_future"),
        ({"jti": ""}, "malformed_assertion_id"),
        ({"jti": "x" * 201}, "malformed_assertion_id"),
        ({"exp": None}, "malformed_assertion_claims"),
        ({"jti": None}, "malformed_assertion_claims"),
        ({"exp": "soon"}, "malformed_assertion_claims"),
    ],
)
def test_an_assertion_is_for_now(on_sqlite: Served, changes: dict[str, Any], reason: str) -> None:
    keyed, now = Keyed(on_sqlite), int(time.time())
    moments = {"now": now, "now+120": now + 120, "now+3700": now + 3700}
    wanted = {name: moments.get(str(value), value) for name, value in changes.items()}
    refused(keyed.ask(keyed.assertion(**wanted)), 401, "invalid_client")
    assert keyed.last_reason() == reason


@pytest.mark.requirement("R-20", "R-30", "R-31")
def test_an_assertion_is_signed_by_a_key_of_its_client(served: Served) -> None:
    keyed, other = Keyed(served), Keyed(served)
    now = int(time.time())
    claims = {"iss": keyed.client.id, "sub": keyed.client.id, "aud": keyed.issuer}
    claims |= {"jti": "x", "exp": now + 60}  # type: ignore[dict-item]  # times are numbers
    headers = {"kid": "ES256"}
    wrong = [
        keyed.assertion(key=STRANGE),
        jwt.encode(claims, "", algorithm="none", headers=headers),
        with_public_key_as_secret(keyed.assertion()),
        jwt.encode(claims, PRIVATE["ES256"], algorithm="ES256", headers={"kid": "unknown"}),
        jwt.encode(claims, PRIVATE["ES256"], algorithm="ES256"),
        jwt.encode(claims, PRIVATE["RS256"], algorithm="PS256", headers={"kid": "RS256"}),
        jwt.encode(claims, STRANGE, algorithm="ES256", headers=headers | {"jwk": jwk("ES256")}),
        jwt.encode(
            claims, PRIVATE["ES256"], algorithm="ES256", headers=headers | {"typ": "at+jwt"}
        ),
        keyed.assertion()[:-8] + "AAAAAAAA",
    ]
    for bad in wrong:
        refused(keyed.ask(bad), 401, "invalid_client")
        assert keyed.last_reason() == "bad_assertion_signature"
    for changes in ({"sub": other.client.id}, {"iss": other.client.id}, {"sub": None}):
        refused(keyed.ask(keyed.assertion(**changes)), 401, "invalid_client")
    for bad in ("x", "a.b.c", "x" * 9_000, keyed.assertion(x="y" * 9_000)):
        refused(keyed.ask(bad), 401, "invalid_client")
    assert keyed.ask(keyed.assertion()).status_code == 200


@pytest.mark.requirement("R-19", "R-20")
def test_one_method_and_one_client(served: Served) -> None:
    keyed, other = Keyed(served), Keyed(served)
    secret = keyed.client.secret or ""
    both = keyed.ask(keyed.assertion(), client_id=keyed.client.id, client_secret=secret)
    refused(both, 400, "invalid_request")
    form = {"grant_type": "client_credentials", "client_assertion": keyed.assertion()}
    typed = form | {"client_assertion_type": TYPE}
    headers = basic(keyed.client.id, secret)
    refused(served.http.post(keyed.address, data=typed, headers=headers), 400, "invalid_request")
    refused(keyed.ask(keyed.assertion(), client_id=other.client.id), 400, "invalid_request")
    refused(served.http.post(keyed.address, data=form), 401, "invalid_client")
    wrong_type = form | {"client_assertion_type": TYPE.replace("jwt", "saml2")}
    refused(served.http.post(keyed.address, data=wrong_type), 401, "invalid_client")
    query = f"{keyed.address}?client_assertion={keyed.assertion()}"
    refused(served.http.post(query, data=typed), 400, "invalid_request")


@pytest.mark.requirement("R-21", "R-27")
def test_who_has_no_keys_cannot_sign(served: Served) -> None:
    keyed = Keyed(served)
    for collection in (MACHINE, HYBRID, "AuthorizationCodeClients", "DeviceCodeClients"):
        bare = new_application(served, served.first, collection)
        signed = keyed.assertion(iss=bare.id, sub=bare.id)
        refused(keyed.ask(signed), 401, "invalid_client")
        assert journal(served, bare.id)[-1].event.reason == "no_keys_registered"
    keyed.change(Enabled=False)
    refused(keyed.ask(keyed.assertion()), 401, "invalid_client")
    assert keyed.last_reason() == "client_disabled"


@pytest.mark.requirement("R-27")
def test_tokens_got_with_a_key_end_with_the_keys(served: Served) -> None:
    keyed = Keyed(served)
    asking = new_application(served, served.first)
    token = keyed.ask(keyed.assertion()).json()["access_token"]
    by_secret = served.token(keyed.client.id, keyed.client.secret or "")
    assert rest(served, served.first, token).status_code == 200
    keyed.change(Name="Renamed")
    assert rest(served, served.first, token).status_code == 200
    keyed.change(Extensions={})
    answer = rest(served, served.first, token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert not is_active(served, asking, token)
    refused(keyed.ask(keyed.assertion()), 401, "invalid_client")
    assert rest(served, served.first, by_secret).status_code == 200


@pytest.mark.requirement("R-27")
def test_a_key_that_was_removed_signs_no_more(served: Served) -> None:
    keyed = Keyed(served)
    rest_of = [key for key in keyed.keys["keys"] if key["kid"] != "ES256"]
    keyed.change(Extensions={"Jwks": {"keys": rest_of}})
    refused(keyed.ask(keyed.assertion("ES256")), 401, "invalid_client")
    assert keyed.ask(keyed.assertion("RS256")).status_code == 200
