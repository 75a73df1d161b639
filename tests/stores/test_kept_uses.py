"""Counts of use that were noted in memory find their rows, or nothing where those are gone."""

import pytest

from gatepost import ports
from gatepost.ports import SecretUse
from gatepost.services.usage import UsageBook
from tests.stores.examples import (
    NOW,
    add_clients,
    client,
    found_tenant,
    guid,
    later,
    recorded,
    secret,
)


class Used:
    """A client with a secret that was used."""

    def __init__(self, store: ports.Store, tenant_id: str) -> None:
        self._store, self.tenant_id = store, tenant_id
        mine = client()
        self.id = mine.settings.id
        add_clients(store, tenant_id, mine)
        with recorded(store, tenant_id) as unit:
            unit.clients.add_secret(self.id, secret(), b"digest")

    def note(self, book: UsageBook, secret_id: int = 1) -> None:
        """Note a use, now."""
        book.note(self.tenant_id, SecretUse(self.id, secret_id, 1, later()))

    def count(self) -> int | None:
        """How often the secret was used, as the store knows."""
        with self._store.reading(self.tenant_id) as unit:
            return next((it.use_count for it in unit.clients.secrets(self.id)), None)


def test_counts_of_many_tenants_are_written(store: ports.Store) -> None:
    book = UsageBook()
    used = [Used(store, found_tenant(store)) for _ in range(3)]
    for _ in range(2):
        for one in used:
            one.note(book)
    book.keep_all(store)
    assert [one.count() for one in used] == [2, 2, 2]


def test_what_was_removed_meanwhile_does_no_harm(store: ports.Store, here: str, there: str) -> None:
    book = UsageBook()
    removed, bare, left, other = (Used(store, id_) for id_ in (here, here, here, there))
    for one in (removed, bare, left, other):
        one.note(book)
        one.note(book, secret_id=0)
    book.note(guid(), SecretUse(guid(), 1, 1, NOW))
    book.note(here, SecretUse("never there", 7, 1, NOW))
    with recorded(store, here) as unit:
        unit.clients.remove(removed.id)
        unit.clients.remove_secret(bare.id, 1)
    assert not book.keep(store)
    assert [one.count() for one in (removed, bare, left, other)] == [None, None, 1, 1]


@pytest.mark.requirement("R-27")
def test_counting_moves_no_epoch(store: ports.Store, here: str) -> None:
    book, used = UsageBook(), Used(store, here)
    before = store.epochs.of(here)
    used.note(book)
    book.keep_all(store)
    assert used.count() == 1
    assert store.epochs.of(here) == before
