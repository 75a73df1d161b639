"""Cards: what a token needs to know of clients and people, kept while nothing was changed.

A card carries the epoch that was taken before the store was read, and is used while the epoch is
the same (docs/decisions/0021). Nothing is kept of what is not there.
"""

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from gatepost.model.clients import SecretDigest, StoredClient
from gatepost.model.grants import Family
from gatepost.model.people import User
from gatepost.model.shelf import Shelf
from gatepost.ports import Epochs, PersonFacts, Store
from gatepost.protocol.claims import Principal
from gatepost.protocol.id_tokens import Person
from gatepost.services.principals import Standing, speaking

MOST_CARDS = 32_768

_V = TypeVar("_V")


class ClientCard(NamedTuple):
    """A client, what its secrets are compared with, and its standing when it acts for itself."""

    tenant_id: str
    client: StoredClient
    digests: tuple[SecretDigest, ...]
    standing: Standing | None


class Cards:
    """The cards of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clients: _Drawer[ClientCard] = _Drawer(store.epochs)
        self._people: _Drawer[PersonFacts] = _Drawer(store.epochs)

    def client_at_hand(self, client_id: str) -> ClientCard | None:
        """The card of a client, where there is a good one."""
        return self._clients.good(client_id)

    def client(self, client_id: str) -> ClientCard | None:
        """The card of a client, made anew where there is no good one; None for no client."""
        return self._clients.good(client_id) or self._read_client(client_id)

    def standing_of(self, client: ClientCard, user_id: str) -> Standing | None:
        """The standing of a person who acts through a client; None when either may not act."""
        found = self._person(client, user_id)
        return found[1] if found else None

    def person_of(self, client: ClientCard, family: Family) -> tuple[Principal, Person] | None:
        """The person of a grant to a client, as tokens tell of them; None when they may not act."""
        found = self._person(client, family.user_id)
        return speaking(client.tenant_id, family, *found) if found else None

    def _person(self, client: ClientCard, user_id: str) -> tuple[User, Standing] | None:
        name = (client.tenant_id, user_id)
        card = self._people.good(name) or self._read_person(*name)
        if card is None or not card.user.enabled or not client.client.settings.enabled:
            return None
        user, *roles = card
        return user, Standing(client.client.incarnation + user.incarnation, *roles)

    def _read_client(self, client_id: str) -> ClientCard | None:
        # Before the store is read: what is newer must not look as old.
        glance = self._store.epochs.glance()
        facts = self._store.client_facts(client_id)
        if facts is None:
            return None
        tenant_id, client, digests, *roles = facts
        enabled = client.settings.enabled
        standing = Standing(client.incarnation, *roles) if enabled else None
        card = ClientCard(tenant_id, client, digests, standing)
        self._clients.keep(client_id, (tenant_id, glance.of(tenant_id) if glance else None), card)
        return card

    def _read_person(self, tenant_id: str, user_id: str) -> PersonFacts | None:
        epoch = self._store.epochs.of(tenant_id)
        card = self._store.person_facts(tenant_id, user_id)
        if card is not None:
            self._people.keep((tenant_id, user_id), (tenant_id, epoch), card)
        return card


class _Kept(NamedTuple, Generic[_V]):
    tenant_id: str
    epoch: bytes
    card: _V


class _Drawer(Generic[_V]):
    """Cards of one sort."""

    def __init__(self, epochs: Epochs) -> None:
        self._epochs = epochs
        self._kept: Shelf[Hashable, _Kept[_V]] = Shelf(MOST_CARDS)

    def good(self, name: Hashable) -> _V | None:
        kept = self._kept.find(name)
        if kept is None or kept.epoch != self._epochs.of(kept.tenant_id):
            return None
        return kept.card

    def keep(self, name: Hashable, of: tuple[str, bytes | None], card: _V) -> None:
        tenant_id, epoch = of
        if epoch is not None:
            self._kept.keep(name, _Kept(tenant_id, epoch, card))
