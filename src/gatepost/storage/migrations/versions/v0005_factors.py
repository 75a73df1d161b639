"""Second factors: authenticator apps, recovery codes, and whom a tenant demands them of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

_WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """To this revision."""
    demand = sa.Column("second_factor", _WORDS, nullable=False, server_default=sa.text("'none'"))
    op.add_column("tenants", demand)
    op.create_table(
        "authenticators",
        sa.Column("tenant_id", _WORDS, nullable=False),
        sa.Column("user_id", _WORDS, nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("used_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        _of_a_person(),
        sa.PrimaryKeyConstraint("tenant_id", "user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("tenant_id", _WORDS, nullable=False),
        sa.Column("user_id", _WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _of_a_person(),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "digest"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("recovery_codes")
    op.drop_table("authenticators")
    op.drop_column("tenants", "second_factor")


def _of_a_person() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
    )
