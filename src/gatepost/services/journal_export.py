"""The journal taken away: its links as lines, each batch of them a transaction of its own.

An export is written down before its first line is. Where that cannot be, nothing is exported.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from gatepost.model import journal_lines
from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Head
from gatepost.services import journal
from gatepost.services.world import World, unasked_event


class Part(NamedTuple):
    """Which part of a journal is wanted: behind a number, from a moment on, before a moment."""

    after: int = 0
    since: datetime | None = None
    until: datetime | None = None

    def members(self) -> dict[str, object]:
        """What the event of an export tells of it."""
        return {
            "After": self.after,
            "Since": self.since.isoformat() if self.since else None,
            "Until": self.until.isoformat() if self.until else None,
        }


class _Span(NamedTuple):
    """The links of a part, and the head as it was when it began."""

    before: Head
    last: int
    sealed: tuple[Head, bytes] | None


def export(world: World, tenant_id: str | None, part: Part) -> Iterator[bytes]:
    """The lines of one journal or of all, the deployment's first; it is written down at once."""
    _note(world, tenant_id, part)
    ids = journal.known(world) if tenant_id is None else (tenant_id,)
    return (line for each in ids for line in _lines(world, each, part))


def _note(world: World, tenant_id: str | None, part: Part) -> None:
    name = DEPLOYMENT if tenant_id is None else tenant_id
    after = {"Journals": "all" if tenant_id is None else "this one", **part.members()}
    with world.store.writing(name) as tenancy:
        exported = unasked_event(world, OPERATOR, Action.JOURNAL_EXPORTED, name, after=after)
        tenancy.journal.append(exported)


def _lines(world: World, tenant_id: str, part: Part) -> Iterator[bytes]:
    span = _span(world, tenant_id, part)
    before = span.before
    for link in journal.links(world, tenant_id, before.seq):
        if link.seq > span.last:
            return
        if link.seq != before.seq + 1:
            before = _begins_now(world, tenant_id, before)
        if link.seq <= before.seq:
            continue
        head = Head(link.seq, link.hash)
        seal = span.sealed[1] if span.sealed and span.sealed[0] == head and span.sealed[1] else None
        yield journal_lines.line(before.hash, link, seal)
        before = head


def _span(world: World, tenant_id: str, part: Part) -> _Span:
    begins = journal.begins(world, tenant_id)
    with world.store.reading(tenant_id) as tenancy:
        kept, sealed = tenancy.journal, tenancy.journal.head()
        end = sealed[0].seq if sealed else 0
        first = max(part.after, begins.seq) + 1
        if part.since is not None:
            first = max(first, kept.first_since(part.since) or end + 1)
        if part.until is not None:
            end = min(end, kept.last_before(part.until) or 0)
    return _Span(_link_before(world, tenant_id, first, begins), end, sealed)


def _begins_now(world: World, tenant_id: str, before: Head) -> Head:
    """Where a journal begins whose oldest links went meanwhile; else the lines show the gap."""
    begins = journal.begins(world, tenant_id)
    return begins if begins.seq > before.seq else before


def _link_before(world: World, tenant_id: str, seq: int, begins: Head) -> Head:
    if seq == begins.seq + 1:
        return begins
    found = journal.some_links(world, tenant_id, seq - 2, 1)
    return Head(seq - 1, found[0].hash if found else b"")
