"""Authorization requests for tests: clients of each kind, and a good request to change."""

from datetime import UTC, datetime
from typing import Any

from gatepost.model.clients import (
    AuthorizationCodeClient,
    Client,
    ClientCredentialClient,
    DeviceCodeClient,
    HybridClient,
    StoredClient,
)
from gatepost.model.extensions import HybridExtensions
from gatepost.model.requests import AuthorizationRequest
from gatepost.protocol.authorization import (
    Expected,
    read,
    target,
)
from gatepost.protocol.parameters import OAuthError
from gatepost.protocol.redirects import Target
from gatepost.protocol.resources import known

CALLBACK = "https://app.example.com/cb"
LOOPBACK = "http://127.0.0.1/cb"
URIS = (CALLBACK, LOOPBACK)
TENANT = "2b5e7c1a-0000-4000-8000-000000000001"
EXPECTED = Expected(TENANT, known("https://id.example.com/identity"))
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
GOOD = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid", "nonce": "n"} | PKCE
TYPES = ("code", "code id_token", "code token", "code id_token token")
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def stored(kind: str, client: Client) -> StoredClient:
    """The client as a store tells it."""
    return StoredClient(
        kind=kind,
        settings=client,
        incarnation="i",
        created_at=THEN,
        updated_at=THEN,
        version=1,
    )


def hybrid(**members: Any) -> StoredClient:
    """A hybrid client with these settings."""
    return stored("hybrid", HybridClient(id="c", name="n", redirect_uris=URIS, **members))


HYBRID = hybrid()
IN_BROWSER = hybrid(allow_access_tokens_via_browser=True)
OFFLINE = hybrid(allow_offline_access=True)
STRICT = hybrid(extensions=HybridExtensions(require_pkce=True))
CODE = stored("authorization_code", AuthorizationCodeClient(id="c", name="n", redirect_uris=URIS))
MACHINE = stored("client_credentials", ClientCredentialClient(id="c", name="n"))
DEVICE = stored("device_code", DeviceCodeClient(id="c", name="n"))


def asked(
    client: StoredClient = HYBRID, **changes: str | None
) -> AuthorizationRequest | OAuthError:
    """What becomes of a good request with these changes; None leaves a parameter out."""
    sent = {name: value for name, value in (GOOD | changes).items() if value is not None}
    found = target(sent, client)
    assert isinstance(found, Target)
    return read(sent, found, client, EXPECTED)


def accepted(client: StoredClient = HYBRID, **changes: str | None) -> AuthorizationRequest:
    """The request, which is in order."""
    found = asked(client, **changes)
    assert isinstance(found, AuthorizationRequest), found
    return found


def refused(client: StoredClient = HYBRID, **changes: str | None) -> tuple[str, str]:
    """Error and reason of a request that is not."""
    found = asked(client, **changes)
    assert isinstance(found, OAuthError), found
    return found.error, found.reason
