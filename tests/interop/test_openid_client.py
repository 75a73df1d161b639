"""The npm package openid-client, through every flow that it knows.

It checks state, nonce, issuer (RFC 9207), signature, audience, c_hash and s_hash itself, and fails
where one of them is wrong. PyJWT looks at what it got.
"""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.flows import CALLBACK, SIGNED_OUT, Application, Person, Visitor, new_application
from tests.interop import verifier
from tests.interop.program import Back, run
from tests.served import Served

EVERYTHING = "openid profile email ocsapi offline_access"


def settings_of(served: Served, client: Application, **more: Any) -> dict[str, Any]:
    """What a program is told; `method` says how its client authenticates."""
    return {
        "issuer": served.url + "/identity",
        "id": client.id,
        "secret": client.secret,
        "method": "client_secret_post" if client.secret else "none",
        "redirect_uri": CALLBACK,
        "signed_out_uri": SIGNED_OUT,
        "scope": EVERYTHING,
        **more,
    }


class Walk:
    """Somebody who goes where a program sends them, signs in there, and allows what is asked."""

    def __init__(self, served: Served, person: Person) -> None:
        self._visitor = Visitor(served)
        self._person = person
        self.addresses: list[str] = []

    def __call__(self, address: str) -> Back:
        self.addresses.append(address)
        landing = self._visitor.through(self._visitor.get(address), self._person)
        assert landing.uri == CALLBACK, landing.response.text
        if landing.mode == "form_post":
            return Back(landing.uri, landing.answer)
        return Back(landing.response.headers["location"])


def new_key() -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256", {"kid": "one"}).as_dict(private=True))


def with_key(key: dict[str, Any]) -> dict[str, Any]:
    """The extension of a client that has a key."""
    public = {name: value for name, value in key.items() if name != "d"}
    return {"Jwks": {"keys": [public]}}


def check_tokens(served: Served, client: Application, kim: Person, tokens: dict[str, Any]) -> None:
    access = verifier.access_token(served, tokens["access_token"])
    told = verifier.id_token(served, tokens["id_token"], client.id)
    assert (access["sub"], told["sub"]) == (kim.id, kim.id)
    assert told["at_hash"] == verifier.half_hash(tokens["access_token"])


@pytest.mark.requirement("R-08", "R-13")
@pytest.mark.parametrize("mode", [None, "form_post"])
@pytest.mark.parametrize("kind", ["HybridClients", "AuthorizationCodeClients"])
def test_code_flow(served: Served, kim: Person, kind: str, mode: str | None) -> None:
    client = new_application(served, served.first, kind, AllowOfflineAccess=True)
    found = run("code.mjs", settings_of(served, client, response_mode=mode), Walk(served, kim))
    check_tokens(served, client, kim, found["tokens"])
    assert found["userinfo"]["email"] == kim.email
    check_tokens(served, client, kim, found["refreshed"])
    assert found["refreshed"]["refresh_token"] != found["tokens"]["refresh_token"]
    assert found["after_revocation"] == "invalid_token"
    assert found["refresh_after_revocation"] == "invalid_grant"
    assert found.get("introspected", {"active": True})["active"] is True


@pytest.mark.parametrize("method", ["client_secret_basic", "private_key_jwt"])
@pytest.mark.parametrize("way", ["pushed", "signed"])
def test_requests_that_the_browser_cannot_change(
    served: Served, kim: Person, way: str, method: str
) -> None:
    key = new_key()
    client = new_application(served, served.first, Extensions=with_key(key))
    walk = Walk(served, kim)
    told = settings_of(served, client, method=method, key=key, **{way: True})
    found = run("code.mjs", told, walk)
    check_tokens(served, client, kim, found["tokens"])
    assert found["introspected"]["sub"] == kim.id
    assert found["after_revocation"] == "invalid_token"
    assert "redirect_uri=" not in walk.addresses[0]


def test_sign_out(served: Served, kim: Person) -> None:
    client = new_application(served, served.first, "AuthorizationCodeClients")
    found = run("code.mjs", settings_of(served, client), Walk(served, kim))
    landing = Visitor(served).get(found["sign_out"])
    assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": "away"})


@pytest.mark.requirement("R-08", "R-11", "R-12")
@pytest.mark.parametrize("mode", [None, "form_post"])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_hybrid_flow(served: Served, kim: Person, method: str, mode: str | None) -> None:
    client = new_application(served, served.first)
    told = settings_of(served, client, method=method, response_mode=mode)
    found = run("hybrid.mjs", told, Walk(served, kim))
    assert found["response_type"] == "code id_token"
    check_tokens(served, client, kim, found["tokens"])


def test_device_grant(served: Served, kim: Person) -> None:
    client = new_application(served, served.first, "DeviceCodeClients")
    visitor = Visitor(served)
    decisions = iter(["allow", "deny"])

    def decide(address: str) -> Back:
        landing = visitor.get(address)
        user_code = address.partition("user_code=")[2]
        assert f'value="{user_code}"' in landing.response.text
        landing = visitor.submit(landing, user_code=user_code)
        if 'id="password"' in landing.response.text:
            landing = visitor.sign_in(landing, kim)
        assert user_code in landing.response.text
        return Back(str(visitor.submit(landing, next(decisions)).response.url))

    found = run("device.mjs", settings_of(served, client, scope="openid ocsapi"), decide)
    check_tokens(served, client, kim, found["tokens"])
    assert found["denied"] == "access_denied"


@pytest.mark.requirement("R-19", "R-29")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_client_credentials(served: Served, method: str) -> None:
    key = new_key()
    client = new_application(
        served, served.first, "ClientCredentialClients", Extensions=with_key(key)
    )
    found = run("machine.mjs", settings_of(served, client, method=method, key=key))
    said = verifier.access_token(served, found["tokens"]["access_token"])
    assert said["client_id"] == client.id
    assert found["before"]["client_id"] == client.id
    assert found["after"] == {"active": False}
    assert found["unknown"] == "invalid_scope"
