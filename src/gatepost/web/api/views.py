"""What the API answers with: one struct for each schema of the contract, and how it is filled.

A reply is built, never passed on, so that nothing of a stored value leaks by being added to it.
"""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins

from gatepost.model.bodies import RoleScope
from gatepost.model.clients import Secret, StoredClient
from gatepost.model.people import User
from gatepost.model.sign_ins import Passkey, SignIn
from gatepost.model.tenants import Role, Tenant, Theme, displayed_name

_ACTIVE = 1
Guid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]


class ClientSecret(Struct, frozen=True, rename="pascal"):
    """A secret without its value."""

    id: int
    description: str | None
    expiration: datetime | None
    expires: bool


class ClientSecretResponse(Struct, frozen=True, rename="pascal"):
    """A new secret with its value, which is told this once."""

    id: int
    description: str | None
    expiration: datetime | None
    expires: bool
    secret: str


class RoleView(Struct, frozen=True, rename="pascal"):
    """A role."""

    id: Guid
    name: str
    description: str | None
    role_scope: RoleScope
    tenant_id: Guid
    community_id: str | None
    role_type_id: Guid | None


class UserView(Struct, frozen=True, rename="pascal"):
    """A user."""

    id: Guid
    given_name: str | None
    surname: str | None
    name: str | None
    email: str | None
    contact_email: str | None
    contact_given_name: str | None
    contact_surname: str | None
    external_user_id: str | None
    identity_provider_id: Guid
    role_ids: tuple[Guid, ...]


class UserStatusView(Struct, frozen=True, rename="pascal"):
    """A user with how far they have come on the way in."""

    invitation_status: int
    user: UserView


class SignInView(Struct, frozen=True, rename="pascal"):
    """A sign-in of a person at a browser."""

    id: Guid
    method: str
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


class PasskeyView(Struct, frozen=True, rename="pascal"):
    """A passkey of a person, without its key."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class TenantView(Struct, frozen=True, rename="pascal"):
    """A tenant."""

    id: Guid
    company_name: str
    state: int
    created: datetime
    last_updated: datetime
    alias: str
    features: tuple[dict[str, Any], ...]
    external_account_id: str | None
    tenant_type: str | None
    entitlements: tuple[dict[str, Any], ...]


def client(stored: StoredClient) -> dict[str, Any]:
    """A client of any kind, by the names of its settings; what is ours only where it was set."""
    settings: dict[str, Any] = to_builtins(stored.settings)
    if settings.get("Extensions") is None:
        settings.pop("Extensions", None)
    return settings


def secret(kept: Secret) -> ClientSecret:
    """A secret without its value."""
    return ClientSecret(kept.id, kept.description, kept.expires_at, kept.expires_at is not None)


def new_secret(kept: Secret, value: str) -> ClientSecretResponse:
    """A new secret with its value."""
    expires = kept.expires_at is not None
    return ClientSecretResponse(kept.id, kept.description, kept.expires_at, expires, value)


def created(stored: StoredClient, kept: Secret, value: str) -> dict[str, Any]:
    """A new client with its first secret."""
    return {
        "Secret": value,
        "Id": kept.id,
        "Description": kept.description,
        "ExpirationDate": kept.expires_at,
        "Client": client(stored),
    }


def role(kept: Role, tenant_id: str, theme: Theme) -> RoleView:
    """A role, named by the theme when it is built in."""
    return RoleView(
        id=kept.id,
        name=displayed_name(kept, theme),
        description=kept.description,
        role_scope=RoleScope.TENANT,
        tenant_id=tenant_id,
        community_id=None,
        role_type_id=kept.type_id,
    )


def user(kept: User) -> UserView:
    """A user."""
    return UserView(
        id=kept.id,
        given_name=kept.given_name,
        surname=kept.surname,
        name=kept.name,
        email=kept.email,
        contact_email=kept.contact_email,
        contact_given_name=kept.contact_given_name,
        contact_surname=kept.contact_surname,
        external_user_id=kept.external_user_id,
        identity_provider_id=kept.provider_id,
        role_ids=kept.role_ids,
    )


def user_status(kept: User) -> UserStatusView:
    """A user's way in."""
    return UserStatusView(int(kept.invitation_status), user(kept))


def sign_in(kept: SignIn) -> SignInView:
    """A sign-in; its id is the `sid` of the tokens that came of it."""
    return SignInView(
        id=kept.id,
        method=kept.method,
        signed_in_at=kept.signed_in_at,
        last_seen_at=kept.last_seen_at,
        expires_at=kept.expires_at,
        address=kept.address,
        agent=kept.agent,
    )


def passkey(kept: Passkey) -> PasskeyView:
    """A passkey; its id is the credential id of WebAuthn, in base64url."""
    return PasskeyView(
        id=kept.id, name=kept.name, created_at=kept.created_at, last_used_at=kept.last_used_at
    )


def tenant(kept: Tenant) -> TenantView:
    """A tenant."""
    return TenantView(
        id=kept.id,
        company_name=kept.name,
        state=_ACTIVE,
        created=kept.created_at,
        last_updated=kept.updated_at,
        alias=kept.alias,
        features=(),
        external_account_id=None,
        tenant_type=None,
        entitlements=(),
    )


def without_nulls(value: Any) -> Any:
    """The same without null members, for `Accept-Verbosity: non-verbose`."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [without_nulls(inner) for inner in value]
    return value
