"""Old events go and the rest can be verified: how many, up to which, and never what may not."""

from datetime import timedelta
from typing import Any

import pytest

from gatepost.model import journal_lines
from gatepost.model.events import (
    DEPLOYMENT,
    GENESIS,
    OPERATOR,
    Action,
    ChainedEvent,
    Event,
    Head,
    Origin,
    chain,
)
from gatepost.services import journal, retention
from gatepost.services.retention import LOOKS, Retention, RetentionRules, removable
from tests.services.world import START, Bench, found, new_world

pytestmark = pytest.mark.requirement("R-78", "D-14")

DAYS = 30
ALL = RetentionRules(timedelta(days=DAYS), "all")
ATTESTED = RetentionRules(timedelta(days=DAYS), "attested")


@pytest.fixture
def world() -> Bench:
    return new_world()


@pytest.fixture
def tenant_id(world: Bench) -> str:
    return found(world).tenant.id


def note(world: Bench, tenant_id: str, **by: float) -> ChainedEvent:
    """An event of now, and after it some time goes by."""
    with world.store.writing(tenant_id) as tenancy:
        link = tenancy.journal.append(_event(world))
    world.set_clock.forward(**by)
    return link


def _event(world: Bench) -> Event:
    return Event(
        at=world.clock.now(),
        action=Action.CLIENT_CHANGED,
        actor=OPERATOR,
        origin=Origin("0af76519", ""),
        target="press",
    )


def look(world: Bench, trimming: Retention, looks: int = LOOKS) -> int:
    """What goes while the sweeper asks so often, a minute apart."""
    gone = 0
    for _ in range(looks):
        gone += trimming.act(world.clock.now())
        world.set_clock.forward(minutes=1)
    return gone


def links(world: Bench, tenant_id: str) -> tuple[ChainedEvent, ...]:
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.journal.entries(0, 10_000)


def test_what_is_old_goes_and_the_journal_says_so_and_is_whole(
    world: Bench, tenant_id: str
) -> None:
    before = links(world, tenant_id)
    world.set_clock.forward(days=20)
    young = note(world, tenant_id, days=12)
    assert look(world, Retention(world, ALL)) == len(before)
    kept = links(world, tenant_id)
    assert kept[0] == young
    cut = kept[-1].event
    assert (cut.action, cut.actor, cut.target) == (
        Action.JOURNAL_CUT,
        retention.RETENTION,
        tenant_id,
    )
    last = before[-1]
    assert cut.after == {"Events": len(before), "Upto": last.seq, "Hash": last.hash.hex()}
    assert journal_lines.cut_told(cut) == Head(last.seq, last.hash)
    verdict = journal.verify(world, tenant_id)
    assert (verdict.fault, verdict.begins, verdict.first) == (None, "trimmed", young.seq)
    assert verdict.events == len(kept) == 2


def test_without_rules_nothing_goes(world: Bench, tenant_id: str) -> None:
    before = links(world, tenant_id)
    world.set_clock.forward(days=4_000)
    assert look(world, Retention(world, None)) == 0
    assert links(world, tenant_id) == before


def test_the_journal_of_the_deployment_stays(world: Bench, tenant_id: str) -> None:
    before = links(world, DEPLOYMENT)
    assert tenant_id in {link.event.target for link in before}
    world.set_clock.forward(days=4_000)
    look(world, Retention(world, ALL))
    assert links(world, DEPLOYMENT) == before
    assert [each.fault for each in journal.verify_all(world)] == [None, None]


def test_what_is_a_little_older_waits_for_a_day(world: Bench) -> None:
    found(world)
    trimming = Retention(world, ALL)
    world.set_clock.forward(days=DAYS, hours=12)
    assert look(world, trimming) == 0
    world.set_clock.forward(hours=12)
    assert look(world, trimming) > 0


def test_an_idle_journal_is_trimmed_to_the_event_that_tells_of_it(
    world: Bench, tenant_id: str
) -> None:
    trimming = Retention(world, ALL)
    for _ in range(4):
        world.set_clock.forward(days=DAYS + 2)
        look(world, trimming)
        assert [link.event.action for link in links(world, tenant_id)] == [Action.JOURNAL_CUT]
        assert journal.verify(world, tenant_id).fault is None


