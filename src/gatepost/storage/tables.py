"""The tables, as the newest migration leaves them (a test compares the two).

A kind of client has no table of its own: its settings are one JSON document, and only what is
searched or must be bound by a foreign key (roles, tags, origins) has rows.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A point in time as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        """To the database."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        """From the database."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# Text is ordered by code point in both databases, whatever the locale of PostgreSQL's cluster.
Words = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
metadata = MetaData()


def tenant_key(*names: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint("tenant_id", *names)


def child_of(parent: str, column: str | None = None) -> ForeignKeyConstraint:
    """A reference to a parent row of the same tenant, which takes its children along."""
    if column is None:
        return ForeignKeyConstraint(["tenant_id"], [f"{parent}.id"], ondelete="CASCADE")
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], ondelete="CASCADE"
    )


def text_column(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Words, nullable=nullable)


def moment_column(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def number_column(name: str, default: int | None = None) -> Column[int]:
    return Column(name, Integer, nullable=False, default=default)


deployment = Table(
    "deployment",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", Words, primary_key=True),
    text_column("name"),
    text_column("alias"),
    # nullable because SQLite adds no other column to rows; never null in a row
    text_column("folded_alias", nullable=True),
    moment_column("created_at"),
    moment_column("updated_at"),
    Index("tenants_by_alias", "folded_alias"),
)

counts = Table(
    "counts",
    metadata,
    text_column("tenant_id"),
    text_column("what"),
    number_column("n"),
    tenant_key("what"),
    child_of("tenants"),
)

roles = Table(
    "roles",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("name"),
    text_column("folded_name"),
    text_column("description", nullable=True),
    text_column("type_id", nullable=True),
    tenant_key("id"),
    child_of("tenants"),
    UniqueConstraint("tenant_id", "folded_name"),
    UniqueConstraint("tenant_id", "type_id"),
)

clients = Table(
    "clients",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("kind"),
    text_column("name"),
    text_column("folded_name"),
    Column("enabled", Boolean, nullable=False),
    Column("settings", JSON, nullable=False),
    text_column("incarnation"),
    number_column("next_secret_id", 1),
    moment_column("created_at"),
    moment_column("updated_at"),
    number_column("version"),
    tenant_key("id"),
    child_of("tenants"),
    UniqueConstraint("id"),
    Index("clients_by_age", "tenant_id", "kind", "created_at", "id"),
    Index("clients_by_name", "tenant_id", "kind", "folded_name", "id"),
)

client_tags = Table(
    "client_tags",
    metadata,
    text_column("tenant_id"),
    text_column("client_id"),
    text_column("tag"),
    tenant_key("client_id", "tag"),
    child_of("clients", "client_id"),
    Index("client_tags_by_tag", "tenant_id", "tag", "client_id"),
)

client_origins = Table(
    "client_origins",
    metadata,
    text_column("tenant_id"),
    text_column("client_id"),
    text_column("origin"),
    tenant_key("client_id", "origin"),
    child_of("clients", "client_id"),
    Index("client_origins_by_origin", "origin"),
)

client_roles = Table(
    "client_roles",
    metadata,
    text_column("tenant_id"),
    text_column("client_id"),
    text_column("role_id"),
    tenant_key("client_id", "role_id"),
    child_of("clients", "client_id"),
    child_of("roles", "role_id"),
    Index("client_roles_by_role", "tenant_id", "role_id", "client_id"),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    text_column("tenant_id"),
    text_column("client_id"),
    Column("id", Integer, nullable=False),
    text_column("description", nullable=True),
    moment_column("expires_at", nullable=True),
    Column("digest", LargeBinary, nullable=False),
    moment_column("created_at"),
    text_column("created_by"),
    moment_column("first_used_at", nullable=True),
    moment_column("last_used_at", nullable=True),
    number_column("use_count", 0),
    tenant_key("client_id", "id"),
    child_of("clients", "client_id"),
    Index("client_secrets_by_expiry", "tenant_id", "expires_at"),
)

users = Table(
    "users",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("provider_id"),
    text_column("email", nullable=True),
    text_column("folded_email", nullable=True),
    text_column("given_name", nullable=True),
    text_column("surname", nullable=True),
    text_column("contact_email", nullable=True),
    text_column("contact_given_name", nullable=True),
    text_column("contact_surname", nullable=True),
    text_column("external_user_id", nullable=True),
    text_column("provider_user_id", nullable=True),
    Column("enabled", Boolean, nullable=False),
    text_column("incarnation"),
    moment_column("created_at"),
    moment_column("updated_at"),
    number_column("version"),
    tenant_key("id"),
    child_of("tenants"),
    UniqueConstraint("tenant_id", "provider_id", "folded_email"),
    Index("users_by_age", "tenant_id", "created_at", "id"),
    Index("users_by_email", "folded_email"),
)

user_roles = Table(
    "user_roles",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    text_column("role_id"),
    tenant_key("user_id", "role_id"),
    child_of("users", "user_id"),
    child_of("roles", "role_id"),
    Index("user_roles_by_role", "tenant_id", "role_id", "user_id"),
)

passwords = Table(
    "passwords",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    text_column("phc"),
    moment_column("changed_at"),
    Column("must_change", Boolean, nullable=False),
    tenant_key("user_id"),
    child_of("users", "user_id"),
)

preferences = Table(
    "preferences",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    text_column("document"),
    tenant_key("user_id"),
    child_of("users", "user_id"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Words, primary_key=True),
    text_column("algorithm"),
    Column("public_jwk", JSON, nullable=False),
    Column("sealed_private", LargeBinary, nullable=False),
    moment_column("created_at"),
    moment_column("active_from"),
    moment_column("retained_from", nullable=True),
    moment_column("removed_from", nullable=True),
)

events = Table(
    "events",
    metadata,
    text_column("tenant_id"),
    Column("seq", BigInteger, nullable=False),
    moment_column("at"),
    text_column("action"),
    text_column("actor_kind"),
    text_column("actor_id"),
    text_column("operation_id"),
    text_column("address"),
    text_column("target"),
    text_column("reason", nullable=True),
    Column("before", JSON(none_as_null=True), nullable=True),
    Column("after", JSON(none_as_null=True), nullable=True),
    Column("hash", LargeBinary, nullable=False),
    tenant_key("seq"),
    Index("events_by_target", "tenant_id", "target", "seq"),
    Index("events_by_operation", "operation_id"),
)

journal_heads = Table(
    "journal_heads",
    metadata,
    Column("tenant_id", Words, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)
