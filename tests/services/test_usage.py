"""Uses of secrets are counted in memory and written in batches; none is lost or told twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from gatepost.model.errors import StoreUnavailable
from gatepost.ports import Deployment, SecretUse, Store
from gatepost.services import usage
from gatepost.services.usage import UsageBook
from tests.memory_store import MemoryStore
from tests.stores.examples import NOW, SECRETS, add_clients, client, found_tenant, recorded, secret

HOUR = timedelta(hours=1)


class Kept:
    """A store in memory that says what was asked to be written, and can be lost."""

    def __init__(self) -> None:
        self.store = MemoryStore(SECRETS)
        self.written: list[list[tuple[str, str, int]]] = []
        self.is_lost = False
        self.meanwhile: Callable[[], None] = lambda: None

    @property
    def as_store(self) -> Store:
        """This, as the book sees it."""
        return cast("Store", self)

    @contextmanager
    def writing_all(self) -> Iterator[Any]:
        """A change across tenants."""
        batch: list[tuple[str, str, int]] = []
        with self.store.writing_all() as deployment:
            yield _Heard(deployment, batch)
            self.meanwhile()
            if self.is_lost:
                raise StoreUnavailable("the store is lost")
        self.written.append(batch)


class _Heard:
    def __init__(self, deployment: Deployment, batch: list[tuple[str, str, int]]) -> None:
        self._deployment, self._batch, self._tenant_id = deployment, batch, ""

    def open(self, tenant_id: str) -> "_Heard":
        self._deployment.open(tenant_id)
        self._tenant_id = tenant_id
        return self

    @property
    def clients(self) -> "_Heard":
        return self

    def note_uses(self, uses: list[SecretUse]) -> None:
        self._batch += [(self._tenant_id, use.client_id, use.count) for use in uses]
        self._deployment.open(self._tenant_id).clients.note_uses(uses)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def use(client_id: str, count: int = 1, secret_id: int = 1) -> SecretUse:
    """A use of a secret."""
    return SecretUse(client_id, secret_id, count, NOW)


def batch_of(*client_ids: str, tenant_id: str = "t") -> list[tuple[str, str, int]]:
    """One use each."""
    return [(tenant_id, client_id, 1) for client_id in client_ids]


def test_the_longest_waiting_are_written_first(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MOST_AT_ONCE", 2)
    book = UsageBook()
    for client_id in "eadcb":
        book.note("t", use(client_id))
    assert [book.keep(kept.as_store) for _ in range(3)] == [True, True, False]
    assert kept.written == [batch_of("a", "e"), batch_of("c", "d"), batch_of("b")]


def test_no_more_than_the_most_are_written_at_once(kept: Kept) -> None:
    book = UsageBook()
    for number in range(usage.MOST_AT_ONCE + 1):
        book.note("t", use(f"{number:04}"))
    assert book.keep(kept.as_store)
    assert not book.keep(kept.as_store)
    assert [len(batch) for batch in kept.written] == [usage.MOST_AT_ONCE, 1]


def test_no_more_than_the_most_tenants_are_locked_at_once(kept: Kept) -> None:
    book = UsageBook()
    for number in range(usage.MOST_TENANTS + 1):
        book.note(f"t{number:04}", use("c"))
    book.keep_all(kept.as_store)
    assert [len(batch) for batch in kept.written] == [usage.MOST_TENANTS, 1]
    assert kept.written[0] == sorted(kept.written[0]), "writers wait for nobody in a ring"


def test_a_busy_tenant_does_not_keep_others_waiting(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MOST_AT_ONCE", 2)
    book = UsageBook()
    for client_id in "abcd":
        book.note("busy", use(client_id))
    book.note("small", use("e"))
    book.keep_all(kept.as_store)
    assert kept.written == [
        batch_of("a", "b", tenant_id="busy"),
        [*batch_of("c", tenant_id="busy"), *batch_of("e", tenant_id="small")],
        batch_of("d", tenant_id="busy"),
    ]


def test_uses_of_one_secret_are_one_count(kept: Kept) -> None:
    book = UsageBook()
    for at in (NOW, NOW + HOUR, NOW - HOUR):
        book.note("t", SecretUse("c", 1, 2, at))
    book.keep_all(kept.as_store)
    assert kept.written == [[("t", "c", 6)]]


def test_what_cannot_be_written_is_kept(kept: Kept) -> None:
    book = UsageBook()
    book.note("t", use("a", 2))
    kept.is_lost, kept.meanwhile = True, lambda: book.note("t", use("a", 3))
    with pytest.raises(StoreUnavailable):
        book.keep(kept.as_store)
    with pytest.raises(StoreUnavailable):
        book.keep_all(kept.as_store)
    kept.is_lost, kept.meanwhile = False, lambda: None
    book.keep_all(kept.as_store)
    assert kept.written == [[("t", "a", 8)]]


def test_an_empty_book_opens_no_door(kept: Kept) -> None:
    UsageBook().keep_all(kept.as_store)
    assert kept.written == []


def test_the_last_use_is_the_latest_that_was_noted() -> None:
    store = MemoryStore(SECRETS)
    here, mine = found_tenant(store), client()
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        unit.clients.add_secret(mine.settings.id, secret(), b"digest")
    book = UsageBook()
    for at in (NOW, NOW + HOUR, NOW - HOUR):
        book.note(here, SecretUse(mine.settings.id, 1, 1, at))
        book.keep(store)
    with store.reading(here) as unit:
        (found,) = unit.clients.secrets(mine.settings.id)
    assert (found.use_count, found.last_used_at) == (3, NOW + HOUR)
