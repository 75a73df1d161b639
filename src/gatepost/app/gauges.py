"""What one worker stands at: read four times a second by the thread that counts, from memory."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from gatepost import __version__
from gatepost.app.ledger import Share
from gatepost.app.watch import Watch
from gatepost.model import measures
from gatepost.model.keys import KeyRules, Phase, signing_key
from gatepost.ports import Clock
from gatepost.services.world import World
from gatepost.storage.sql_store import SqlStore
from gatepost.web.front import Front
from gatepost.web.health import Standing

HORIZONS = {"7d": timedelta(days=7), "30d": timedelta(days=30)}
OUTLOOK_GOOD_FOR_S = 180.0
"""How long what the sweeper saw is told: another process may have its office after that."""

_OUTLOOK_EVERY_S = 55.0

Say = Callable[[Share], None]


class Queue(NamedTuple):
    """Something that waits to be done behind the answers; of some only so many may wait."""

    length: Callable[[], int]
    limit: int | None = None


class Outlook:
    """What the sweeper of the deployment sees when it sweeps; nothing where another one does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._swept_at: float | None = None
        self._counted_at: float | None = None
        self._expiring: Mapping[str, int] = {}

    def look(self, now: datetime) -> int:
        """Count what expires soon, once a minute; the sweeper's, for which this removes nothing."""
        moment = time.monotonic()
        if self._counted_at is None or moment - self._counted_at >= _OUTLOOK_EVERY_S:
            with self._world.store.reading_all() as deployment:
                ends = [now + length for length in HORIZONS.values()]
                counts = deployment.count_expiring_secrets(now, ends)
            self._expiring = dict(zip(HORIZONS, counts, strict=True))
            self._counted_at = moment
        self._swept_at = moment
        return 0

    def say(self, share: Share) -> None:
        """Tell what was seen, while it is good."""
        end = (self._counted_at or 0.0) + OUTLOOK_GOOD_FOR_S
        expiring = self._expiring if time.monotonic() < end else {}
        for within in HORIZONS:
            share.set((measures.SECRETS, within), expiring.get(within))
        share.set((measures.SWEEP_AGE,), self._swept_at)


def standing(stands: Callable[[], Standing]) -> Say:
    """Whether the worker is ready, and of which version it is."""

    def say(share: Share) -> None:
        share.set((measures.READY,), stands() is Standing.READY)
        share.set((measures.BUILD, __version__), 1)

    return say


def calls(front: Front) -> Say:
    """How busy the threads are, and what they had to refuse."""
    refused: Counter[str] = Counter()

    def say(share: Share) -> None:
        for pool, load in front.loads().items():
            share.set((measures.CALLS, pool, "busy"), load.busy)
            share.set((measures.CALLS, pool, "waiting"), load.waiting)
            share.set((measures.CALLS_LIMIT, pool), load.most)
            share.add((measures.CALLS_REFUSED, pool), load.refused - refused[pool])
            refused[pool] = load.refused

    return say


def queues(named: Mapping[str, Queue]) -> Say:
    """What waits behind the answers."""

    def say(share: Share) -> None:
        for name, queue in named.items():
            share.set((measures.QUEUE, name), queue.length())
            if queue.limit is not None:
                share.set((measures.QUEUE_LIMIT, name), queue.limit)

    return say


def connections(store: SqlStore) -> Say:
    """How many connections to the store there are, and how many threads wait for one."""

    def say(share: Share) -> None:
        load = store.load()
        for state, number in (("used", load.used), ("free", load.free), ("wanted", load.wanted)):
            share.set((measures.CONNECTIONS, state), number)
        share.set((measures.CONNECTIONS_LIMIT,), load.limit)

    return say


def checkpoints(waiting: Callable[[datetime], timedelta | None], clock: Clock) -> Say:
    """How long checkpoints have waited, where this process writes them."""

    def say(share: Share) -> None:
        wait = waiting(clock.now())
        share.set((measures.CHECKPOINT_WAIT,), None if wait is None else wait.total_seconds())

    return say


def sight(watch: Watch, clock: Clock, rules: KeyRules) -> Say:
    """What the watch saw: when, and which keys, beside how long one is to sign."""
    scheduled = rules.active_for

    def say(share: Share) -> None:
        now, keys = clock.now(), watch.keys
        share.set((measures.STORE_AGE,), watch.seen_at)
        phases = Counter(key.phase(now) for key in keys)
        for phase in (Phase.ANNOUNCED, Phase.ACTIVE, Phase.RETAINED):
            share.set((measures.KEYS, phase.value), phases[phase])
        key = signing_key(keys, now)
        ends = key.retained_from if key else None
        share.set((measures.KEY_AGE,), (now - key.active_from).total_seconds() if key else None)
        share.set((measures.KEY_LEFT,), (ends - now).total_seconds() if ends else None)
        share.set((measures.KEY_SCHEDULE,), scheduled.total_seconds() if scheduled else None)

    return say
