"""Removing what is over: once a minute, in batches, by one process of all nodes.

Which one is told by a lease in the store. It is renewed at each sweep, and when its holder is gone
the first that asks after its end takes it.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gatepost.model.errors import StoreUnavailable
from gatepost.services.master_keys import note_presence
from gatepost.services.world import World

EVERY = timedelta(minutes=1)
LEASE = timedelta(seconds=90)
BATCH = 1_000
ROUNDS = 10
"""How many batches of a kind go at once, before the clerk turns to other work."""

_OFFICE = "sweeper"
Chore = Callable[[datetime], int]


class Sweeper:
    """Sweeps when a minute has passed since it last did; `also` is what is more than removing."""

    def __init__(self, world: World, also: Sequence[Chore] = ()) -> None:
        self._world = world
        self._also = also
        self._name = world.dice.guid()
        self._swept_at: datetime | None = None

    def sweep_when_due(self) -> int:
        """How many rows went; goes on at the next call while there are more than some batches."""
        now = self._world.clock.now()
        if self._swept_at is not None and timedelta(0) <= now - self._swept_at < EVERY:
            return 0
        if not self._is_elected(now):
            self._swept_at = now
            return 0
        gone, is_done = self._sweep(now)
        if is_done:
            self._swept_at = now
        return gone + sum(self._done(chore, now) for chore in self._also)

    def _done(self, chore: Chore, now: datetime) -> int:
        """What a chore removed; one that fails keeps no other from its turn."""
        log = logging.getLogger("gatepost.sweeper")
        try:
            return chore(now)
        except StoreUnavailable as fault:
            log.warning("something is left for the next minute: %s", fault)
        except Exception:
            log.exception("something is left for the next minute")
        return 0

    def _is_elected(self, now: datetime) -> bool:
        with self._world.store.writing_all() as deployment:
            note_presence(self._world, deployment, now + LEASE)
            return deployment.take_lease(_OFFICE, self._name, now, now + LEASE)

    def _sweep(self, now: datetime) -> tuple[int, bool]:
        gone = 0
        for _ in range(ROUNDS):
            went = self._world.store.sweep(now, BATCH)
            gone += sum(went)
            if max(went) < BATCH:
                return gone, True
        return gone, False
