"""Removing what is over: once a minute, in batches, by every process.

Two that do it at once find different rows or none; nothing depends on who was first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gatepost.services.world import World

EVERY = timedelta(minutes=1)
BATCH = 1_000


class Sweeper:
    """Sweeps when a minute has passed since it last did; `also` is what is more than removing."""

    def __init__(self, world: World, also: Sequence[Callable[[datetime], int]] = ()) -> None:
        self._world = world
        self._also = also
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
        return gone + sum(sweep(now) for sweep in self._also)
