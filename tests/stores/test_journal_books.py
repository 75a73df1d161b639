"""Journals that are trimmed and attested, whatever keeps them; and what is known of all of them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.model.events import DEPLOYMENT, GENESIS, ChainedEvent, Head
from tests.stores.examples import (
    LAST_MOMENT,
    LONG_AGO,
    NOW,
    SECRETS,
    event,
    failing,
    found_tenant,
    guid,
)

pytestmark = pytest.mark.requirement("R-78", "D-14")

START = Head(0, GENESIS)


@pytest.fixture
def links(store: ports.Store, here: str) -> tuple[ChainedEvent, ...]:
    """The founding event, and six more of a minute each."""
    with store.writing(here) as unit:
        for number in range(6):
            unit.journal.append(event(at=NOW + timedelta(days=1, minutes=number)))
        return unit.journal.entries(0, 100)


def head_of(link: ChainedEvent) -> Head:
    """How the next link knows this one."""
    return Head(link.seq, link.hash)


def cut(store: ports.Store, tenant_id: str, upto: Head) -> int:
    """Trim a journal, with its event; how many links went."""
    with store.writing(tenant_id) as unit:
        unit.journal.append(event())
        return unit.journal.cut(upto)


@pytest.fixture
def books(empty_store: ports.Store) -> Iterator[ports.JournalBooks]:
    """What is known of all journals, in a unit that may write books."""
    with empty_store.writing_all() as deployment:
        yield deployment.journals


def test_a_journal_begins_behind_what_was_removed(
    store: ports.Store, here: str, links: tuple[ChainedEvent, ...]
) -> None:
    with store.reading(here) as unit:
        assert unit.journal.begins() == START
    assert cut(store, here, head_of(links[2])) == 3
    with store.reading(here) as unit:
        assert unit.journal.begins() == head_of(links[2])
        assert unit.journal.entries(0, 3) == links[3:6]
        assert [link.seq for link in unit.journal.newest(None, 100)] == [8, 7, 6, 5, 4]
    assert cut(store, here, head_of(links[4])) == 2
    with store.reading(here) as unit:
        assert unit.journal.begins() == head_of(links[4])
        kept = unit.journal.head()
        assert kept is not None
        assert kept[0].seq == 9


def test_all_that_is_old_may_go_but_not_what_tells_of_it(
    store: ports.Store, here: str, links: tuple[ChainedEvent, ...]
) -> None:
    assert cut(store, here, head_of(links[-1])) == 7
    with store.writing(here) as unit:
        (told,) = unit.journal.entries(0, 100)
        assert told.seq == 8
        assert unit.journal.append(event()).seq == 9


def test_nothing_is_removed_without_an_event(
    store: ports.Store, here: str, links: tuple[ChainedEvent, ...]
) -> None:
    with pytest.raises(UnrecordedChange), store.writing(here) as unit:
        unit.journal.cut(head_of(links[2]))
    with failing(store.writing(here)) as unit:
        unit.journal.append(event())
        unit.journal.cut(head_of(links[2]))
    with store.reading(here) as unit:
        assert unit.journal.begins() == START
        assert unit.journal.entries(0, 100) == links


def test_one_journal_is_trimmed_and_no_other(
    store: ports.Store, here: str, there: str, links: tuple[ChainedEvent, ...]
) -> None:
    with store.reading(there) as unit:
        before = unit.journal.entries(0, 100)
    cut(store, here, head_of(links[-1]))
    with store.reading(there) as unit:
        assert unit.journal.entries(0, 100) == before
        assert unit.journal.begins() == START


def test_links_are_found_by_their_moment(
    store: ports.Store, here: str, links: tuple[ChainedEvent, ...]
) -> None:
    third = links[3].event.at
    with store.reading(here) as unit:
        assert unit.journal.first_since(third) == 4
        assert unit.journal.first_since(third + timedelta(microseconds=1)) == 5
        assert unit.journal.last_before(third) == 3
        assert unit.journal.last_before(third + timedelta(microseconds=1)) == 4
        assert unit.journal.first_since(LONG_AGO) == 1
        assert unit.journal.last_before(LONG_AGO) is None
        assert unit.journal.first_since(LAST_MOMENT) is None
        assert unit.journal.last_before(LAST_MOMENT) == 7


def test_a_store_without_anything_knows_no_journal(books: ports.JournalBooks) -> None:
    assert books.known() == ()
    assert books.moved(None, 9) == ()
    assert books.overlong(LAST_MOMENT, None, 9) == ()
    assert books.attested_at() is None


def test_a_journal_has_moved_until_a_checkpoint_has_its_head(empty_store: ports.Store) -> None:
    ids = sorted((found_tenant(empty_store), found_tenant(empty_store)))
    with empty_store.writing(DEPLOYMENT) as unit:
        unit.journal.append(event())
    with empty_store.writing_all() as deployment:
        books = deployment.journals
        assert books.known() == (DEPLOYMENT, *ids)
        moved = books.moved(None, 9)
        assert [name for name, _, _ in moved] == [DEPLOYMENT, *ids]
        assert {seal for _, _, seal in moved} == {
            SECRETS.seal_head(name, head) for name, head, _ in moved
        }
        heads = [(name, head) for name, head, _ in moved]
        assert books.moved(None, 2) == moved[:2]
        assert books.moved(ids[0], 9) == moved[2:]
        books.attest(heads[:2], NOW)
        assert books.moved(None, 9) == moved[2:]
        assert books.attested_at() == NOW
        books.attest(heads[2:], NOW + timedelta(hours=1))
        books.attest((), LAST_MOMENT)
        assert books.attested_at() == NOW + timedelta(hours=1)
    with empty_store.writing(ids[0]) as unit:
        assert unit.journal.attested() == 1
        later = head_of(unit.journal.append(event()))
    with empty_store.writing_all() as deployment:
        assert deployment.journals.moved(None, 9) == (
            (ids[0], later, SECRETS.seal_head(ids[0], later)),
        )
        deployment.journals.attest([(ids[0], later)], NOW)
        assert deployment.journals.moved(None, 9) == ()
    with empty_store.reading(ids[0]) as unit:
        assert unit.journal.attested() == 2


def test_a_journal_is_known_that_nobody_wrote_in_and_one_whose_tenant_is_gone(
    empty_store: ports.Store,
) -> None:
    here = found_tenant(empty_store)
    with empty_store.reading(guid()) as unit:
        assert unit.journal.begins() == START
        assert unit.journal.attested() == 0
    with empty_store.reading_all() as deployment:
        assert deployment.journals.known() == (here,)


def test_an_overlong_journal_begins_with_an_old_link(empty_store: ports.Store) -> None:
    ids = sorted(found_tenant(empty_store) for _ in range(3))
    first = {}
    for tenant_id in ids:
        with empty_store.writing(tenant_id) as unit:
            first[tenant_id] = unit.journal.entries(0, 1)[0]
            unit.journal.append(event(at=LAST_MOMENT))
    with empty_store.writing(DEPLOYMENT) as unit:
        unit.journal.append(event(at=LONG_AGO))
    cut(empty_store, ids[1], head_of(first[ids[1]]))
    with empty_store.reading_all() as deployment:
        books = deployment.journals
        assert books.overlong(LAST_MOMENT, None, 9) == (ids[0], ids[2])
        assert books.overlong(LAST_MOMENT, None, 1) == (ids[0],)
        assert books.overlong(LAST_MOMENT, ids[0], 9) == (ids[2],)
        moment = max(first[ids[0]].event.at, first[ids[2]].event.at)
        older = [id_ for id_ in (ids[0], ids[2]) if first[id_].event.at < moment]
        assert books.overlong(moment, None, 9) == tuple(older)
        assert books.overlong(LONG_AGO, None, 9) == ()
