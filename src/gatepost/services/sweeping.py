"""Removing what is over: once a minute, in batches, by every process.

Two that do it at once find different rows or none; nothing depends on who was first.
"""

from datetime import datetime, timedelta

from gatepost.services.world import World

EVERY = timedelta(minutes=1)
BATCH = 1_000


class Sweeper:
    """Sweeps when a minute has passed since it last did."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._swept_at: datetime | None = None

    def sweep_when_due(self) -> int:
        """How many rows went; goes on at the next call while there are more than one batch."""
        now = self._world.clock.now()
        if self._swept_at is not None and timedelta(0) <= now - self._swept_at < EVERY:
            return 0
        with self._world.store.writing_all() as deployment:
            gone = deployment.sweep(now, BATCH)
        if gone < BATCH:
            self._swept_at = now
        return gone
