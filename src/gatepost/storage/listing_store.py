"""Clients with what the portal's lists show beside their settings, and how clients are read.

The ids of a page are read off an index that has all that is filtered by, and whole rows by id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, literal, select

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.clients import StoredClient
from gatepost.model.search import search_for
from gatepost.ports import ClientQuery, ExpiringSecret, ListedClient, PageOf
from gatepost.storage.client_search import ClientSearch
from gatepost.storage.moments import NO_EXPIRY
from gatepost.storage.secret_store import SqlSecretStore, secret_of_row
from gatepost.storage.tables import client_roles, client_secrets, clients
from gatepost.storage.unit_of_work import Order

_ORDERS = {
    "name": (clients.c.folded_name, clients.c.id),
    "created": (clients.c.created_at, clients.c.id),
    "expiry": (clients.c.next_expiry, clients.c.id),
    "used": (clients.c.last_used_at, clients.c.id),
}
_NEVER = literal(NO_EXPIRY, BigInteger)
_EARLIEST_FIRST = (client_secrets.c.expires_at, client_secrets.c.client_id, client_secrets.c.id)


class SqlListingStore(SqlSecretStore):
    """The part of `ports.ClientStore` that the portal's lists are read from."""

    def listed(self, query: ClientQuery) -> tuple[ListedClient, ...]:
        """A page of the portal's list; no page of a long list costs much more than another."""
        total = self._total(query.kind) if query.is_all else None
        order = Order(_ORDERS[query.order], query.descending)
        return self._listed(self._work.ids_in_order(self._met(query), order, query.page, total))

    def count_listed(self, query: ClientQuery, most: int) -> int:
        """How many clients the query meets, counted up to `most`."""
        if query.is_all:
            return min(self._total(query.kind), most)
        return self._work.up_to(most, self._met(query))

    def listing(self, client_id: str) -> ListedClient | None:
        """One client as the list shows it."""
        found = self._listed((client_id,))
        return found[0] if found else None

    def expiring(self, before: datetime, page: PageOf) -> tuple[ExpiringSecret, ...]:
        """Secrets that expire before a moment or have expired, earliest first."""
        keys = self._expiring(before).order_by(*_EARLIEST_FIRST)
        wanted = keys.limit(page.count).offset(page.skip).subquery()
        mine = and_(
            *self._here(client_secrets),
            client_secrets.c.client_id == wanted.c.client_id,
            client_secrets.c.id == wanted.c.id,
        )
        joined = select(client_secrets).join(wanted, mine).order_by(*_EARLIEST_FIRST)
        rows = self._work.read(joined).all()
        listed = self._listed(list({row.client_id for row in rows}))
        owners = {one.client.settings.id: one.client for one in listed}
        return tuple(ExpiringSecret(owners[row.client_id], secret_of_row(row)) for row in rows)

    def count_expiring(self, before: datetime, most: int) -> int:
        """How many such secrets there are, counted up to `most`."""
        return self._work.up_to(most, self._expiring(before))

    def load(self, statement: Select[Any]) -> tuple[StoredClient, ...]:
        """The clients that a selection of whole rows finds, each with its roles."""
        return self._of_rows(self._work.read(statement).all())

    def _met(self, query: ClientQuery) -> Select[Any]:
        met = _bounds(query)
        if query.enabled is not None:
            met.append(clients.c.enabled.is_(query.enabled))
        search = search_for(query.search)
        found = ClientSearch(self._work, (self._tenant_id, query.kind), search).ids()
        return found.where(*met)

    def _total(self, kind: str) -> int:
        return self._work.counted(self._tenant_id, f"clients.{kind}")

    def _expiring(self, before: datetime) -> Select[Any]:
        keys = select(client_secrets.c.client_id, client_secrets.c.id)
        return keys.where(*self._here(client_secrets), client_secrets.c.expires_at < before)

    def _listed(self, ids: Sequence[str]) -> tuple[ListedClient, ...]:
        if not ids:
            return ()
        named = select(clients).where(*self._here(clients), clients.c.id.in_(list(ids)))
        rows = self._work.read(named).all()
        pairs = zip(self._of_rows(rows), rows, strict=True)
        by_id = {
            row.id: ListedClient(client, row.next_expiry, row.last_used_at) for client, row in pairs
        }
        return tuple(by_id[id_] for id_ in ids if id_ in by_id)

    def _of_rows(self, rows: Sequence[Row[Any]]) -> tuple[StoredClient, ...]:
        with_roles = [row.id for row in rows if BY_NAME[row.kind].has_roles]
        roles: dict[str, list[str]] = {client_id: [] for client_id in with_roles}
        if with_roles:
            held = select(client_roles.c.client_id, client_roles.c.role_id).where(
                *self._here(client_roles), client_roles.c.client_id.in_(with_roles)
            )
            for pair in self._work.read(
                held.order_by(client_roles.c.client_id, client_roles.c.role_id)
            ):
                roles[pair.client_id].append(pair.role_id)
        return tuple(_client(row, roles.get(row.id)) for row in rows)


def _bounds(query: ClientQuery) -> list[ColumnElement[bool]]:
    """What the query asks of the nearest expiry; a client without one is within no bounds."""
    found: list[ColumnElement[bool]] = []
    if query.expires_from is not None:
        found += [clients.c.next_expiry >= query.expires_from, clients.c.next_expiry < _NEVER]
    if query.expires_before is not None:
        found.append(clients.c.next_expiry < query.expires_before)
    if query.without_expiry:
        found.append(clients.c.next_expiry == _NEVER)
    return found


def _client(row: Row[Any], role_ids: list[str] | None) -> StoredClient:
    document = {**row.settings, "Id": row.id}
    if role_ids is not None:
        document["RoleIds"] = role_ids
    return StoredClient(
        kind=row.kind,
        settings=msgspec.convert(document, BY_NAME[row.kind].settings),
        incarnation=row.incarnation,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
