"""The tables of the portal: who works in it, clients being tried out, links to set a password."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, false

from gatepost.storage.columns import child_of, moment_column, tenant_key, text_column
from gatepost.storage.flow_tables import digest_column
from gatepost.storage.tables import metadata

portal_sessions = Table(
    "portal_sessions",
    metadata,
    text_column("tenant_id"),
    digest_column("digest", unique=True),
    text_column("user_id"),
    text_column("sign_in_id"),
    text_column("client_id"),
    text_column("token_mark"),
    moment_column("created_at"),
    tenant_key("digest"),
    child_of("sign_ins", "sign_in_id"),
    Index("portal_sessions_by_sign_in", "tenant_id", "sign_in_id"),
)

# Not swept by its deadline: what was added for a try-out is to be taken away first.
try_outs = Table(
    "try_outs",
    metadata,
    text_column("tenant_id"),
    text_column("id"),
    text_column("client_id"),
    # not a foreign key: what was added is to be taken away though the person went
    text_column("user_id"),
    text_column("redirect_uri", nullable=True),
    Column("secret_id", Integer, nullable=True),
    Column("sealed_state", LargeBinary, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    tenant_key("id"),
    child_of("clients", "client_id"),
    Index("try_outs_by_client", "tenant_id", "client_id"),
    Index("try_outs_by_deadline", "expires_at"),
)

password_links = Table(
    "password_links",
    metadata,
    text_column("tenant_id"),
    text_column("user_id"),
    digest_column("digest", unique=True),
    text_column("email"),
    moment_column("created_at"),
    moment_column("expires_at"),
    Column("mailed", Boolean, nullable=False, server_default=false()),
    tenant_key("user_id"),
    child_of("users", "user_id"),
    Index("password_links_by_deadline", "expires_at"),
)
