"""Counts the use of secrets in memory and writes the counts in batches, behind the requests."""

import threading
from collections import defaultdict

from msgspec.structs import replace

from gatepost.ports import SecretUse, Store


class UsageBook:
    """What was used since the last time the counts were kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[str, dict[tuple[str, int], SecretUse]] = defaultdict(dict)

    def note(self, tenant_id: str, use: SecretUse) -> None:
        """Count one use more."""
        key = (use.client_id, use.secret_id)
        with self._lock:
            known = self._uses[tenant_id].get(key)
            self._uses[tenant_id][key] = use if known is None else _added(known, use)

    def keep(self, store: Store) -> None:
        """Write the counts; what cannot be written is kept for the next time."""
        with self._lock:
            pending, self._uses = self._uses, defaultdict(dict)
        for tenant_id in list(pending):
            try:
                with store.writing(tenant_id) as tenancy:
                    tenancy.clients.note_uses(pending[tenant_id].values())
            except BaseException:
                self._take_back(pending)
                raise
            del pending[tenant_id]

    def _take_back(self, pending: dict[str, dict[tuple[str, int], SecretUse]]) -> None:
        for tenant_id, uses in pending.items():
            for use in uses.values():
                self.note(tenant_id, use)


def _added(known: SecretUse, use: SecretUse) -> SecretUse:
    last = max(known.last_used_at, use.last_used_at)
    return replace(use, count=known.count + use.count, last_used_at=last)
