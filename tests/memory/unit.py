"""The tables of the store in memory, and one transaction on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, structs

from gatepost.model.clients import Secret, StoredClient
from gatepost.model.errors import UnrecordedChange
from gatepost.model.events import ChainedEvent, Head
from gatepost.model.factors import Authenticator
from gatepost.model.grants import (
    AuthorizationCode,
    DeviceCode,
    Family,
    PushedRequest,
    RefreshToken,
)
from gatepost.model.keys import SigningKey
from gatepost.model.people import User
from gatepost.model.portal import PasswordLink, PortalSession, TryOut
from gatepost.model.requests import Pending
from gatepost.model.sign_ins import Consent, Passkey, SignIn, SignInDigests
from gatepost.model.tenants import Role, Tenant

K = TypeVar("K")
V = TypeVar("V")

Key = tuple[str, str]
DigestKey = tuple[str, bytes]


class MissingParent(Exception):
    """A row refers to another that is not there: what a foreign key is for."""


class KeptSecret(NamedTuple):
    """A secret with the digest of its value."""

    secret: Secret
    digest: bytes

    def __repr__(self) -> str:
        return f"KeptSecret({self.secret!r}, digest=***)"


class KeptPassword(NamedTuple):
    """The hash of a password, and whether it is good for one sign-in only."""

    phc: str
    changed_at: datetime
    must_change: bool

    def __repr__(self) -> str:
        return f"KeptPassword(***, {self.changed_at!r}, {self.must_change!r})"


class KeptSignIn(NamedTuple):
    """A sign-in with the digests that it is found by."""

    sign_in: SignIn
    digests: SignInDigests


class KeptLink(NamedTuple):
    """A link to set a password, with the digest that it is found by."""

    link: PasswordLink
    digest: bytes


@dataclass
class Tables:
    """All that is kept, by (tenant, id)."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    clients: dict[Key, StoredClient] = field(default_factory=dict)
    last_secret_ids: dict[Key, int] = field(default_factory=dict)
    last_uses: dict[Key, datetime] = field(default_factory=dict)
    secrets: dict[tuple[str, str, int], KeptSecret] = field(default_factory=dict)
    roles: dict[Key, Role] = field(default_factory=dict)
    reserved_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    users: dict[Key, User] = field(default_factory=dict)
    passwords: dict[Key, KeptPassword] = field(default_factory=dict)
    preferences: dict[Key, str] = field(default_factory=dict)
    password_links: dict[Key, KeptLink] = field(default_factory=dict)
    portal_sessions: dict[DigestKey, PortalSession] = field(default_factory=dict)
    try_outs: dict[Key, TryOut] = field(default_factory=dict)
    sign_ins: dict[Key, KeptSignIn] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    passkeys: dict[Key, Passkey] = field(default_factory=dict)
    authenticators: dict[Key, Authenticator] = field(default_factory=dict)
    recovery_codes: dict[tuple[str, str, bytes], bytes] = field(default_factory=dict)
    attempts: dict[DigestKey, datetime] = field(default_factory=dict)
    pending: dict[Key, Pending] = field(default_factory=dict)
    pushed: dict[DigestKey, PushedRequest] = field(default_factory=dict)
    families: dict[Key, Family] = field(default_factory=dict)
    codes: dict[DigestKey, AuthorizationCode] = field(default_factory=dict)
    refresh_tokens: dict[DigestKey, RefreshToken] = field(default_factory=dict)
    device_codes: dict[DigestKey, DeviceCode] = field(default_factory=dict)
    revoked_tokens: dict[Key, datetime] = field(default_factory=dict)
    events: dict[tuple[str, int], ChainedEvent] = field(default_factory=dict)
    heads: dict[str, tuple[Head, bytes]] = field(default_factory=dict)
    beginnings: dict[str, Head] = field(default_factory=dict)
    checkpoints: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    deployment: dict[str, bytes] = field(default_factory=dict)
    leases: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def copy(self) -> "Tables":
        """The same rows in tables of their own; the rows are frozen and may be shared."""
        return Tables(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})


