"""Portal: its tables, and columns and indexes by which its lists stay quick."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from gatepost.model.search import entries_of, spelled, words_of
from gatepost.model.text import fold

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

revision = "0003"
down_revision = "0002"

_NO_EXPIRY = 10**18
_BATCH = 1_000
_NEW = ("portal_sessions", "try_outs", "password_links", "client_words")
# index, table, its columns from now on, and those it had before
_INDEXES = (
    (
        "clients_by_age",
        "clients",
        ("tenant_id", "kind", "created_at", "id", "enabled", "next_expiry", "words"),
        ("tenant_id", "kind", "created_at", "id"),
    ),
    (
        "clients_by_name",
        "clients",
        ("tenant_id", "kind", "folded_name", "id", "enabled", "next_expiry", "words"),
        ("tenant_id", "kind", "folded_name", "id"),
    ),
    (
        "clients_by_expiry",
        "clients",
        ("tenant_id", "kind", "next_expiry", "id", "enabled", "words"),
        None,
    ),
    (
        "clients_by_use",
        "clients",
        ("tenant_id", "kind", "last_used_at", "id", "enabled", "next_expiry", "words"),
        None,
    ),
    (
        "client_secrets_by_expiry",
        "client_secrets",
        ("tenant_id", "expires_at", "client_id", "id"),
        ("tenant_id", "expires_at"),
    ),
    (
        "users_by_age",
        "users",
        ("tenant_id", "created_at", "id", "folded_email", "folded_name"),
        ("tenant_id", "created_at", "id"),
    ),
)
_KNOWN_OF_SECRETS = """
    UPDATE clients SET
        next_expiry = COALESCE(known.next_expiry, clients.next_expiry),
        last_used_at = COALESCE(known.last_used_at, 0)
    FROM (SELECT tenant_id, client_id, min(expires_at) AS next_expiry,
            max(last_used_at) AS last_used_at FROM client_secrets
            GROUP BY tenant_id, client_id) AS known
    WHERE known.tenant_id = clients.tenant_id AND known.client_id = clients.id
"""


def upgrade() -> None:
    """To this revision."""
    for name, missing in (("next_expiry", _NO_EXPIRY), ("last_used_at", 0)):
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default=str(missing))
        op.add_column("clients", column)
    op.execute(_KNOWN_OF_SECRETS)
    _fold_names()
    _write_words()
    for name, table, columns, before in _INDEXES:
        if before is not None:
            op.drop_index(name, table_name=table)
        op.create_index(name, table, list(columns), unique=False)
    with_reason = sa.text("reason IS NOT NULL")
    op.create_index(
        "events_refused",
        "events",
        ["tenant_id", "seq"],
        unique=False,
        sqlite_where=with_reason,
        postgresql_where=with_reason,
    )
    op.create_table(
        "portal_sessions",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("sign_in_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("token_mark", WORDS, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "sign_in_id"], ["sign_ins.tenant_id", "sign_ins.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(
        "portal_sessions_by_sign_in", "portal_sessions", ["tenant_id", "sign_in_id"], unique=False
    )
    op.create_table(
        "try_outs",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("redirect_uri", WORDS, nullable=True),
        sa.Column("secret_id", sa.Integer(), nullable=True),
        sa.Column("sealed_state", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id"),
    )
    op.create_index("try_outs_by_client", "try_outs", ["tenant_id", "client_id"], unique=False)
    op.create_index("try_outs_by_deadline", "try_outs", ["expires_at"], unique=False)
    op.create_table(
        "password_links",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("email", WORDS, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("password_links_by_deadline", "password_links", ["expires_at"], unique=False)


def downgrade() -> None:
    """Back to the one before, without the rows of the portal."""
    for name in _NEW:
        op.drop_table(name)
    op.drop_index("events_refused", table_name="events")
    for name, table, _, before in _INDEXES:
        op.drop_index(name, table_name=table)
        if before is not None:
            op.create_index(name, table, list(before), unique=False)
    op.drop_column("users", "folded_name")
    for name in ("next_expiry", "last_used_at", "words"):
        op.drop_column("clients", name)


def _fold_names() -> None:
    op.add_column(
        "users", sa.Column("folded_name", WORDS, nullable=False, server_default=sa.text("''"))
    )
    names = ("tenant_id", "id", "given_name", "surname", "folded_name")
    users = sa.table("users", *(sa.column(name) for name in names))
    named = sa.or_(users.c.given_name.is_not(None), users.c.surname.is_not(None))
    connection = op.get_bind()
    found = sa.select(users.c.tenant_id, users.c.id, users.c.given_name, users.c.surname)
    for row in connection.execute(found.where(named)).all():
        mine = sa.update(users).where(users.c.tenant_id == row.tenant_id, users.c.id == row.id)
        folded = fold(f"{row.given_name or ''} {row.surname or ''}")
        connection.execute(mine.values(folded_name=folded))


def _write_words() -> None:
    op.add_column(
        "clients", sa.Column("words", WORDS, nullable=False, server_default=sa.text("''"))
    )
    words = op.create_table(
        "client_words",
        sa.Column("tenant_id", WORDS, nullable=False),
        sa.Column("client_id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("word", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["clients.tenant_id", "clients.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "word"),
    )
    op.create_index(
        "client_words_by_word",
        "client_words",
        ["tenant_id", "kind", "word", "client_id"],
        unique=False,
    )
    clients = sa.table("clients", *map(sa.column, ("tenant_id", "id", "kind", "name", "words")))
    connection = op.get_bind()
    mine = (clients.c.tenant_id == sa.bindparam("tenant"), clients.c.id == sa.bindparam("client"))
    spell = sa.update(clients).where(*mine).values(words=sa.bindparam("spelled"))
    found = connection.execute(
        sa.select(clients.c.tenant_id, clients.c.id, clients.c.kind, clients.c.name)
    ).all()
    for first in range(0, len(found), _BATCH):
        batch = found[first : first + _BATCH]
        connection.execute(
            spell,
            [
                {"tenant": row.tenant_id, "client": row.id, "spelled": spelled(words_of(row.name))}
                for row in batch
            ],
        )
        connection.execute(
            words.insert(),
            [
                {"tenant_id": row.tenant_id, "client_id": row.id, "kind": row.kind, "word": entry}
                for row in batch
                for entry in entries_of(row.name, row.id)
            ],
        )
