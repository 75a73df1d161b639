"""Old links removed from journals, from the oldest on, so that what is left can be verified.

One process of all nodes does it, in small batches. The batch, the note where the journal begins now
and the event that tells of it are one transaction (docs/decisions/0029).
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from gatepost.model import journal_lines
from gatepost.model.errors import JournalUnfit
from gatepost.model.events import Action, Actor, ChainedEvent, Event, Head
from gatepost.model.journal_lines import cut_told
from gatepost.model.journal_walk import START, Walk
from gatepost.ports import Tenancy
from gatepost.services import journal
from gatepost.services.journal import UnreadableEvent
from gatepost.services.world import World, unasked_event

RETENTION = Actor("operator", "retention")
BATCH = 1_000
ROUNDS = 10
"""How many batches of a journal go at once, before it is the turn of others."""
AT_MOST = timedelta(seconds=20)
"""So long a call removes, before the clerk turns to other work; the next one goes on."""
LOOKS = 60
"""How many looks at the clock, a minute apart, must agree before anything goes."""
SLACK = timedelta(days=1)
"""So much longer an event may stay, so that a journal is trimmed once a day and not all day."""

_AT_ONCE = 1_000
_AT_A_LOOK = 50


class RetentionRules(NamedTuple):
    """How long events are kept, and which of those that are older may go."""

    keep_for: timedelta
    may_go: Literal["all", "attested"]


def removable(found: Sequence[ChainedEvent], before: datetime, most: int) -> Head | None:
    """The last of the links that may go: all before it are old too, and none has a later number."""
    last = None
    for link in found:
        if link.event.at >= before or link.seq > most:
            break
        last = Head(link.seq, link.hash)
    return last


class Retention:
    """Trims journals, for the process that sweeps. It is asked once a minute."""

    def __init__(self, world: World, rules: RetentionRules | None) -> None:
        self._world = world
        self._rules = rules
        self._looks: list[datetime] = []
        self._rest: datetime | None = None
        self._log = logging.getLogger("gatepost.journal")

    def act(self, now: datetime) -> int:
        """Remove what is due; how many links went.

        The earliest moment of the last looks counts: a clock that jumps ahead removes nothing.
        What was not done in time goes on at the next call.
        """
        if self._rules is None:
            return 0
        self._looks.append(now)
        if len(self._looks) >= LOOKS:
            self._rest = min(self._looks) - self._rules.keep_for
            self._looks.clear()
        return 0 if self._rest is None else self._trim_some(self._rest, self._rules)

    def _trim_some(self, before: datetime, rules: RetentionRules) -> int:
        """Turn by turn through all that are too long; the rest stays as it is when time is up."""
        end, gone, after = self._world.clock.now() + AT_MOST, 0, None
        self._rest = None
        while found := self._overlong(before - SLACK, after):
            for tenant_id in found:
                went = self._trim(tenant_id, before, rules)
                gone += went
                is_late = self._world.clock.now() >= end
                if is_late or went >= BATCH * ROUNDS:
                    self._rest = before
                if is_late:
                    return gone
            after = found[-1]
        return gone

    def _overlong(self, before: datetime, after: str | None) -> tuple[str, ...]:
        with self._world.store.reading_all() as deployment:
            return deployment.journals.overlong(before, after, _AT_ONCE)

    def _trim(self, tenant_id: str, before: datetime, rules: RetentionRules) -> int:
        gone = 0
        for _ in range(ROUNDS):
            try:
                went = trim(self._world, tenant_id, before, rules)
            except UnreadableEvent as event:
                self._log.error("event %s of %s was changed; nothing goes", event.seq, tenant_id)
                return gone
            except (*journal.UNREADABLE, JournalUnfit):
                self._log.exception("the journal of %s was changed; nothing goes", tenant_id)
                return gone
            gone += went
            if went < BATCH:
                break
        return gone


def trim(world: World, tenant_id: str, before: datetime, rules: RetentionRules) -> int:
    """Remove a batch of a journal's oldest links, where they are older than this; how many.

    They are verified first. What is not whole stays, so that it is found.
    """
    begins = journal.begins(world, tenant_id)
    with world.store.reading(tenant_id) as tenancy:
        attested = tenancy.journal.attested()
    found = _whole(world, tenant_id, begins)
    most = attested if rules.may_go == "attested" else found[-1].seq if found else 0
    upto = removable(found, before, most)
    if upto is None:
        return 0
    with world.store.writing(tenant_id) as tenancy:
        if tenancy.journal.begins() != begins:
            return 0
        if not _is_told(tenancy, tenant_id, begins):
            raise UnreadableEvent(begins.seq)
        tenancy.journal.append(_event(world, tenant_id, upto, upto.seq - begins.seq))
        return tenancy.journal.cut(upto)


def _whole(world: World, tenant_id: str, begins: Head) -> Sequence[ChainedEvent]:
    """The oldest links; raises UnreadableEvent at one that does not follow from the last."""
    walk, found = Walk(begins), journal.some_links(world, tenant_id, begins.seq, BATCH)
    for link in found:
        if walk.follow(journal.step(walk.head, tenant_id, link)) is not None:
            raise UnreadableEvent(link.seq)
    return found


def _is_told(tenancy: Tenancy, tenant_id: str, begins: Head) -> bool:
    """Whether the newest event of a cut tells of this beginning."""
    before: int | None = None
    while found := tenancy.journal.about(tenant_id, before, _AT_A_LOOK):
        for link in found:
            if link.event.action is Action.JOURNAL_CUT:
                return cut_told(link.event) == begins
        before = found[-1].seq
    return begins == START


def _event(world: World, tenant_id: str, upto: Head, events: int) -> Event:
    told = journal_lines.cut_members(upto, events)
    return unasked_event(world, RETENTION, Action.JOURNAL_CUT, tenant_id, after=told)
