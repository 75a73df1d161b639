"""The journal as evidence: behind which link each begins, and up to which checkpoints have it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

_WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "journal_beginnings",
        sa.Column("tenant_id", _WORDS, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
    )
    op.create_table(
        "journal_checkpoints",
        sa.Column("tenant_id", _WORDS, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
    )


def downgrade() -> None:
    """Back to the one before. A journal that was trimmed is then taken for one that was cut."""
    op.drop_table("journal_checkpoints")
    op.drop_table("journal_beginnings")
