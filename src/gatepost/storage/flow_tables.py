"""The tables of sign-ins, consents and grants: laid now so that the flows need no rewrite.

Codes, refresh tokens and session ids are kept as digests only. Each one-time thing has a table
of its own kind, so that one can never be taken for another (security.md, lesson of 2026-4282).
Every row has a deadline, by which it may be swept.
"""

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table

from gatepost.storage.tables import child_of, metadata, moment_column, tenant_key, text_column

sign_ins = Table(
    "sign_ins",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    Column("digest", LargeBinary, nullable=False, unique=True),
    text_column("user_id"),
    Column("methods", JSON, nullable=False),
    moment_column("signed_in_at"),
    moment_column("last_seen_at"),
    moment_column("expires_at"),
    text_column("address"),
    text_column("agent"),
    tenant_key("id"),
    child_of("users", "user_id"),
    Index("sign_ins_by_user", "tenant_id", "user_id"),
    Index("sign_ins_by_deadline", "expires_at"),
)

consents = Table(
    "consents",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    text_column("client_id"),
    Column("scopes", JSON, nullable=False),
    moment_column("given_at"),
    tenant_key("user_id", "client_id"),
    child_of("users", "user_id"),
    child_of("clients", "client_id"),
)

pending_requests = Table(
    "pending_requests",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("client_id"),
    Column("browser_digest", LargeBinary, nullable=False),
    Column("request", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    tenant_key("id"),
    child_of("clients", "client_id"),
    Index("pending_requests_by_deadline", "expires_at"),
)

families = Table(
    "families",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("client_id"),
    text_column("user_id"),
    text_column("sign_in_id", nullable=True),
    Column("scopes", JSON, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("revoked_at", nullable=True),
    text_column("revoked_because", nullable=True),
    tenant_key("id"),
    child_of("clients", "client_id"),
    child_of("users", "user_id"),
    Index("families_by_user", "tenant_id", "user_id"),
    Index("families_by_client", "tenant_id", "client_id"),
    Index("families_by_deadline", "expires_at"),
)

codes = Table(
    "codes",
    metadata,
    text_column("tenant_id"),
    Column("digest", LargeBinary, nullable=False),
    text_column("client_id"),
    text_column("user_id"),
    text_column("sign_in_id"),
    text_column("family_id", nullable=True),
    Column("request", JSON, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    tenant_key("digest"),
    child_of("clients", "client_id"),
    child_of("users", "user_id"),
    Index("codes_by_deadline", "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    text_column("tenant_id"),
    Column("digest", LargeBinary, nullable=False),
    text_column("family_id"),
    Column("generation", Integer, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    Column("sealed_successor", LargeBinary, nullable=True),
    tenant_key("digest"),
    ForeignKeyConstraint(
        ["tenant_id", "family_id"], ["families.tenant_id", "families.id"], ondelete="CASCADE"
    ),
    Index("refresh_tokens_by_family", "tenant_id", "family_id"),
    Index("refresh_tokens_by_deadline", "expires_at"),
)

device_codes = Table(
    "device_codes",
    metadata,
    text_column("tenant_id"),
    Column("digest", LargeBinary, nullable=False),
    Column("user_code_digest", LargeBinary, nullable=False, unique=True),
    text_column("client_id"),
    text_column("user_id", nullable=True),
    Column("request", JSON, nullable=False),
    text_column("state"),
    moment_column("created_at"),
    moment_column("last_polled_at", nullable=True),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    tenant_key("digest"),
    child_of("clients", "client_id"),
    child_of("users", "user_id"),
    Index("device_codes_by_deadline", "expires_at"),
)
