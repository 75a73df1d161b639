"""The tables of the deployment as a whole, which belong to no tenant."""

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, Table

from gatepost.storage.tables import Words, metadata, moment_column, text_column

deployment = Table(
    "deployment",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# how many numbers the tenants fall on; see storage/epochs
EPOCHS = 256
epochs = Table(
    "epochs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
)

# who does what one process alone is to do, such as sweeping
leases = Table(
    "leases",
    metadata,
    Column("office", Words, primary_key=True),
    text_column("holder"),
    moment_column("ends_at"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Words, primary_key=True),
    text_column("algorithm"),
    Column("public_jwk", JSON, nullable=False),
    Column("sealed_private", LargeBinary, nullable=False),
    moment_column("created_at"),
    moment_column("active_from"),
    moment_column("retained_from", nullable=True),
    moment_column("removed_from", nullable=True),
)
