"""Flows: the tables of 0001 as they turned out, passkeys, attempts, and tenants by their alias.

No row was ever written into the tables of the flows that 0001 laid, so those that changed are made
anew. `consents` stays.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gatepost.model.text import fold

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

revision = "0002"
down_revision = "0001"

_LAID = ("refresh_tokens", "device_codes", "codes", "families", "pending_requests", "sign_ins")
_NEW = ("attempts", "passkeys", "pushed_requests", "revoked_tokens")


def upgrade() -> None:
    """To this revision."""
    _fold_aliases()
    op.create_index("consents_by_client", "consents", ["tenant_id", "client_id"], unique=False)
    for name in _LAID:
        op.drop_table(name)
    op.create_table(
        "attempts",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key"),
    )
    op.create_index("attempts_by_deadline", "attempts", ["ends_at"], unique=False)
    op.create_table(
        "revoked_tokens",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("revoked_tokens_by_deadline", "revoked_tokens", ["expires_at"], unique=False)
    op.create_table(
        "families",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("sign_in_id", WORDS, nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_because", WORDS, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("families_by_client", "families", ["tenant_id", "client_id"], unique=False)
    op.create_index("families_by_deadline", "families", ["expires_at"], unique=False)
    op.create_index("families_by_sign_in", "families", ["tenant_id", "sign_in_id"], unique=False)
    op.create_index("families_by_user", "families", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "passkeys",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("passkeys_by_user", "passkeys", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "pending_requests",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=True),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("errand", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index(
        "pending_requests_by_client", "pending_requests", ["tenant_id", "client_id"], unique=False
    )
    op.create_index(
        "pending_requests_by_deadline", "pending_requests", ["expires_at"], unique=False
    )
    op.create_table(
        "pushed_requests",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
    )
    op.create_index(
        "pushed_requests_by_client", "pushed_requests", ["tenant_id", "client_id"], unique=False
    )
    op.create_index("pushed_requests_by_deadline", "pushed_requests", ["expires_at"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("silent_digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("method", WORDS, nullable=False),
        sa.Column("signed_in_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", WORDS, nullable=False),
        sa.Column("agent", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("silent_digest"),
    )
    op.create_index("sign_ins_by_deadline", "sign_ins", ["expires_at"], unique=False)
    op.create_index("sign_ins_by_user", "sign_ins", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "codes",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", WORDS, nullable=False),
        sa.Column("redirect_uri", WORDS, nullable=False),
        sa.Column("challenge", WORDS, nullable=True),
        sa.Column("nonce", WORDS, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "family_id"], ["families.tenant_id", "families.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
    )
    op.create_index("codes_by_deadline", "codes", ["expires_at"], unique=False)
    op.create_index("codes_by_family", "codes", ["tenant_id", "family_id"], unique=False)
    op.create_table(
        "device_codes",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("family_id", WORDS, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_polled_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "family_id"], ["families.tenant_id", "families.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
        sa.UniqueConstraint("user_code_digest"),
    )
    op.create_index(
        "device_codes_by_client", "device_codes", ["tenant_id", "client_id"], unique=False
    )
    op.create_index("device_codes_by_deadline", "device_codes", ["expires_at"], unique=False)
    op.create_index(
        "device_codes_by_family", "device_codes", ["tenant_id", "family_id"], unique=False
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", WORDS, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_successor", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "family_id"], ["families.tenant_id", "families.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
    )
    op.create_index("refresh_tokens_by_deadline", "refresh_tokens", ["expires_at"], unique=False)
    op.create_index(
        "refresh_tokens_by_family", "refresh_tokens", ["tenant_id", "family_id"], unique=False
    )


def downgrade() -> None:
    """Back to the one before, without the rows of the flows."""
    for name in (*_NEW, *_LAID):
        op.drop_table(name)
    op.drop_index("consents_by_client", table_name="consents")
    op.drop_index("tenants_by_alias", table_name="tenants")
    op.drop_column("tenants", "folded_alias")
    op.create_table(
        "codes",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("sign_in_id", WORDS, nullable=False),
        sa.Column("family_id", WORDS, nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
    )
    op.create_index("codes_by_deadline", "codes", ["expires_at"], unique=False)
    op.create_table(
        "device_codes",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_polled_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
        sa.UniqueConstraint("user_code_digest"),
    )
    op.create_index("device_codes_by_deadline", "device_codes", ["expires_at"], unique=False)
    op.create_table(
        "families",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("sign_in_id", WORDS, nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_because", WORDS, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("families_by_client", "families", ["tenant_id", "client_id"], unique=False)
    op.create_index("families_by_deadline", "families", ["expires_at"], unique=False)
    op.create_index("families_by_user", "families", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "pending_requests",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index(
        "pending_requests_by_deadline", "pending_requests", ["expires_at"], unique=False
    )
    op.create_table(
        "sign_ins",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("signed_in_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", WORDS, nullable=False),
        sa.Column("agent", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("sign_ins_by_deadline", "sign_ins", ["expires_at"], unique=False)
    op.create_index("sign_ins_by_user", "sign_ins", ["tenant_id", "user_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", WORDS, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_successor", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "family_id"], ["families.tenant_id", "families.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
    )
    op.create_index("refresh_tokens_by_deadline", "refresh_tokens", ["expires_at"], unique=False)
    op.create_index(
        "refresh_tokens_by_family", "refresh_tokens", ["tenant_id", "family_id"], unique=False
    )


def _fold_aliases() -> None:
    # A column is added, and the table not made anew: on SQLite its rows would take all along.
    op.add_column("tenants", sa.Column("folded_alias", WORDS, nullable=True))
    tenants = sa.table("tenants", sa.column("id"), sa.column("alias"), sa.column("folded_alias"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(tenants.c.id, tenants.c.alias)).all():
        own = sa.update(tenants).where(tenants.c.id == row.id)
        connection.execute(own.values(folded_alias=fold(row.alias)))
    op.create_index("tenants_by_alias", "tenants", ["folded_alias"], unique=False)
