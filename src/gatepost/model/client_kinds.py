"""The table of client kinds: what REST, OpenAPI, portal and protocol need to know of each.

A new kind is one settings class in `clients` and one row here, without a migration.
"""

from typing import NamedTuple

from gatepost.model.clients import (
    AuthorizationCodeClient,
    Client,
    ClientCredentialClient,
    DeviceCodeClient,
    HybridClient,
)


class ClientKind(NamedTuple):
    """One kind of client."""

    name: str
    collection: str
    label: str
    settings: type[Client]
    has_secret: bool
    grants: tuple[str, ...]
    required_on_create: tuple[str, ...] = ("name",)
    response_types: tuple[str, ...] = ()
    has_roles: bool = False
    some_missing_is_partial: bool = False

    @property
    def one(self) -> str:
        """The label with its article."""
        return f"{'an' if self.label[0] in 'aeiou' else 'a'} {self.label}"


HYBRID = ClientKind(
    name="hybrid",
    collection="HybridClients",
    label="hybrid client",
    settings=HybridClient,
    has_secret=True,
    grants=("authorization_code", "refresh_token"),
    response_types=("code", "code id_token", "code token", "code id_token token"),
)
AUTHORIZATION_CODE = ClientKind(
    name="authorization_code",
    collection="AuthorizationCodeClients",
    label="authorization code client",
    settings=AuthorizationCodeClient,
    has_secret=False,
    grants=("authorization_code", "refresh_token"),
    required_on_create=("name", "redirect_uris"),
    response_types=("code",),
)
CLIENT_CREDENTIALS = ClientKind(
    name="client_credentials",
    collection="ClientCredentialClients",
    label="client-credentials client",
    settings=ClientCredentialClient,
    has_secret=True,
    grants=("client_credentials",),
    has_roles=True,
    some_missing_is_partial=True,
)
DEVICE_CODE = ClientKind(
    name="device_code",
    collection="DeviceCodeClients",
    label="device code client",
    settings=DeviceCodeClient,
    has_secret=False,
    grants=("urn:ietf:params:oauth:grant-type:device_code",),
)

CLIENT_KINDS = (CLIENT_CREDENTIALS, AUTHORIZATION_CODE, HYBRID, DEVICE_CODE)
BY_NAME = {kind.name: kind for kind in CLIENT_KINDS}
