"""Foundation: tenants, directory, clients, keys, journal, and the tables of the flows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

revision = "0001"
down_revision = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "deployment",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "events",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("actor_kind", WORDS, nullable=False),
        sa.Column("actor_id", WORDS, nullable=False),
        sa.Column("operation_id", WORDS, nullable=False),
        sa.Column("address", WORDS, nullable=False),
        sa.Column("target", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq"),
    )
    op.create_index("events_by_operation", "events", ["operation_id"], unique=False)
    op.create_index("events_by_target", "events", ["tenant_id", "target", "seq"], unique=False)
    op.create_table(
        "journal_heads",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", WORDS, nullable=False),
        sa.Column("algorithm", WORDS, nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        sa.Column("retained_from", sa.BigInteger(), nullable=True),
        sa.Column("removed_from", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_table(
        "tenants",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "clients",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("folded_name", WORDS, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("incarnation", WORDS, nullable=False),
        sa.Column("next_secret_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "clients_by_age", "clients", ["tenant_id", "kind", "created_at", "id"], unique=False
    )
    op.create_index(
        "clients_by_name", "clients", ["tenant_id", "kind", "folded_name", "id"], unique=False
    )
    op.create_table(
        "counts",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("what", WORDS, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "what"),
    )
    op.create_table(
        "roles",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("folded_name", WORDS, nullable=False),
        sa.Column("description", WORDS, nullable=True),
        sa.Column("type_id", WORDS, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "folded_name"),
        sa.UniqueConstraint("tenant_id", "type_id"),
    )
    op.create_table(
        "users",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("provider_id", WORDS, nullable=False),
        sa.Column("email", WORDS, nullable=True),
        sa.Column("folded_email", WORDS, nullable=True),
        sa.Column("given_name", WORDS, nullable=True),
        sa.Column("surname", WORDS, nullable=True),
        sa.Column("contact_email", WORDS, nullable=True),
        sa.Column("contact_given_name", WORDS, nullable=True),
        sa.Column("contact_surname", WORDS, nullable=True),
        sa.Column("external_user_id", WORDS, nullable=True),
        sa.Column("provider_user_id", WORDS, nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("incarnation", WORDS, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        sa.UniqueConstraint("tenant_id", "provider_id", "folded_email"),
    )
    op.create_index("users_by_age", "users", ["tenant_id", "created_at", "id"], unique=False)
    op.create_index("users_by_email", "users", ["folded_email"], unique=False)
    op.create_table(
        "client_origins",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("origin", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "origin"),
    )
    op.create_index("client_origins_by_origin", "client_origins", ["origin"], unique=False)
    op.create_table(
        "client_roles",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("role_id", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role_id"], ["roles.tenant_id", "roles.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "role_id"),
    )
    op.create_index(
        "client_roles_by_role", "client_roles", ["tenant_id", "role_id", "client_id"], unique=False
    )
    op.create_table(
        "client_secrets",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("description", WORDS, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", WORDS, nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("use_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "id"),
    )
    op.create_index(
        "client_secrets_by_expiry", "client_secrets", ["tenant_id", "expires_at"], unique=False
    )
    op.create_table(
        "client_tags",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("tag", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "tag"),
    )
    op.create_index(
        "client_tags_by_tag", "client_tags", ["tenant_id", "tag", "client_id"], unique=False
    )
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
        "consents",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "client_id"),
    )
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
        "passwords",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("phc", WORDS, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id"),
    )
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
        "preferences",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("document", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id"),
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
        "user_roles",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("role_id", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "role_id"], ["roles.tenant_id", "roles.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "role_id"),
    )
    op.create_index(
        "user_roles_by_role", "user_roles", ["tenant_id", "role_id", "user_id"], unique=False
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
    """Back to an empty store."""
    op.drop_index("refresh_tokens_by_family", table_name="refresh_tokens")
    op.drop_index("refresh_tokens_by_deadline", table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("user_roles_by_role", table_name="user_roles")
    op.drop_table("user_roles")
    op.drop_index("sign_ins_by_user", table_name="sign_ins")
    op.drop_index("sign_ins_by_deadline", table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_table("preferences")
    op.drop_index("pending_requests_by_deadline", table_name="pending_requests")
    op.drop_table("pending_requests")
    op.drop_table("passwords")
    op.drop_index("families_by_user", table_name="families")
    op.drop_index("families_by_deadline", table_name="families")
    op.drop_index("families_by_client", table_name="families")
    op.drop_table("families")
    op.drop_index("device_codes_by_deadline", table_name="device_codes")
    op.drop_table("device_codes")
    op.drop_table("consents")
    op.drop_index("codes_by_deadline", table_name="codes")
    op.drop_table("codes")
    op.drop_index("client_tags_by_tag", table_name="client_tags")
    op.drop_table("client_tags")
    op.drop_index("client_secrets_by_expiry", table_name="client_secrets")
    op.drop_table("client_secrets")
    op.drop_index("client_roles_by_role", table_name="client_roles")
    op.drop_table("client_roles")
    op.drop_index("client_origins_by_origin", table_name="client_origins")
    op.drop_table("client_origins")
    op.drop_index("users_by_email", table_name="users")
    op.drop_index("users_by_age", table_name="users")
    op.drop_table("users")
    op.drop_table("roles")
    op.drop_table("counts")
    op.drop_index("clients_by_name", table_name="clients")
    op.drop_index("clients_by_age", table_name="clients")
    op.drop_table("clients")
    op.drop_table("tenants")
    op.drop_table("signing_keys")
    op.drop_table("journal_heads")
    op.drop_index("events_by_target", table_name="events")
    op.drop_index("events_by_operation", table_name="events")
    op.drop_table("events")
    op.drop_table("deployment")
