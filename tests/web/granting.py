"""What the tests of tokens share: a code in hand, its redemption, and where tokens are shown."""

from typing import Any, NamedTuple

import httpx

from tests.flows import Application, Person, Visitor, pkce, redeem, token
from tests.served import Served, Tenant

CONNECT = "/identity/connect/"
ALL_SCOPES = "openid profile email ocsapi offline_access"


class Code(NamedTuple):
    """A code that nobody redeemed yet: whose it is, its proof, and the browser that brought it."""

    client: Application
    value: str
    verifier: str
    answer: dict[str, str]
    visitor: Visitor


def new_code(
    served: Served,
    client: Application,
    person: Person,
    visitor: Visitor | None = None,
    **parameters: str | None,
) -> Code:
    """Have a person sign in and allow, up to the code."""
    proof, browser = pkce(), visitor or Visitor(served)
    asked = {"code_challenge": proof.challenge, "code_challenge_method": "S256", **parameters}
    landing = browser.through(browser.authorize(client, **asked), person)
    assert "code" in landing.answer, landing
    return Code(client, landing.answer["code"], proof.verifier, landing.answer, browser)


def redeemed(served: Served, held: Code, /, **changes: str | None) -> httpx.Response:
    """Redeem a code as it should be, but for the changes."""
    form = {"code_verifier": held.verifier} | changes
    return redeem(served, held.client, held.value, **form)


def tokens_for(held: Code) -> dict[str, Any]:
    """The tokens that a code gives."""
    answer = redeemed(held.visitor.served, held)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refreshed(
    served: Served, client: Application, refresh_token: str, /, **more: str | None
) -> httpx.Response:
    """Redeem a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return token(served, client, **(form | more))


def ask(served: Served, client: Application, endpoint: str, **form: str | None) -> httpx.Response:
    """A request of a client at one of the other endpoints, authenticated as at the first."""
    known = {"client_id": client.id, "client_secret": client.secret} | form
    sent = {name: value for name, value in known.items() if value is not None}
    return served.http.post(CONNECT + endpoint, data=sent)


def is_active(served: Served, asking: Application, shown: str) -> bool:
    """Whether introspection calls a token active; else it says nothing but that it is not."""
    answer = ask(served, asking, "introspect", token=shown)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["active"] or told == {"active": False}
    return bool(told["active"])


def bearer(access_token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {access_token}"}


def userinfo(served: Served, access_token: str) -> httpx.Response:
    """What UserInfo answers to a token."""
    return served.http.get(CONNECT + "userinfo", headers=bearer(access_token))


def rest(served: Served, tenant: Tenant, access_token: str) -> httpx.Response:
    """What the REST API answers to a token where any member may read."""
    return served.http.get(served.api(tenant), headers=bearer(access_token))


def challenged(answer: httpx.Response, status: int, error: str | None) -> None:
    """The refusal of a resource (RFC 6750, 3)."""
    assert answer.status_code == status, answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="gatepost"')
    assert ('error="' in challenge) == (error is not None)
    assert answer.headers["cache-control"] == "no-store"
    if error is not None:
        assert f'error="{error}"' in challenge
        assert answer.json()["error"] == error
