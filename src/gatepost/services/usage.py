"""Counts the use of secrets in memory and writes the counts in batches, behind the requests."""

import threading
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby, islice

from gatepost.ports import SecretUse, Store

MOST_AT_ONCE = 500
"""How many counts are written at once: what takes little of a second, whoever is counted."""

_Key = tuple[str, str, int]


class UsageBook:
    """What was used since the last time the counts were kept, the longest waiting first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[_Key, tuple[int, datetime]] = {}

    def note(self, tenant_id: str, use: SecretUse) -> None:
        """Count a use more."""
        key = (tenant_id, use.client_id, use.secret_id)
        with self._lock:
            self._add(key, use.count, use.last_used_at)

    def keep(self, store: Store, most: int = MOST_AT_ONCE) -> int:
        """Write some of the counts; how many are left. What cannot be written is kept."""
        with self._lock:
            taken = [(key, self._uses.pop(key)) for key in list(islice(self._uses, most))]
        try:
            _write(store, taken)
        except BaseException:
            with self._lock:
                for key, (count, last) in taken:
                    self._add(key, count, last)
            raise
        return len(self._uses)

    def keep_all(self, store: Store) -> None:
        """Write all of the counts, for the end."""
        while self.keep(store):
            pass

    def _add(self, key: _Key, count: int, last: datetime) -> None:
        known = self._uses.get(key)
        if known is not None:
            count, last = count + known[0], max(last, known[1])
        self._uses[key] = (count, last)


def _write(store: Store, taken: Iterable[tuple[_Key, tuple[int, datetime]]]) -> None:
    """In one transaction, and in the order of tenants: writers then wait for nobody in a ring."""
    if not taken:
        return
    with store.writing_all() as deployment:
        for tenant_id, uses in groupby(sorted(taken), key=lambda use: use[0][0]):
            clients = deployment.open(tenant_id).clients
            clients.note_uses([SecretUse(*key[1:], *told) for key, told in uses])