def test_a_clock_that_jumps_ahead_for_a_while_removes_nothing(world: Bench, tenant_id: str) -> None:
    trimming = Retention(world, ALL)
    before = links(world, tenant_id)
    look(world, trimming, 20)
    world.set_clock.forward(days=4_000)
    look(world, trimming, 30)
    world.set_clock.forward(days=-4_000)
    assert look(world, trimming, 3 * LOOKS) == 0
    assert links(world, tenant_id) == before


def test_what_was_not_attested_is_not_removed(world: Bench, tenant_id: str) -> None:
    before = links(world, tenant_id)
    world.set_clock.forward(days=100)
    trimming = Retention(world, ATTESTED)
    assert look(world, trimming) == 0
    third = before[2]
    with world.store.writing_all() as deployment:
        deployment.journals.attest([(tenant_id, Head(third.seq, third.hash))], world.clock.now())
    assert look(world, trimming) == 3
    assert links(world, tenant_id)[0].seq == 4
    assert journal.verify(world, tenant_id).fault is None


def test_a_batch_is_small_and_what_is_left_goes_on_a_minute_later(
    world: Bench, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "ROUNDS", 2)
    for _ in range(20):
        note(world, tenant_id)
    there = len(links(world, tenant_id))
    world.set_clock.forward(days=100)
    trimming = Retention(world, ALL)
    gone = [look(world, trimming)]
    while went := look(world, trimming, 1):
        gone.append(went)
        assert journal.verify(world, tenant_id).fault is None
    assert set(gone[:-1]) == {6}
    assert sum(gone) == there


def test_a_call_ends_in_time_and_the_next_one_goes_on_with_the_others(
    world: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sorted(found(world).tenant.id for _ in range(3))
    trim, asked = retention.trim, []

    def slow(_world: Bench, name: str, *rest: Any) -> int:
        asked.append(name)
        world.set_clock.forward(seconds=retention.AT_MOST.total_seconds())
        return trim(_world, name, *rest)

    monkeypatch.setattr(retention, "trim", slow)
    world.set_clock.forward(days=100)
    trimming = Retention(world, ALL)
    look(world, trimming)
    assert asked == ids[:1]
    look(world, trimming, 5)
    assert asked == ids


def test_an_event_that_cannot_be_read_stays(
    world: Bench, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> tuple[ChainedEvent, ...]:
        raise journal.UnreadableEvent(2)

    monkeypatch.setattr(journal, "some_links", unreadable)
    world.set_clock.forward(days=100)
    before = links(world, tenant_id)
    assert look(world, Retention(world, ALL)) == 0
    assert links(world, tenant_id) == before


def test_two_that_trim_at_once_remove_once(
    world: Bench, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_links = journal.some_links

    def with_another(*wanted: object) -> tuple[ChainedEvent, ...]:
        found: tuple[ChainedEvent, ...] = found_links(*wanted)  # type: ignore[arg-type]
        monkeypatch.setattr(journal, "some_links", found_links)
        assert retention.trim(world, tenant_id, world.clock.now() - ALL.keep_for, ALL) > 0
        return found

    world.set_clock.forward(days=100)
    monkeypatch.setattr(journal, "some_links", with_another)
    assert retention.trim(world, tenant_id, world.clock.now() - ALL.keep_for, ALL) == 0
    cuts = [link for link in links(world, tenant_id) if link.event.action is Action.JOURNAL_CUT]
    assert len(cuts) == 1
    assert journal.verify(world, tenant_id).fault is None


LINKS: list[ChainedEvent] = []
for _hours in (0, 1, 5, 2, 9):
    _head = Head(LINKS[-1].seq, LINKS[-1].hash) if LINKS else Head(0, GENESIS)
    _told = Event(
        at=START + timedelta(hours=_hours),
        action=Action.CLIENT_CHANGED,
        actor=OPERATOR,
        origin=Origin("", ""),
        target="",
    )
    LINKS.append(chain(_head, "mill", _told))


@pytest.mark.parametrize(
    ("hours", "most", "last"),
    [
        (0, 9, 0),
        (0.5, 9, 1),
        (1, 9, 1),
        (3, 9, 2),
        (6, 9, 4),
        (99, 9, 5),
        (99, 3, 3),
        (99, 0, 0),
    ],
)
def test_only_the_first_that_are_old_one_after_the_other_may_go(
    hours: float, most: int, last: int
) -> None:
    upto = removable(LINKS, START + timedelta(hours=hours), most)
    assert (upto.seq if upto else 0) == last
    assert upto is None or upto.hash == LINKS[last - 1].hash
