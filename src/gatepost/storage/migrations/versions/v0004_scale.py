"""Scale: epochs tell each process when what it keeps is too old, and leases who sweeps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "epochs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
    op.create_table(
        "leases",
        sa.Column("office", words, nullable=False),
        sa.Column("holder", words, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("office"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("leases")
    op.drop_table("epochs")
