"""The table of client kinds: what REST, OpenAPI, portal and protocol need to know of each.

A new kind is one settings class in `clients` and one row here, without a migration. `asked` are the
fields of the portal's form in their order; `asked_rarely` stand folded away at its end.
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
    needs_pkce: bool = False
    asks_consent: bool = True
    is_ours: bool = False
    asked: tuple[str, ...] = ()
    asked_rarely: tuple[str, ...] = ()
    asked_of_people: tuple[str, ...] = ()

    @property
    def required_on_form(self) -> tuple[str, ...]:
        """What a person must enter; a program may know better."""
        return self.required_on_create + self.asked_of_people

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
    asked=(
        "name",
        "allow_offline_access",
        "redirect_uris",
        "post_logout_redirect_uris",
        "access_token_lifetime",
    ),
    asked_rarely=("client_uri", "logo_uri", "allow_access_tokens_via_browser", "id"),
    asked_of_people=("redirect_uris",),
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
    needs_pkce=True,
    asked=(
        "name",
        "redirect_uris",
        "post_logout_redirect_uris",
        "allowed_cors_origins",
        "access_token_lifetime",
    ),
    asked_rarely=("client_uri", "logo_uri", "id"),
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
    asked=("name", "role_ids", "access_token_lifetime"),
    asked_rarely=("id",),
)
DEVICE_CODE = ClientKind(
    name="device_code",
    collection="DeviceCodeClients",
    label="device code client",
    settings=DeviceCodeClient,
    has_secret=False,
    grants=("urn:ietf:params:oauth:grant-type:device_code",),
    asked=("name", "access_token_lifetime", "device_code_lifetime"),
    asked_rarely=("client_uri", "logo_uri", "id"),
)
# Our own portal (decision 0019): nobody manages it, so it stands in no list and counts to no limit.
PORTAL = ClientKind(
    name="portal",
    collection="",
    label="portal",
    settings=AuthorizationCodeClient,
    has_secret=False,
    grants=("authorization_code",),
    response_types=("code",),
    needs_pkce=True,
    asks_consent=False,
    is_ours=True,
)

CLIENT_KINDS = (CLIENT_CREDENTIALS, AUTHORIZATION_CODE, HYBRID, DEVICE_CODE)
BY_NAME = {kind.name: kind for kind in (*CLIENT_KINDS, PORTAL)}
BY_COLLECTION = {kind.collection: kind for kind in CLIENT_KINDS}
