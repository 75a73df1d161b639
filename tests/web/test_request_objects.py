"""Authorization requests that the application signed (RFC 9101), over real HTTP."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gatepost.model import base64url
from tests.flows import CALLBACK, Landing, Visitor, new_application, new_person
from tests.served import Served
from tests.web.authorizing import ask, error_page, good, refusal, told_error
from tests.web.keyed import PRIVATE, Keyed, jwk
from tests.web.oauth import refused

BAD = "invalid_request_object"
STRANGE = ec.generate_private_key(ec.SECP256R1())
PUSH = "/identity/connect/par"


class Signing(Keyed):
    """A hybrid client that signs its requests."""

    def __init__(self, served: Served, **members: Any) -> None:
        super().__init__(served, "HybridClients", **members)

    def object(
        self, algorithm: str = "ES256", key: Any = None, head: Any = None, **changes: Any
    ) -> str:
        """A right request object but for the changes."""
        now = int(time.time())
        claims = {
            "iss": self.client.id,
            "aud": self.issuer,
            "iat": now,
            "exp": now + 60,
            "client_id": self.client.id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            "state": "signed",
        } | changes
        told = {name: value for name, value in claims.items() if value is not None}
        headers = {"kid": algorithm} | (head or {})
        return jwt.encode(told, key or PRIVATE[algorithm], algorithm=algorithm, headers=headers)

    def send(self, request: str, **beside: str | None) -> Landing:
        """Send a browser with an object, and with little beside it."""
        return Visitor(self.served).authorize(self.client, request=request, **beside)


@pytest.fixture(scope="module")
def signing(on_sqlite: Served) -> Signing:
    return Signing(on_sqlite)


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize("algorithm", list(PRIVATE))
@pytest.mark.parametrize("type_", ["JWT", "oauth-authz-req+jwt"])
def test_a_signed_request_is_carried_out(signing: Signing, algorithm: str, type_: str) -> None:
    request = signing.object(algorithm, head={"typ": type_}, prompt="none")
    assert told_error(signing.send(request), "login_required")["state"] == "signed"


@pytest.mark.requirement("R-35")
def test_what_was_signed_counts_and_nothing_beside_it(served: Served) -> None:
    signing, person = Signing(served), new_person(served, served.first)
    visitor = Visitor(served)
    landing = visitor.authorize(
        signing.client,
        request=signing.object(claims={"id_token": {"email": None}}, max_age=100),
        state="beside",
        redirect_uri="https://evil.example/",
        response_mode="fragment",
        prompt="none",
        scope="openid offline_access",
        unknown="x",
    )
    landing = visitor.through(landing, person)
    assert (landing.uri, landing.mode) == (CALLBACK, "query")
    assert landing.answer["state"] == "signed"
    assert "code" in landing.answer


@pytest.mark.requirement("R-01", "R-03")
def test_a_signed_address_must_be_registered_too(signing: Signing) -> None:
    for uri in ("https://evil.example/", CALLBACK + "/", None):
        answer = signing.send(signing.object(redirect_uri=uri)).response
        assert answer.status_code == 400
        assert "location" not in answer.headers


def bad_objects(signing: Signing) -> list[str]:
    """Objects that nobody with the registered keys signed for this request."""
    good_one = signing.object()
    head, payload, signature = good_one.split(".")
    unsigned = base64url.encoded(json.dumps({"alg": "none"}).encode())
    other = Signing(signing.served)
    return [
        "x",
        "x.y.z",
        good_one + "x",
        f"{head}.{payload}.{base64url.encoded(bytes(64))}",
        f"{unsigned}.{payload}.",
        f"{unsigned}.{payload}.{signature}",
        signing.object(key=STRANGE),
        signing.object(head={"jwk": jwk("ES256")}),
        signing.object(head={"jku": "http://127.0.0.1:1/keys"}),
        signing.object(head={"crit": ["x"], "x": 1}),
        signing.object(head={"typ": "at+jwt"}),
        signing.object(head={"kid": "unknown"}),
        signing.object(aud="https://other.example"),
        signing.object(exp=int(time.time()) - 1),
        signing.object(nbf=int(time.time()) + 600),
        signing.object(client_id=other.client.id),
        other.object(),
        signing.assertion(),
        signing.object(request_uri="https://evil.example/x"),
    ]


@pytest.mark.requirement("R-20", "R-30", "R-31", "R-32", "R-35", "R-36")
def test_anything_else_is_refused_at_the_registered_address_alone(signing: Signing) -> None:
    for request in bad_objects(signing):
        landing = signing.send(request)
        told = told_error(landing, BAD)
        assert (told["state"], landing.uri) == ("some-state", CALLBACK)
        elsewhere = good(signing.client, request=request, redirect_uri="https://evil.example/")
        error_page(ask(signing.served, elsewhere), BAD)


@pytest.mark.requirement("R-76")
def test_the_journal_says_why(on_sqlite: Served) -> None:
    signing = Signing(on_sqlite)
    for request, reason in (
        (signing.object(key=STRANGE), "request_object_signature"),
        (signing.object(aud="https://other.example"), "request_object_parties"),
        (signing.object(exp=1), "request_object_expired"),
    ):
        told = refusal(on_sqlite, ask(on_sqlite, good(signing.client, request=request)))
        assert (told.target, told.reason) == (signing.client.id, reason)


@pytest.mark.requirement("R-72")
@pytest.mark.parametrize("name", ["nonce", "state", "redirect_uri", "login_hint"])
def test_a_nul_is_no_end_of_the_server(served: Served, name: str) -> None:
    signing, person = Signing(served), new_person(served, served.first)
    visitor = Visitor(served)
    visitor.through(visitor.authorize(signing.client), person)
    landing = visitor.authorize(signing.client, request=signing.object(**{name: "a\0b"}))
    told_error(landing, BAD)


@pytest.mark.requirement("R-35")
def test_without_keys_it_is_not_supported(signing: Signing) -> None:
    plain = new_application(signing.served, signing.served.first)
    landing = Visitor(signing.served).authorize(plain, request=signing.object())
    told_error(landing, "request_not_supported")


def test_a_signed_request_can_be_pushed(signing: Signing) -> None:
    http, client = signing.served.http, signing.client
    who = {"client_id": client.id, "client_secret": client.secret or ""}
    pushed = http.post(PUSH, data=who | {"request": signing.object(prompt="none")})
    assert pushed.status_code == 201, pushed.text
    sent = {"client_id": client.id, "request_uri": pushed.json()["request_uri"]}
    visitor = Visitor(signing.served)
    landing = visitor._settle(visitor.http.get("/identity/connect/authorize", params=sent))
    assert told_error(landing, "login_required")["state"] == "signed"
    for request in bad_objects(signing):
        refused(http.post(PUSH, data=who | {"request": request}), 400, BAD)
