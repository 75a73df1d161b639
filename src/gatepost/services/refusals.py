"""Refusals leave their mark in the journal, but nobody can flood it with them.

Of each culprit the first refusals of a minute are written one by one; the rest of that minute are
counted, and the count goes with the next one that is written. Every single one is in the log.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from gatepost.model import measures
from gatepost.model.events import Action, Event, Origin
from gatepost.model.measures import Series
from gatepost.model.text import quoted
from gatepost.services.world import World

MOST_IN_A_MINUTE = 20
_MINUTE = timedelta(minutes=1)
_MOST_CULPRITS = 10_000


class RefusalBook:
    """Writes refusals, within bounds, for one process."""

    def __init__(self, world: World, count: Callable[[Series], None] | None = None) -> None:
        self._world = world
        self._count = count or (lambda _series: None)
        self._log = logging.getLogger("gatepost.refusals")
        self._lock = threading.Lock()
        self._minute_began = world.clock.now()
        self._seen: dict[tuple[str, str], int] = {}
        self._unwritten: dict[tuple[str, str], tuple[int, Event]] = {}

    def remember(self, tenant_id: str, event: Event, culprit: str | None = None) -> None:
        """Write the refusal into the tenant's journal, or count it.

        The culprit is who acted, or what was aimed at; or who is named, where whether the target
        exists must not be told by how much is written (R-48).
        """
        self.tell(event.action, event.reason or "", event.target, event.origin)
        unwritten = self._turn((tenant_id, culprit or event.actor.id or event.target), event)
        if unwritten is None:
            return
        told = _counting(event, unwritten) if unwritten else event
        with self._world.store.writing(tenant_id) as tenancy:
            tenancy.journal.append(told)

    def keep(self) -> None:
        """Write what was only counted, with the last of each; for the end of the process."""
        with self._lock:
            unwritten, self._unwritten = self._unwritten, {}
        for (tenant_id, _), (number, last) in unwritten.items():
            with self._world.store.writing(tenant_id) as tenancy:
                tenancy.journal.append(_counting(last, number - 1))

    def tell(self, action: Action, reason: str, target: str, origin: Origin) -> None:
        """Only log a refusal: one that belongs to no tenant."""
        self._count(measures.refusal(action.value, reason))
        told = {**origin._asdict(), "action": action.value, "reason": reason}
        self._log.warning("%s: %s (%s)", action.value, reason, quoted(target), extra=told)

    def _turn(self, culprit: tuple[str, str], event: Event) -> int | None:
        """How many were not written before this one, or None when this one is not written."""
        with self._lock:
            now = self._world.clock.now()
            if not timedelta(0) <= now - self._minute_began < _MINUTE:
                self._minute_began = now
                self._seen.clear()
            self._seen[culprit] = self._seen.get(culprit, 0) + 1
            if self._seen[culprit] <= MOST_IN_A_MINUTE and len(self._seen) <= _MOST_CULPRITS:
                return self._unwritten.pop(culprit, (0, event))[0]
            if len(self._unwritten) < _MOST_CULPRITS:
                self._unwritten[culprit] = (self._unwritten.get(culprit, (0, event))[0] + 1, event)
            return None


def _counting(event: Event, unwritten: int) -> Event:
    """The event with the count of those before it, beside what is known of it already."""
    return replace(event, after={**(event.after or {}), "NotWrittenBefore": unwritten})
