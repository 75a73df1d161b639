"""The tables of the journal. Rows of `events` are added, never changed, and removed when old."""

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Table, text

from gatepost.storage.columns import Words, moment_column, tenant_key, text_column
from gatepost.storage.tables import metadata

# refusals and revocations have a reason
_REFUSED = text("reason IS NOT NULL")

events = Table(
    "events",
    metadata,
    text_column("tenant_id"),
    Column("seq", BigInteger, nullable=False),
    moment_column("at"),
    text_column("action"),
    text_column("actor_kind"),
    text_column("actor_id"),
    text_column("operation_id"),
    text_column("address"),
    text_column("target"),
    text_column("reason", nullable=True),
    Column("before", JSON(none_as_null=True), nullable=True),
    Column("after", JSON(none_as_null=True), nullable=True),
    Column("hash", LargeBinary, nullable=False),
    tenant_key("seq"),
    Index("events_by_target", "tenant_id", "target", "seq"),
    Index("events_by_operation", "operation_id"),
    Index("events_refused", "tenant_id", "seq", sqlite_where=_REFUSED, postgresql_where=_REFUSED),
)

journal_heads = Table(
    "journal_heads",
    metadata,
    Column("tenant_id", Words, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

# the last link that was removed of each journal of which any was; its own chain tells the same
journal_beginnings = Table(
    "journal_beginnings",
    metadata,
    Column("tenant_id", Words, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# the newest link of each journal that a checkpoint has; what it says is kept elsewhere
journal_checkpoints = Table(
    "journal_checkpoints",
    metadata,
    Column("tenant_id", Words, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment_column("at"),
)
