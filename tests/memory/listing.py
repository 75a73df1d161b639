"""The portal's lists of clients and secrets in memory: a part of `ports.ClientStore`."""

from datetime import UTC, datetime
from typing import Any

from gatepost.model.clients import StoredClient
from gatepost.model.search import meets, search_for
from gatepost.model.text import fold
from gatepost.ports import ClientQuery, ExpiringSecret, ListedClient, PageOf
from tests.memory.unit import Room

_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


class MemoryListingStore(Room):
    """Clients with what the lists show beside their settings."""

    def listed(self, query: ClientQuery) -> tuple[ListedClient, ...]:
        """A page of the portal's list; no page of a long list costs much more than another."""
        in_order = sorted(
            self._met(query), key=lambda one: _rank(one, query.order), reverse=query.descending
        )
        return tuple(in_order[query.page.skip : query.page.skip + query.page.count])

    def count_listed(self, query: ClientQuery, most: int) -> int:
        """How many clients the query meets, counted up to `most`."""
        return min(most, len(self._met(query)))

    def listing(self, client_id: str) -> ListedClient | None:
        """One client as the list shows it."""
        kept = self._tables.clients.get(self._key(client_id))
        return None if kept is None else self._listing(kept)

    def expiring(self, before: datetime, page: PageOf) -> tuple[ExpiringSecret, ...]:
        """Secrets that expire before a moment or have expired, earliest first."""
        return tuple(self._expiring(before)[page.skip : page.skip + page.count])

    def count_expiring(self, before: datetime, most: int) -> int:
        """How many such secrets there are, counted up to `most`."""
        return min(most, len(self._expiring(before)))

    def _met(self, query: ClientQuery) -> list[ListedClient]:
        of_kind = [one for one in self._here(self._tables.clients) if one.kind == query.kind]
        return [one for one in map(self._listing, of_kind) if _meets(one, query)]

    def _listing(self, client: StoredClient) -> ListedClient:
        key = self._key(client.settings.id)
        ends = [
            kept.secret.expires_at
            for of, kept in self._tables.secrets.items()
            if of[:2] == key and kept.secret.expires_at is not None
        ]
        return ListedClient(client, min(ends, default=None), self._tables.last_uses.get(key))

    def _expiring(self, before: datetime) -> list[ExpiringSecret]:
        found = [
            (kept.secret.expires_at, client_id, number)
            for (tenant_id, client_id, number), kept in self._tables.secrets.items()
            if tenant_id == self._tenant_id
            and kept.secret.expires_at is not None
            and kept.secret.expires_at < before
        ]
        return [
            ExpiringSecret(
                self._tables.clients[self._key(client_id)],
                self._tables.secrets[(*self._key(client_id), number)].secret,
            )
            for _, client_id, number in sorted(found)
        ]


def _meets(listed: ListedClient, query: ClientQuery) -> bool:
    settings, end = listed.client.settings, listed.next_expiry
    return (
        meets(search_for(query.search), settings.name, settings.id)
        and query.enabled in {None, settings.enabled}
        and (query.expires_from is None or (end is not None and end >= query.expires_from))
        and (query.expires_before is None or (end is not None and end < query.expires_before))
        and not (query.without_expiry and end is not None)
    )


def _rank(listed: ListedClient, order: str) -> tuple[Any, ...]:
    client, id_ = listed.client, listed.client.settings.id
    ranks: dict[str, tuple[Any, ...]] = {
        "name": (fold(client.settings.name), id_),
        "created": (client.created_at, id_),
        "expiry": (listed.next_expiry is None, listed.next_expiry or _NO_MOMENT, id_),
        "used": (listed.last_used_at or _NO_MOMENT, id_),
    }
    return ranks[order]
