"""Example answers for the document: real views, filled with made-up values."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from gatepost.model import reading
from gatepost.model.client_kinds import CLIENT_KINDS, ClientKind
from gatepost.model.clients import Secret, StoredClient
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.sign_ins import ABSOLUTE_LIMIT, PASSWORD, Passkey, SignIn
from gatepost.model.tenants import MEMBER, Role, Tenant
from gatepost.web.api import views

_TENANT_ID = "0b0f9e0c-0a51-4f0e-8a55-1e3f1f1d7d10"
_USER_ID = "b9e5b9bb-1f4e-4a94-a0b8-5a9a26b9d0a1"
_SIGN_IN_ID = "c2a7b1de-8d35-4f0b-9a53-7a1c1e0b6d11"
_ROLE_ID = "6f0c4c39-9d43-4a3f-8a0f-5d1100000001"
_THEN = datetime(2026, 5, 31, 14, 57, 8, tzinfo=UTC)
_LATER = datetime(2027, 5, 31, 14, 57, 8, tzinfo=UTC)
_SEEN = datetime(2026, 5, 31, 16, 2, 40, tzinfo=UTC)
_VALUE = "gps_the-value-is-told-this-once"
_SIGN_IN = SignIn(
    id=_SIGN_IN_ID,
    user_id=_USER_ID,
    method=PASSWORD,
    signed_in_at=_THEN,
    last_seen_at=_SEEN,
    expires_at=_THEN + ABSOLUTE_LIMIT,
    address="192.0.2.7",
    agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
)

_PASSKEY = Passkey(
    id="AdKXJEch1aV5Wo7bj7qLHskVY4OoNaj9qu8TPdJ7kSAgUeRxWNngXlcNIGt4gexZGKVGcqZpqqWordXb_he1izY",
    user_id=_USER_ID,
    name="Work phone",
    public_key=b"",
    sign_count=0,
    created_at=_THEN,
    last_used_at=_SEEN,
)


def answer_example(schema: str) -> Any:
    """An example of a schema; `Name[]` is a list with one."""
    if schema.endswith("[]"):
        return [answer_example(schema.removesuffix("[]"))]
    return msgspec.to_builtins(_examples()[schema])


def _examples() -> dict[str, Any]:
    role = Role(id=_ROLE_ID, name="Member", description="Reads by default.", type_id=MEMBER)
    user = User(
        id=_USER_ID,
        provider_id=LOCAL_PROVIDER,
        email="kim@example.com",
        contact_email="kim@example.com",
        contact_given_name="Kim",
        given_name="Kim",
        incarnation="",
        role_ids=(_ROLE_ID,),
        created_at=_THEN,
        updated_at=_THEN,
    )
    tenant = Tenant(id=_TENANT_ID, name="Main", alias="Main", created_at=_THEN, updated_at=_THEN)
    secret = Secret(
        id=1, description="First", expires_at=_LATER, created_at=_THEN, created_by="user"
    )
    found: dict[str, Any] = {
        "ClientSecret": views.secret(secret),
        "ClientSecretResponse": views.new_secret(secret, _VALUE),
        "Role": views.role(role, _TENANT_ID, "aveva"),
        "User": views.user(user),
        "UserStatus": views.user_status(user),
        "SignIn": views.sign_in(_SIGN_IN),
        "Passkey": views.passkey(_PASSKEY),
        "TenantWithProperties": views.tenant(tenant),
        "Preferences": {"theme": "dark"},
    }
    for kind in CLIENT_KINDS:
        client = _client(kind)
        name = kind.settings.__name__
        found[name] = views.client(client)
        found[f"{name}CreateResponse"] = views.created(client, secret, _VALUE)
    return found


def _client(kind: ClientKind) -> StoredClient:
    members = {
        member.attribute: member.meta.examples[0]
        for member in reading.members_of(kind.settings)
        if member.meta.examples
    }
    settings = msgspec.convert(
        {
            member.name: members[member.attribute]
            for member in reading.members_of(kind.settings)
            if member.attribute in members
        },
        kind.settings,
    )
    return StoredClient(
        kind=kind.name,
        settings=settings,
        incarnation="",
        created_at=_THEN,
        updated_at=_THEN,
        version=1,
    )
