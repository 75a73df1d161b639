"""A replica of the database, read for lists where it has replayed the newest change of the tenant.

Its own row of epochs tells how far it is, read in the same view as what is then read of it. So a
list never shows less than what this node knows to be changed (docs/decisions/0022).
"""

import logging
import time
from contextlib import ExitStack, suppress

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from gatepost.model.errors import StoreUnavailable
from gatepost.storage.engine import Database, transaction
from gatepost.storage.epochs import number_of
from gatepost.storage.tables import epochs

REST_S = 5.0
"""How long a replica that could not be read is left alone."""


class Replica:
    """One replica, as one worker reads it."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._again_at = 0.0
        self._log = logging.getLogger("gatepost.replica")

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def view(self, stack: ExitStack, tenant_id: str, newest: int | None) -> Connection | None:
        """A view with all changes up to this number, open as long as the stack.

        None where the replica has none such, or where it is not known how new it must be.
        """
        if newest is None or time.monotonic() < self._again_at:
            return None
        try:
            connection = stack.enter_context(transaction(self._engine, writing=False))
            reached = connection.scalar(
                select(epochs.c.n).where(epochs.c.number == number_of(tenant_id))
            )
        except (StoreUnavailable, DBAPIError) as fault:
            self._again_at = time.monotonic() + REST_S
            self._log.warning("the replica is left alone: %s", fault)
            with suppress(StoreUnavailable, DBAPIError):
                stack.close()
            return None
        if (reached or 0) >= newest:
            return connection
        stack.close()
        return None
