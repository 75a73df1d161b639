"""The clients of one tenant. How they are read and listed stands in `listing_store`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import ColumnElement, Table, delete, func, select, update

from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import StoredClient
from gatepost.model.search import entries_of, spelled, words_of
from gatepost.model.text import fold
from gatepost.ports import PageOf
from gatepost.storage.listing_store import SqlListingStore
from gatepost.storage.tables import (
    client_origins,
    client_roles,
    client_tags,
    client_words,
    clients,
)

# Members of the settings that stand in columns or tables of their own.
_KEPT_ELSEWHERE = frozenset({"Id", "RoleIds"})


class SqlClientStore(SqlListingStore):
    """`ports.ClientStore` on SQL."""

    def add(self, client: StoredClient) -> bool:
        """Keep a new client; False when any tenant has a client with this id."""
        settings = client.settings
        row = self._columns(client) | {
            "tenant_id": self._tenant_id,
            "id": settings.id,
            "kind": client.kind,
            "incarnation": client.incarnation,
            "next_secret_id": 1,
            "created_at": client.created_at,
        }
        if not self._work.add(clients, row):
            return False
        self._add_details(client)
        self._add_words(client)
        self._work.count_up(self._tenant_id, f"clients.{client.kind}", 1)
        return True

    def get(self, kind: str, client_id: str) -> StoredClient | None:
        """The client of this kind and id."""
        return self._first(clients.c.kind == kind, clients.c.id == client_id)

    def find(self, client_id: str) -> StoredClient | None:
        """The client of this id, whatever its kind."""
        return self._first(clients.c.id == client_id)

    def page(self, kind: str, tags: Sequence[str], page: PageOf) -> tuple[StoredClient, ...]:
        """Clients that have all of the tags, in order of creation."""
        of_kind = (*self._here(clients), clients.c.kind == kind, *self._tagged(tags))
        total = None if tags else self.count(kind, ())
        return self.some(kind, self._work.ids_by_age(clients, of_kind, page, total), ())

    def count(self, kind: str, tags: Sequence[str]) -> int:
        """How many clients have all of the tags."""
        if not tags:
            return self._work.counted(self._tenant_id, f"clients.{kind}")
        row = self._work.one(
            select(func.count().label("n"))
            .select_from(clients)
            .where(*self._here(clients), clients.c.kind == kind, *self._tagged(tags))
        )
        return row.n if row else 0

    def count_all(self) -> int:
        """How many clients of all kinds there are."""
        return sum(
            self._work.counted(self._tenant_id, f"clients.{kind.name}") for kind in CLIENT_KINDS
        )

    def some(self, kind: str, ids: Sequence[str], tags: Sequence[str]) -> tuple[StoredClient, ...]:
        """Those of the named clients that exist and have all of the tags, in the order named."""
        if not ids:
            return ()
        named = select(clients).where(*self._here(clients), clients.c.id.in_(list(ids)))
        # The kind is compared here: asked for it too, SQLite walks the index of all of the kind.
        found = self.load(named.where(*self._tagged(tags)))
        by_id = {client.settings.id: client for client in found if client.kind == kind}
        return tuple(by_id[id_] for id_ in dict.fromkeys(ids) if id_ in by_id)

    def save(self, client: StoredClient, seen_version: int) -> bool:
        """Keep changed settings; False when somebody changed the client after `seen_version`."""
        mine = (*self._here(clients), clients.c.id == client.settings.id)
        seen = (*mine, clients.c.version == seen_version)
        before = self._work.one(select(clients.c.kind, clients.c.words).where(*seen))
        columns = self._columns(client)
        if before is None or not self._work.change(update(clients).where(*seen).values(columns)):
            return False
        self._drop_rows(client, (client_roles, client_tags, client_origins))
        self._add_details(client)
        if before.words != columns["words"]:
            self._drop_rows(client, (client_words,))
            self._add_words(structs.replace(client, kind=before.kind))
        return True

    def remove(self, client_id: str) -> None:
        """Remove the client with its secrets and roles."""
        client = self.find(client_id)
        if client is None:
            return
        self._work.change(delete(clients).where(*self._here(clients), clients.c.id == client_id))
        self._work.count_up(self._tenant_id, f"clients.{client.kind}", -1)

    def _first(self, *conditions: ColumnElement[bool]) -> StoredClient | None:
        found = self.load(select(clients).where(*self._here(clients), *conditions))
        return found[0] if found else None

    def _tagged(self, tags: Sequence[str]) -> list[ColumnElement[bool]]:
        wanted = list(dict.fromkeys(tags))
        if not wanted:
            return []
        having_all = (
            select(client_tags.c.client_id)
            .where(*self._here(client_tags), client_tags.c.tag.in_(wanted))
            .group_by(client_tags.c.client_id)
            .having(func.count() == len(wanted))
        )
        return [clients.c.id.in_(having_all)]

    def _columns(self, client: StoredClient) -> dict[str, object]:
        settings: dict[str, Any] = msgspec.to_builtins(client.settings)
        return {
            "name": client.settings.name,
            "folded_name": fold(client.settings.name),
            "words": spelled(words_of(client.settings.name)),
            "enabled": client.settings.enabled,
            "settings": {k: v for k, v in settings.items() if k not in _KEPT_ELSEWHERE},
            "updated_at": client.updated_at,
            "version": client.version,
        }

    def _drop_rows(self, client: StoredClient, tables: tuple[Table, ...]) -> None:
        for table in tables:
            mine = (*self._here(table), table.c.client_id == client.settings.id)
            self._work.change(delete(table).where(*mine))

    def _add_words(self, client: StoredClient) -> None:
        of_client = {
            "tenant_id": self._tenant_id,
            "client_id": client.settings.id,
            "kind": client.kind,
        }
        entries = entries_of(client.settings.name, client.settings.id)
        self._work.add_all(client_words, [{**of_client, "word": entry} for entry in entries])

    def _add_details(self, client: StoredClient) -> None:
        settings = client.settings
        details = (
            (client_roles, "role_id", getattr(settings, "role_ids", ())),
            (client_tags, "tag", settings.tags),
            (client_origins, "origin", getattr(settings, "allowed_cors_origins", ())),
        )
        for table, column, values in details:
            rows = [
                {"tenant_id": self._tenant_id, "client_id": settings.id, column: value}
                for value in dict.fromkeys(values)
            ]
            self._work.add_all(table, rows)
