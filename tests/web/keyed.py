"""A client that signs with keys of its own, made and wielded by another library (RFC 7523)."""

import secrets
import time
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.flows import Application, new_application
from tests.served import Served
from tests.web.granting import CONNECT
from tests.web.oauth import journal

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PRIVATE: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "PS256": rsa.generate_private_key(65537, 2048),
}


def jwk(algorithm: str) -> dict[str, Any]:
    """The public half of a key, as an administrator registers it."""
    maker = jwt.algorithms.get_default_algorithms()[algorithm]
    public = maker.to_jwk(PRIVATE[algorithm].public_key(), as_dict=True)
    members = {name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public}
    return members | {"kid": algorithm, "use": "sig", "alg": algorithm}


class Keyed:
    """A client of the first tenant with registered keys, and how it asks."""

    def __init__(
        self, served: Served, collection: str = "ClientCredentialClients", **members: Any
    ) -> None:
        self.served = served
        self.keys = {"keys": [jwk(algorithm) for algorithm in PRIVATE]}
        extensions = {"Jwks": self.keys}
        self.client: Application = new_application(
            served, served.first, collection, Extensions=extensions, **members
        )
        self.issuer = f"{served.url}/identity"
        self.address = CONNECT + "token"

    def assertion(self, algorithm: str = "ES256", key: Any = None, **changes: Any) -> str:
        """A right assertion but for the changes; None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.client.id,
            "sub": self.client.id,
            "aud": self.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        } | changes
        told = {name: value for name, value in claims.items() if value is not None}
        headers = {"kid": algorithm}
        return jwt.encode(told, key or PRIVATE[algorithm], algorithm=algorithm, headers=headers)

    def ask(self, assertion: str, endpoint: str = "token", **form: str) -> httpx.Response:
        """A request that is authenticated by an assertion."""
        sent = {"client_assertion_type": TYPE, "client_assertion": assertion}
        if endpoint == "token":
            sent["grant_type"] = "client_credentials"
        return self.served.http.post(CONNECT + endpoint, data=sent | form)

    def change(self, **members: Any) -> None:
        """Change the client by REST."""
        place = f"{self.served.api()}/{self.client.kind}/{self.client.id}"
        answer = self.served.http.put(place, json=members, headers=self.served.admin())
        assert answer.status_code == 200, answer.text

    def last_reason(self) -> str | None:
        """Why it was refused last, as the journal knows it."""
        return journal(self.served, self.client.id)[-1].event.reason
