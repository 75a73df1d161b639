"""The tables, as the newest migration leaves them (a test compares the two).

A kind of client has no table of its own: its settings are one JSON document, and only what is
searched or must be bound by a foreign key (roles, tags, origins) has rows.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)

from gatepost.storage.columns import (
    Words,
    child_of,
    moment_column,
    number_column,
    ordered_moment_column,
    tenant_key,
    text_column,
)
from gatepost.storage.moments import NO_EXPIRY, NO_USE

metadata = MetaData()


def _list_index(name: str, first: str, *filters: str) -> Index:
    return Index(name, "tenant_id", "kind", first, "id", *filters)


deployment = Table(
    "deployment",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# how many numbers the tenants fall on; see storage/epochs
EPOCHS = 256
epochs = Table(
    "epochs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
)

# who does what one process alone is to do, such as sweeping
leases = Table(
    "leases",
    metadata,
    Column("office", Words, primary_key=True),
    text_column("holder"),
    moment_column("ends_at"),
)

tenants = Table(
    "tenants",
    metadata,
    Column("id", Words, primary_key=True),
    text_column("name"),
    text_column("alias"),
    # nullable because SQLite adds no other column to rows; never null in a row
    text_column("folded_alias", nullable=True),
    Column("second_factor", Words, nullable=False, server_default=text("'none'")),
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
    # kept for the list of clients: the earliest expiry of a secret, and the latest use
    ordered_moment_column("next_expiry", NO_EXPIRY),
    ordered_moment_column("last_used_at", NO_USE),
    # the words of the name, as a search compares them
    Column("words", Words, nullable=False, server_default=text("''")),
    tenant_key("id"),
    child_of("tenants"),
    UniqueConstraint("id"),
    # Each has all that the list filters by, so that it is read off the index alone.
    _list_index("clients_by_age", "created_at", "enabled", "next_expiry", "words"),
    _list_index("clients_by_name", "folded_name", "enabled", "next_expiry", "words"),
    _list_index("clients_by_expiry", "next_expiry", "enabled", "words"),
    _list_index("clients_by_use", "last_used_at", "enabled", "next_expiry", "words"),
)

# What clients are looked for by: the words of their names, and their ids.
client_words = Table(
    "client_words",
    metadata,
    text_column("tenant_id"),
    text_column("client_id"),
    text_column("kind"),
    text_column("word"),
    tenant_key("client_id", "word"),
    child_of("clients", "client_id"),
    Index("client_words_by_word", "tenant_id", "kind", "word", "client_id"),
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
    Index("client_secrets_by_expiry", "tenant_id", "expires_at", "client_id", "id"),
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
    Column("folded_name", Words, nullable=False, server_default=text("''")),
    text_column("contact_email", nullable=True),
    text_column("contact_given_name", nullable=True),
    text_column("contact_surname", nullable=True),
    text_column("external_user_id", nullable=True),
    text_column("provider_user_id", nullable=True),
    Column("enabled", Boolean, nullable=False),
    Column("email_verified", Boolean, nullable=False, server_default=false()),
    text_column("incarnation"),
    moment_column("created_at"),
    moment_column("updated_at"),
    number_column("version"),
    tenant_key("id"),
    child_of("tenants"),
    UniqueConstraint("tenant_id", "provider_id", "folded_email"),
    Index("users_by_age", "tenant_id", "created_at", "id", "folded_email", "folded_name"),
    Index("users_by_email", "folded_email"),
)

# Every id that a client or a person ever had, and of which tenant. No parent: a row outlives what
# it was made for, so that nobody else is ever taken for them.
reserved_ids = Table(
    "reserved_ids",
    metadata,
    text_column("tenant_id"),
    text_column("kind"),
    text_column("id"),
    tenant_key("kind", "id"),
    UniqueConstraint("kind", "id"),
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
