"""The newest events first: of all, of refusals, of a target and its parts."""

import pytest

from gatepost import ports
from gatepost.model.events import ChainedEvent
from tests.stores.examples import event, guid

TARGETS = (
    "press",
    "press/secrets/1",
    "press/secrets/10",
    "press-2",
    "press0",
    "press.",
    "Press",
    "pres",
    "press/",
    "",
    "100%",
    "100%/a",
    "1000/a",
)


@pytest.fixture
def links(store: ports.Store, here: str, there: str) -> list[ChainedEvent]:
    """The events of a tenant, newest first; some have a reason, and one an empty one."""
    reasons = ("why", None, None, "", None)
    with store.writing(there) as unit:
        unit.journal.append(event(target="press", reason="why"))
    with store.writing(here) as unit:
        for number in range(3 * len(TARGETS)):
            target, reason = TARGETS[number % len(TARGETS)], reasons[number % len(reasons)]
            unit.journal.append(event(target=target, reason=reason))
        return list(unit.journal.entries(0, 1_000)[::-1])


def parts(links: list[ChainedEvent]) -> list[tuple[int | None, int, list[ChainedEvent]]]:
    """Where to begin, how many, and what is left of the links."""
    newest = links[0].seq
    return [
        (before, count, [link for link in links if before is None or link.seq < before])
        for before in (None, newest + 9, newest, newest - 17, 2, 1, 0)
        for count in (0, 1, 5, 100)
    ]


def test_events_are_read_from_the_newest_on(
    store: ports.Store, here: str, links: list[ChainedEvent]
) -> None:
    with store.reading(here) as unit:
        for before, count, left in parts(links):
            assert unit.journal.newest(before, count) == tuple(left[:count])


def test_refusals_are_those_with_a_reason(
    store: ports.Store, here: str, links: list[ChainedEvent]
) -> None:
    with store.reading(here) as unit:
        for before, count, left in parts(links):
            wanted = [link for link in left if link.event.reason is not None]
            assert unit.journal.newest_refusals(before, count) == tuple(wanted[:count])


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_about_a_target_is_about_its_parts_too(
    store: ports.Store, here: str, links: list[ChainedEvent], target: str
) -> None:
    with store.reading(here) as unit:
        for before, count, left in parts(links):
            wanted = [
                link
                for link in left
                if link.event.target == target or link.event.target.startswith(f"{target}/")
            ]
            assert unit.journal.about(target, before, count) == tuple(wanted[:count])


def test_nothing_is_about_what_nobody_knows(
    store: ports.Store, here: str, links: list[ChainedEvent]
) -> None:
    assert links
    with store.reading(here) as unit:
        assert unit.journal.about(guid(), None, 9) == ()
    with store.reading(guid()) as unit:
        assert unit.journal.newest(None, 9) == unit.journal.newest_refusals(None, 9) == ()
