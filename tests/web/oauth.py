"""What the tests of the token endpoint share: clients with their secrets, forms, refusals."""

import time
from base64 import b64encode
from datetime import timedelta
from typing import Any

import httpx
from msgspec.structs import replace

from gatepost.model.clients import Secret
from gatepost.model.events import OPERATOR, Action, ChainedEvent, Event, Origin
from tests.served import Served, Tenant

TOKEN = "/identity/connect/token"
FORM = "application/x-www-form-urlencoded"
GRANT = {"grant_type": "client_credentials"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    """A Basic header."""
    return {"Authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}


def form_of(client_id: str, secret: str, **more: str) -> dict[str, str]:
    """The form of a client-credentials request."""
    return GRANT | {"client_id": client_id, "client_secret": secret} | more


def add_client(served: Served, kind: str = "ClientCredentialClients", **members: Any) -> Tenant:
    """A new client of the first tenant, with its first secret."""
    body = {"Name": "Probe", **members}
    answer = served.http.post(f"{served.api()}/{kind}", headers=served.admin(), json=body)
    assert answer.status_code == 201, answer.text
    created = answer.json()
    return Tenant(served.first.id, created["Client"]["Id"], created["Secret"])


def journal(served: Served, target: str) -> list[ChainedEvent]:
    """What the first tenant's journal says of a target."""
    with served.house.store.reading(served.first.id) as tenancy:
        return [link for link in tenancy.journal.entries(0, 100_000) if link.event.target == target]


def expire(served: Served, client: Tenant) -> None:
    """Let the client's secret have expired a second ago."""
    now = served.house.world.clock.now()
    with served.house.store.writing(served.first.id) as tenancy:
        secret = tenancy.clients.secrets(client.client_id)[0]
        past = replace(secret, expires_at=now - timedelta(seconds=1))
        tenancy.clients.save_secret(client.client_id, past)
        tenancy.journal.append(
            Event(
                at=now,
                action=Action.SECRET_CHANGED,
                actor=OPERATOR,
                origin=Origin("expire", ""),
                target=client.client_id,
            )
        )


def refused(answer: httpx.Response, status: int, error: str) -> dict[str, Any]:
    """The body of an OAuth error with these."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert set(body) == {"error", "error_description"}
    assert body["error"] == error
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert "operation-id" in answer.headers
    return body


def counted(served: Served, client: Tenant, uses: int) -> Secret:
    """The client's first secret, once so many uses of it are in the books, or after a while."""
    for _ in range(200):
        with served.house.store.reading(served.first.id) as tenancy:
            secret = tenancy.clients.secrets(client.client_id)[0]
        if secret.use_count >= uses:
            return secret
        time.sleep(0.05)
    raise AssertionError(f"the secret was not counted {uses} times")
