"""What tables are made of: columns of each sort, the key of a tenant's rows, and their parents."""

from datetime import datetime

from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Text
from sqlalchemy.dialects import postgresql

from gatepost.storage.moments import Moment, MomentOrNone

# Text is ordered by code point in both databases, whatever the locale of PostgreSQL's cluster.
Words = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def tenant_key(*names: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint("tenant_id", *names)


def child_of(parent: str, column: str | None = None) -> ForeignKeyConstraint:
    """A reference to a parent row of the same tenant, which takes its children along."""
    if column is None:
        return ForeignKeyConstraint(["tenant_id"], [f"{parent}.id"], ondelete="CASCADE")
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{parent}.tenant_id", f"{parent}.id"], ondelete="CASCADE"
    )


def text_column(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Words, nullable=nullable)


def moment_column(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def ordered_moment_column(name: str, missing: int) -> Column[datetime | None]:
    return Column(name, MomentOrNone(missing), nullable=False, server_default=str(missing))


def number_column(name: str, default: int | None = None) -> Column[int]:
    return Column(name, Integer, nullable=False, default=default)
