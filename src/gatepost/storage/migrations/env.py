"""Alembic's entry: runs the migrations on the connection, and in the transaction, it is given."""

from alembic import context

from gatepost.storage import journal_tables, portal_tables  # noqa: F401  (theirs belong to it too)
from gatepost.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
