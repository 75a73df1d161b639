"""The clients: one flat frozen struct of settings for each kind, and their secrets.

Member names in JSON are these names in PascalCase. Structs stay flat on purpose: msgspec refuses
field mix-ins, and a subclass would leak its fields into a parent's JSON. The one object in them is
`extensions`, which holds what the original API does not have.
"""

from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from gatepost.model import fields
from gatepost.model.extensions import OfAuthorizationCode, OfClientCredential, OfHybrid


class HybridClient(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A server-side or native application with a user, which can keep a secret."""

    id: fields.ClientId
    name: fields.Name
    enabled: fields.Enabled = True
    access_token_lifetime: fields.TokenLifetime = 3600
    redirect_uris: fields.RedirectUris = ()
    post_logout_redirect_uris: fields.LogoutRedirectUris = ()
    client_uri: fields.PageUri | None = None
    logo_uri: fields.PageUri | None = None
    allow_offline_access: fields.AllowOfflineAccess = False
    allow_access_tokens_via_browser: fields.AllowAccessTokensViaBrowser = False
    tags: fields.Tags = ()
    extensions: OfHybrid | None = None


class AuthorizationCodeClient(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A browser, mobile or desktop application with a user, which cannot keep a secret."""

    id: fields.ClientId
    name: fields.Name
    enabled: fields.Enabled = True
    access_token_lifetime: fields.TokenLifetime = 3600
    redirect_uris: fields.RedirectUris = ()
    post_logout_redirect_uris: fields.LogoutRedirectUris = ()
    client_uri: fields.PageUri | None = None
    logo_uri: fields.PageUri | None = None
    allowed_cors_origins: fields.CorsOrigins = ()
    allow_offline_access: fields.AllowOfflineAccess = False
    tags: fields.Tags = ()
    extensions: OfAuthorizationCode | None = None


class ClientCredentialClient(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A device or service without a user, which acts by its own roles."""

    id: fields.ClientId
    name: fields.Name
    enabled: fields.Enabled = True
    access_token_lifetime: fields.TokenLifetime = 3600
    role_ids: fields.RoleIds = ()
    tags: fields.Tags = ()
    extensions: OfClientCredential | None = None


class DeviceCodeClient(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A device without browser or keyboard, whose user signs in elsewhere."""

    id: fields.ClientId
    name: fields.Name
    enabled: fields.Enabled = True
    access_token_lifetime: fields.TokenLifetime = 3600
    device_code_lifetime: fields.DeviceCodeLifetime = 300
    client_uri: fields.PageUri | None = None
    logo_uri: fields.PageUri | None = None
    tags: fields.Tags = ()


Client = HybridClient | AuthorizationCodeClient | ClientCredentialClient | DeviceCodeClient


def extension(client: Client, name: str) -> Any:
    """A member of what the client has beyond the original API; None where it was not set."""
    return getattr(getattr(client, "extensions", None), name, None)


class StoredClient(Struct, frozen=True, kw_only=True):
    """A client with what the store knows of it beyond its settings."""

    kind: str
    settings: Client
    incarnation: str
    created_at: datetime
    updated_at: datetime
    version: int


class Secret(Struct, frozen=True, kw_only=True):
    """What may be told of a client secret; its value is known only to whoever copied it."""

    id: int
    description: str | None
    expires_at: datetime | None
    created_at: datetime
    created_by: str
    first_used_at: datetime | None = None
    last_used_at: datetime | None = None
    use_count: int = 0


class SecretDigest(Struct, frozen=True, kw_only=True):
    """What a presented secret is compared with."""

    id: int
    digest: bytes
    expires_at: datetime | None

    def __repr__(self) -> str:
        return f"SecretDigest(id={self.id}, digest=***)"


class SecretDraft(Struct, frozen=True, kw_only=True):
    """Description and expiry as a caller sent them; UNSET where nothing was sent.

    `value` is one that we made ourselves ahead of time, at `made_at`; no caller chooses it (R-62).
    """

    description: str | UnsetType | None = UNSET
    expires: bool | None = None
    expiration: datetime | None = None
    value: str | None = None
    made_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SecretDraft({self.description!r}, {self.expires!r}, {self.expiration!r}, ***)"
