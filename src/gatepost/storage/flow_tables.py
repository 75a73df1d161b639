"""The tables of sign-ins, consents and grants.

Codes, tokens and cookies are kept as digests only. Each one-time thing has a table of its own kind,
so that one can never be taken for another (security.md, lesson of 2026-4282). What ends by itself
has an index on its deadline, by which it may be swept. Each child of a client, user or family has
an index that begins with its parent, so that a parent goes without a walk through the tenant.
"""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, Table

from gatepost.storage.columns import child_of, moment_column, tenant_key, text_column
from gatepost.storage.tables import metadata


def digest_column(name: str, *, unique: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, unique=unique)


sign_ins = Table(
    "sign_ins",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    digest_column("digest", unique=True),
    digest_column("silent_digest", unique=True),
    text_column("user_id"),
    text_column("method"),
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
    Index("consents_by_client", "tenant_id", "client_id"),
)

passkeys = Table(
    "passkeys",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("user_id"),
    text_column("name"),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("last_used_at", nullable=True),
    tenant_key("id"),
    child_of("users", "user_id"),
    Index("passkeys_by_user", "tenant_id", "user_id"),
)

# The key is sealed. A code is good once: what is no newer than `used_step` is refused.
authenticators = Table(
    "authenticators",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("used_step", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("last_used_at", nullable=True),
    tenant_key("user_id"),
    child_of("users", "user_id"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    digest_column("digest"),
    tenant_key("user_id", "digest"),
    child_of("users", "user_id"),
)

# No parent: guesses at the codes of devices are of no tenant, and stand under the deployment.
attempts = Table(
    "attempts",
    metadata,
    text_column("tenant_id"),
    Column("key", LargeBinary, nullable=False),
    moment_column("ends_at"),
    tenant_key("key"),
    Index("attempts_by_deadline", "ends_at"),
)

pending_requests = Table(
    "pending_requests",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("client_id", nullable=True),
    digest_column("browser_digest"),
    Column("errand", JSON, nullable=False),
    Column("progress", JSON, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    tenant_key("id"),
    # of its own, because an errand without a client is bound to nothing else
    child_of("tenants"),
    child_of("clients", "client_id"),
    Index("pending_requests_by_client", "tenant_id", "client_id"),
    Index("pending_requests_by_deadline", "expires_at"),
)

pushed_requests = Table(
    "pushed_requests",
    metadata,
    text_column("tenant_id"),
    digest_column("digest"),
    text_column("client_id"),
    Column("parameters", JSON, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    tenant_key("digest"),
    child_of("clients", "client_id"),
    Index("pushed_requests_by_client", "tenant_id", "client_id"),
    Index("pushed_requests_by_deadline", "expires_at"),
)

families = Table(
    "families",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("client_id"),
    text_column("user_id"),
    # not a foreign key: a family outlives the sign-in that it began in
    text_column("sign_in_id"),
    Column("grounds", JSON, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("revoked_at", nullable=True),
    text_column("revoked_because", nullable=True),
    tenant_key("id"),
    child_of("clients", "client_id"),
    child_of("users", "user_id"),
    Index("families_by_user", "tenant_id", "user_id"),
    Index("families_by_client", "tenant_id", "client_id"),
    Index("families_by_sign_in", "tenant_id", "sign_in_id"),
    Index("families_by_deadline", "expires_at"),
)

codes = Table(
    "codes",
    metadata,
    text_column("tenant_id"),
    digest_column("digest"),
    text_column("family_id"),
    text_column("redirect_uri"),
    text_column("challenge", nullable=True),
    text_column("nonce", nullable=True),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    tenant_key("digest"),
    child_of("families", "family_id"),
    Index("codes_by_family", "tenant_id", "family_id"),
    Index("codes_by_deadline", "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    text_column("tenant_id"),
    digest_column("digest"),
    text_column("family_id"),
    Column("generation", Integer, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    Column("sealed_successor", LargeBinary, nullable=True),
    tenant_key("digest"),
    child_of("families", "family_id"),
    Index("refresh_tokens_by_family", "tenant_id", "family_id"),
    Index("refresh_tokens_by_deadline", "expires_at"),
)

device_codes = Table(
    "device_codes",
    metadata,
    text_column("tenant_id"),
    digest_column("digest"),
    digest_column("user_code_digest", unique=True),
    text_column("client_id"),
    Column("scopes", JSON, nullable=False),
    text_column("state"),
    text_column("family_id", nullable=True),
    moment_column("created_at"),
    moment_column("last_polled_at", nullable=True),
    moment_column("expires_at"),
    moment_column("used_at", nullable=True),
    tenant_key("digest"),
    child_of("clients", "client_id"),
    child_of("families", "family_id"),
    Index("device_codes_by_client", "tenant_id", "client_id"),
    Index("device_codes_by_family", "tenant_id", "family_id"),
    Index("device_codes_by_deadline", "expires_at"),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    moment_column("expires_at"),
    tenant_key("id"),
    child_of("tenants"),
    Index("revoked_tokens_by_deadline", "expires_at"),
)