class Unit:
    """One transaction: what it may do, and whether it changed and recorded."""

    def __init__(self, tables: Tables, *, writable: bool) -> None:
        self._tables: Tables | None = tables
        self._writable = writable
        self._changed = False
        self._recorded = False

    @property
    def tables(self) -> Tables:
        """The tables, as long as the block lasts."""
        if self._tables is None:
            raise RuntimeError("the transaction is over")
        return self._tables

    @property
    def has_changed(self) -> bool:
        """Whether anything was changed that needs an event."""
        return self._changed

    def put(self, table: dict[K, V], key: K, value: V) -> None:
        """Keep a row; the unit needs an event from now on."""
        self._changed = True
        self.keep_books(table, key, value)

    def drop(self, table: dict[K, Any], key: K) -> bool:
        """Remove a row, if it is there; the unit needs an event from then on."""
        dropped = self.clear_books(table, key)
        self._changed = self._changed or dropped
        return dropped

    def clear_books(self, table: dict[K, Any], key: K) -> bool:
        """Remove a row that needs no event, if it is there."""
        self._check_writable()
        return table.pop(key, None) is not None

    def keep_books(self, table: dict[K, V], key: K, value: V) -> None:
        """Keep a row that needs no event."""
        self._check_writable()
        _check_moments(value)
        table[key] = value

    def record(self, table: dict[K, V], key: K, value: V) -> None:
        """Keep a row of the journal."""
        self._recorded = True
        self.keep_books(table, key, value)

    def finish(self) -> Tables:
        """The tables to keep; no event, no change (security.md R-78)."""
        tables = self.tables
        if self._changed and not self._recorded:
            raise UnrecordedChange("a change was made without an event in the journal")
        return tables

    def close(self) -> None:
        """Make every later use an error."""
        self._tables = None

    def _check_writable(self) -> None:
        if self._tables is None or not self._writable:
            raise RuntimeError("this transaction may not write")


class Room:
    """What the stores of one tenant have in common."""

    def __init__(self, unit: Unit, tenant_id: str) -> None:
        self._unit = unit
        self._tenant_id = tenant_id

    @property
    def _tables(self) -> Tables:
        return self._unit.tables

    def _key(self, id_: str) -> Key:
        return (self._tenant_id, id_)

    def _digest_key(self, digest: bytes) -> DigestKey:
        return (self._tenant_id, digest)

    def _here(self, table: Mapping[Any, V]) -> list[V]:
        return [value for key, value in table.items() if key[0] == self._tenant_id]

    def _need_tenant(self) -> None:
        if self._tenant_id not in self._tables.tenants:
            raise MissingParent(f"there is no tenant {self._tenant_id!r}")

    def _need_client(self, client_id: str) -> None:
        if self._key(client_id) not in self._tables.clients:
            raise MissingParent(f"there is no client {client_id!r} in the tenant")

    def _need_user(self, user_id: str) -> None:
        if self._key(user_id) not in self._tables.users:
            raise MissingParent(f"there is no user {user_id!r} in the tenant")

    def _need_family(self, family_id: str) -> None:
        if self._key(family_id) not in self._tables.families:
            raise MissingParent(f"there is no family {family_id!r} in the tenant")

    def _need_roles(self, role_ids: tuple[str, ...]) -> None:
        for role_id in role_ids:
            if self._key(role_id) not in self._tables.roles:
                raise MissingParent(f"there is no role {role_id!r} in the tenant")


def _check_moments(value: object) -> None:
    """Refuse a time without a zone, as the databases' column type does."""
    if isinstance(value, Struct):
        for part in structs.astuple(value):
            _check_moments(part)
    elif isinstance(value, tuple):
        for part in value:
            _check_moments(part)
    elif isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError("a moment has no time zone")
