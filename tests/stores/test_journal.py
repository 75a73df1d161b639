"""The journal, whatever keeps it: links in order, a head under seal, everything as it was."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.events import (
    ANONYMOUS,
    DEPLOYMENT,
    GENESIS,
    OPERATOR,
    Action,
    ChainedEvent,
    Head,
    Origin,
    chain,
)
from tests.stores.examples import SECRETS, event, failing, found_tenant, guid, refused, seen


def assert_whole(store: ports.Store, tenant_id: str) -> tuple[ChainedEvent, ...]:
    """Every link follows from the one before, and the head is the last one's, under our seal."""
    with store.reading(tenant_id) as unit:
        links = unit.journal.entries(0, 100_000)
        sealed = unit.journal.head()
    head = Head(0, GENESIS)
    for link in links:
        assert link == chain(head, tenant_id, link.event)
        head = Head(link.seq, link.hash)
    assert sealed == (head, SECRETS.seal_head(tenant_id, head))
    return links


EVENTS = [
    event(action=action, target=f"target {action}", reason=f"reason {action}") for action in Action
]
ODD_EVENTS = [
    event(actor=OPERATOR, origin=Origin("", ""), target=""),
    event(actor=ANONYMOUS, reason="", before={}, after={}),
    event(reason="ünï 名前 🔑 \u2028 \\ \" '"),
    event(at=datetime(1970, 1, 1, tzinfo=UTC)),
    event(at=datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)),
    event(at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    event(
        before={"Zeta": 1, "Alpha": ["ü", None, True, 1.5, {"b": 1, "a": 2}], "Ünï": "名"},
        after={"Tags": ("a", "b"), "Big": 2**53 + 1, "Small": -0.0, "Exp": 1e300},
    ),
    event(before=None, after={"Name": None}),
]


@pytest.mark.parametrize("given", [*EVENTS, *ODD_EVENTS])
def test_an_event_comes_back_as_it_was_hashed(store: ports.Store, here: str, given: object) -> None:
    assert isinstance(given, type(EVENTS[0]))
    with store.writing(here) as unit:
        link = unit.journal.append(given)
    assert link.tenant_id == here
    kept = assert_whole(store, here)[-1]
    assert (kept.seq, kept.hash) == (link.seq, link.hash)
    plain = {"before": None, "after": None}
    assert structs.replace(kept.event, **plain) == structs.replace(given, **plain)
    assert (kept.event.before is None) == (given.before is None)
    assert (kept.event.after is None) == (given.after is None)


def test_links_are_numbered_and_read_in_parts(store: ports.Store, here: str) -> None:
    with store.writing(here) as unit:
        first = unit.journal.append(event())
        links = [first, *(unit.journal.append(event()) for _ in range(6))]
    assert [link.seq for link in links] == list(range(2, 9))
    assert tuple(links) == assert_whole(store, here)[1:]
    with store.reading(here) as unit:
        for after in range(10):
            for count in range(10):
                part = unit.journal.entries(after, count)
                assert [link.seq for link in part] == list(range(1, 9))[after : after + count]


def test_a_unit_sees_its_own_events(store: ports.Store, here: str) -> None:
    with store.writing(here) as unit:
        link = unit.journal.append(event())
        head = Head(link.seq, link.hash)
        assert unit.journal.head() == (head, SECRETS.seal_head(here, head))
        assert unit.journal.entries(link.seq - 1, 9) == (link,)


def test_each_tenant_has_a_chain_of_its_own(store: ports.Store, here: str, there: str) -> None:
    given = event()
    for tenant_id in (here, there, here):
        with store.writing(tenant_id) as unit:
            unit.journal.append(given)
    assert [link.seq for link in assert_whole(store, here)] == [1, 2, 3]
    assert [link.seq for link in assert_whole(store, there)] == [1, 2]
    assert assert_whole(store, here)[1].hash != assert_whole(store, there)[1].hash


def test_an_event_that_failed_leaves_no_gap(store: ports.Store, here: str) -> None:
    with failing(store.writing(here)) as unit:
        unit.journal.append(event())
    with store.writing(here) as unit:
        assert unit.journal.append(event()).seq == 2
    assert_whole(store, here)


def test_an_empty_journal_has_no_head(empty_store: ports.Store) -> None:
    for tenant_id in (guid(), DEPLOYMENT):
        with empty_store.reading(tenant_id) as unit:
            assert unit.journal.head() is None
            assert unit.journal.entries(0, 10) == ()


def test_the_deployment_has_a_journal_without_a_tenant(store: ports.Store) -> None:
    with store.writing(DEPLOYMENT) as unit:
        one = unit.journal.append(event(action=Action.KEY_ADDED))
    with store.writing_all() as deployment:
        other = deployment.open(DEPLOYMENT).journal.append(event(action=Action.KEY_ADDED))
    assert other.seq == one.seq + 1
    assert assert_whole(store, DEPLOYMENT)[-2:] == (one, other)
    with store.reading(DEPLOYMENT) as unit:
        assert unit.directory.tenant() is None


def test_nobody_has_no_journal(store: ports.Store) -> None:
    nobody = guid()
    with refused(), store.writing(nobody) as unit:
        unit.journal.append(event())
    with store.reading(nobody) as unit:
        assert unit.journal.head() is None
        assert unit.journal.entries(0, 9) == ()


def test_what_is_read_is_apart_from_what_is_kept(store: ports.Store, here: str) -> None:
    members = {"Tags": ["a"]}
    with store.writing(here) as unit:
        unit.journal.append(event(after=members))
    members["Tags"].append("b")
    with store.reading(here) as unit:
        (link,) = unit.journal.entries(1, 1)
        assert link.event.after == {"Tags": ["a"]}
        link.event.after["Tags"].append("c")
    assert_whole(store, here)


def test_the_founding_event_is_the_first(store: ports.Store) -> None:
    here = found_tenant(store)
    (link,) = assert_whole(store, here)
    assert (link.seq, link.event.action) == (1, Action.TENANT_ADDED)
    assert seen(store, here)["journal"] == (link,)


def test_a_support_id_leads_to_the_events_of_its_request(store: ports.Store, here: str) -> None:
    mine = Origin("support", "192.0.2.7")
    with store.writing(here) as unit:
        unit.journal.append(event(target="first", origin=mine))
        unit.journal.append(event(target="of another request"))
        unit.journal.append(event(target="second", origin=mine))
    with store.reading(here) as unit:
        found = unit.journal.of_operation("support")
        assert [link.event.target for link in found] == ["first", "second"]
        assert unit.journal.of_operation("unknown") == ()
