"""Reads that are written down: who looked at what only a person and we know of them.

Of an actor and a target one read an hour is written, however many there are and on however many
nodes. The read that is written waits for it, and where it cannot be written nothing is read.
"""

import threading
from datetime import datetime, timedelta

from gatepost.model.events import Action, Actor
from gatepost.ports import Tenancy
from gatepost.services.world import Act, World, event

WRITTEN_FOR = timedelta(hours=1)
MOST_KNOWN = 10_000
_LOOKED_THROUGH = 50

_Reading = tuple[str, Action, Actor, str]


class Readings:
    """Writes reads, within bounds, and knows for an hour which it wrote."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._written: dict[_Reading, datetime] = {}

    def note(self, act: Act, action: Action, target: str) -> None:
        """Write down that somebody reads this, unless it was within the hour."""
        reading = (act.tenant_id, action, act.actor, target)
        now = self._world.clock.now()
        with self._lock:
            if _is_within(self._written.get(reading), now):
                return
        with self._world.store.writing(act.tenant_id) as tenancy:
            at = _written_at(tenancy, reading, now)
            if at is None:
                at = now
                tenancy.journal.append(event(self._world, act, action, target))
        self._keep(reading, at, now)

    def _keep(self, reading: _Reading, at: datetime, now: datetime) -> None:
        with self._lock:
            if len(self._written) >= MOST_KNOWN:
                recent = {one: at for one, at in self._written.items() if _is_within(at, now)}
                self._written = recent if len(recent) < MOST_KNOWN else {}
            self._written[reading] = at


def _written_at(tenancy: Tenancy, reading: _Reading, now: datetime) -> datetime | None:
    """When another process wrote it within the hour."""
    _, action, actor, target = reading
    for link in tenancy.journal.about(target, None, _LOOKED_THROUGH):
        known = link.event
        if (known.action, known.actor) == (action, actor) and _is_within(known.at, now):
            return known.at
    return None


def _is_within(at: datetime | None, now: datetime) -> bool:
    return at is not None and timedelta(0) <= now - at < WRITTEN_FOR
