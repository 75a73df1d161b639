"""Counts the use of secrets in memory and writes the counts in batches, behind the requests."""

import threading
from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from gatepost.ports import SecretUse, Store

MOST_AT_ONCE = 100
MOST_TENANTS = 20
"""How many counts are written at once, and of how many tenants: what takes little of a second."""

_Counts = dict[tuple[str, int], tuple[int, datetime]]


class UsageBook:
    """What was used since the last time the counts were kept, the longest waiting first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[str, _Counts] = {}

    def note(self, tenant_id: str, use: SecretUse) -> None:
        """Count a use more."""
        with self._lock:
            counts = self._uses.get(tenant_id)
            if counts is None:
                counts = self._uses[tenant_id] = {}
            _add(counts, (use.client_id, use.secret_id), (use.count, use.last_used_at))

    def keep(self, store: Store) -> bool:
        """Write some of the counts; whether any are left. What cannot be written is kept."""
        taken = self._take()
        try:
            _write(store, taken)
        except BaseException:
            with self._lock:
                for tenant_id, counts in taken.items():
                    for key, told in counts.items():
                        _add(self._uses.setdefault(tenant_id, {}), key, told)
            raise
        return bool(self._uses)

    def keep_all(self, store: Store) -> None:
        """Write all of the counts, for the end."""
        while self.keep(store):
            pass

    def waiting(self) -> int:
        """How many counts wait to be written."""
        with self._lock:
            return sum(map(len, self._uses.values()))

    def _take(self) -> dict[str, _Counts]:
        """The counts that wait longest; a tenant with more than all room comes last next time."""
        taken: dict[str, _Counts] = {}
        room = MOST_AT_ONCE
        with self._lock:
            for tenant_id in list(islice(self._uses, MOST_TENANTS)):
                counts = self._uses.pop(tenant_id)
                taken[tenant_id] = {key: counts.pop(key) for key in list(islice(counts, room))}
                room -= len(taken[tenant_id])
                if counts:
                    self._uses[tenant_id] = counts
                if not room:
                    break
        return taken


def _add(counts: _Counts, key: tuple[str, int], told: tuple[int, datetime]) -> None:
    known = counts.get(key)
    counts[key] = told if known is None else (known[0] + told[0], max(known[1], told[1]))


def _write(store: Store, taken: Mapping[str, _Counts]) -> None:
    """In one transaction, and in the order of tenants: writers then wait for nobody in a ring."""
    if not taken:
        return
    with store.writing_all() as deployment:
        for tenant_id in sorted(taken):
            uses = [SecretUse(*key, *told) for key, told in sorted(taken[tenant_id].items())]
            deployment.open(tenant_id).clients.note_uses(uses)
