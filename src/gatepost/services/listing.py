"""What the portal's list of clients shows, and what depends on one of them."""

from typing import NamedTuple

from gatepost.model.clients import Secret, StoredClient
from gatepost.model.errors import Code, NotFound
from gatepost.model.text import fold
from gatepost.ports import ClientQuery, Dependents, ListedClient, PageOf
from gatepost.services.named_clients import managed
from gatepost.services.world import World

MOST_COUNTED = 1_000
_SOME = 20


class Listing(NamedTuple):
    """A page of clients, and how many there are; of a selection, at most so many are counted."""

    rows: tuple[ListedClient, ...]
    total: int
    is_more: bool


class Belongings(NamedTuple):
    """What would go with a client."""

    secrets: tuple[Secret, ...]
    dependents: Dependents


def page(world: World, tenant_id: str, query: ClientQuery) -> Listing:
    """One page of the list."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        rows = tenancy.clients.listed(query)
        if query.is_all:
            return Listing(rows, tenancy.clients.count(query.kind, ()), is_more=False)
        total = query.page.told_total(len(rows))
        if total is None:
            total = tenancy.clients.count_listed(query, MOST_COUNTED)
        return Listing(rows, min(total, MOST_COUNTED), is_more=total >= MOST_COUNTED)


def one(world: World, tenant_id: str, client_id: str) -> ListedClient:
    """One client as the list shows it."""
    with world.store.reading(tenant_id) as tenancy:
        client = managed(tenancy, client_id)
        found = tenancy.clients.listing(client.settings.id)
    if found is None:
        raise NotFound(Code.CLIENT_NOT_FOUND, "client", client_id)
    return found


def namesakes(world: World, tenant_id: str, client: StoredClient) -> bool:
    """Whether another client of the kind has the same name: allowed, and worth a word."""
    name = client.settings.name
    query = ClientQuery(kind=client.kind, search=name, page=PageOf(0, _SOME))
    with world.store.reading(tenant_id) as tenancy:
        found = [row.client.settings for row in tenancy.clients.listed(query)]
    return any(fold(s.name) == fold(name) and s.id != client.settings.id for s in found)


def belongings(world: World, tenant_id: str, client_id: str) -> Belongings:
    """What would go with a client."""
    now = world.clock.now()
    with world.store.reading(tenant_id) as tenancy:
        id_ = managed(tenancy, client_id).settings.id
        secrets = tenancy.clients.secrets(id_)
        return Belongings(secrets, tenancy.grants.dependents(id_, now, MOST_COUNTED))
