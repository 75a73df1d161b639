"""Ids that are never given to another tenant, and addresses that are known to be a person's own.

An id that people of two tenants have already stays with both; it is noted for one of them, so that
no third may have it. Ids of whoever was removed before are taken from the journal.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

_WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_FILL = """
    INSERT INTO reserved_ids (tenant_id, kind, id)
    SELECT MIN(tenant_id), '{kind}', id FROM {here} GROUP BY id
"""
_FILL_REMOVED = """
    INSERT INTO reserved_ids (tenant_id, kind, id)
    SELECT MIN(tenant_id), '{kind}', target FROM events
    WHERE action = '{kind}.removed' AND target NOT IN (SELECT id FROM {here}) GROUP BY target
"""


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "reserved_ids",
        sa.Column("tenant_id", _WORDS, nullable=False),
        sa.Column("kind", _WORDS, nullable=False),
        sa.Column("id", _WORDS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "id"),
        sa.UniqueConstraint("kind", "id"),
    )
    for kind in ("client", "user"):
        here = f"{kind}s"
        op.execute(_FILL.format(kind=kind, here=here))
        op.execute(_FILL_REMOVED.format(kind=kind, here=here))
    op.add_column("users", _no("email_verified"))
    op.add_column("password_links", _no("mailed"))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column("password_links", "mailed")
    op.drop_column("users", "email_verified")
    op.drop_table("reserved_ids")


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
