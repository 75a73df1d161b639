"""Alembic's entry: runs the migrations on the connection, and in the transaction, it is given."""

from alembic import context

from gatepost.storage import flow_tables  # noqa: F401  (its tables belong to the metadata)
from gatepost.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
