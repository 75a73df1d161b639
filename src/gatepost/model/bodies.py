"""The bodies of roles, users and secrets as callers send them (clients have theirs in `clients`).

Each is read member by member.
"""

from enum import IntEnum
from typing import Annotated

from msgspec import Meta, Struct

from gatepost.model import fields
from gatepost.model.people import LOCAL_PROVIDER


class RoleScope(IntEnum):
    """Where a role counts; ours all count in their tenant."""

    NONE = 0
    TENANT = 1
    COMMUNITY = 2
    CLUSTER = 3


RoleName = Annotated[
    str,
    Meta(
        title="Name",
        description="Name of the role, unique in the tenant but for case.",
        examples=["Shift lead"],
        min_length=1,
        max_length=200,
        extra={"mend": "Send a text of 1 to 200 characters.", "check": "name"},
    ),
]


ContactEmail = Annotated[
    str,
    Meta(
        title="Contact email",
        description="Where to reach the person. Required for people who sign in here: it is their "
        "sign-in name.",
        examples=["kim@example.com"],
        min_length=3,
        max_length=254,
        extra={"mend": "Send an address such as kim@example.com.", "check": "email"},
    ),
]
ProviderId = Annotated[
    str,
    Meta(
        title="Identity provider",
        description="Where the person signs in. Required on create and fixed afterwards.",
        examples=[LOCAL_PROVIDER],
        pattern=fields.GUID_PATTERN,
        extra={
            "mend": f"Send {LOCAL_PROVIDER} for people who sign in here with a password.",
            "check": "guid",
        },
    ),
]


class FirstSecretBody(Struct, frozen=True, kw_only=True, rename="pascal"):
    """The members of a new client that describe its first secret."""

    secret_description: fields.Description | None = None
    secret_expiration_date: fields.Expiration | None = None


class SecretBody(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A secret on its way in."""

    description: fields.Description | None = None
    expires: fields.Expires | None = None
    expiration: fields.Expiration | None = None


class RoleBody(Struct, frozen=True, kw_only=True, rename="pascal"):
    """A role on its way in."""

    id: fields.Guid | None = None
    name: RoleName | None = None
    description: fields.Description | None = None


class UserBody(
    Struct,
    frozen=True,
    kw_only=True,
    rename={
        "id": "Id",
        "external_user_id": "ExternalUserId",
        "contact_given_name": "ContactGivenName",
        "contact_surname": "ContactSurname",
        "contact_email": "ContactEmail",
        "provider_id": "IdentityProviderId",
        "provider_user_id": "IdentityProviderSpecificUserId",
        "role_ids": "RoleIds",
    },
):
    """A user on their way in."""

    id: fields.Guid | None = None
    external_user_id: fields.ExternalId | None = None
    contact_given_name: fields.PersonName | None = None
    contact_surname: fields.PersonName | None = None
    contact_email: ContactEmail | None = None
    provider_id: ProviderId | None = None
    provider_user_id: fields.ExternalId | None = None
    role_ids: fields.RoleIds | None = None
