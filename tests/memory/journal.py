"""`ports.JournalStore` and `ports.JournalBooks` in memory."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from gatepost.model.events import DEPLOYMENT, GENESIS, ChainedEvent, Event, Head, chain
from gatepost.ports import Secrets
from gatepost.services import heads
from tests.memory.unit import Room, Unit


class MemoryJournalStore(Room):
    """The tenant's chained events."""

    def __init__(self, unit: Unit, tenant_id: str, secrets: Secrets) -> None:
        super().__init__(unit, tenant_id)
        self._secrets = secrets

    def append(self, event: Event) -> ChainedEvent:
        """Add an event as the next link."""
        if self._tenant_id != DEPLOYMENT:
            self._need_tenant()
        known = self.head()
        link = chain(heads.last_link(self._tenant_id, known), self._tenant_id, event)
        head = Head(link.seq, link.hash)
        seal = heads.next_seal(self._secrets, self._tenant_id, known, head)
        self._unit.record(self._tables.events, (self._tenant_id, link.seq), _apart(link))
        self._unit.record(self._tables.heads, self._tenant_id, (head, seal))
        return link

    def entries(self, after: int, count: int) -> tuple[ChainedEvent, ...]:
        """Events in order, from the one that follows number `after`."""
        events = self._tables.events
        keys = sorted(key for key in events if key[0] == self._tenant_id and key[1] > after)
        return tuple(_apart(events[key]) for key in keys[:count])

    def newest(self, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """Events from the newest on, or from the one before number `before`."""
        return self._newest(before)[:count]

    def newest_refusals(self, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """The same, of those that have a reason: refusals and revocations."""
        mine = self._newest(before)
        return tuple(link for link in mine if link.event.reason is not None)[:count]

    def about(self, target: str, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """The same, of those about a target or a part of it (`target/...`)."""
        found = [
            link
            for link in self._newest(before)
            if link.event.target == target or link.event.target.startswith(f"{target}/")
        ]
        return tuple(found[:count])

    def _newest(self, before: int | None) -> tuple[ChainedEvent, ...]:
        mine = self.entries(0, len(self._tables.events))
        return tuple(link for link in mine[::-1] if before is None or link.seq < before)

    def of_operation(self, operation_id: str) -> tuple[ChainedEvent, ...]:
        """The events of one request, in order: what a support id leads to."""
        mine = self.entries(0, len(self._tables.events))
        return tuple(link for link in mine if link.event.origin.operation_id == operation_id)

    def head(self) -> tuple[Head, bytes] | None:
        """The newest link as it was sealed, with its seal."""
        return self._tables.heads.get(self._tenant_id)

    def begins(self) -> Head:
        """The last link that was removed; number 0 where none was."""
        return self._tables.beginnings.get(self._tenant_id, Head(0, GENESIS))

    def cut(self, upto: Head) -> int:
        """Remove the links up to this one, which the journal then begins behind; how many went."""
        self._unit.put(self._tables.beginnings, self._tenant_id, upto)
        events = self._tables.events
        old = [key for key in events if key[0] == self._tenant_id and key[1] <= upto.seq]
        return sum(self._unit.drop(events, key) for key in old)

    def attested(self) -> int:
        """The number of the newest link that a checkpoint has; 0 where there is none."""
        return self._tables.checkpoints.get(self._tenant_id, (0,))[0]

    def first_since(self, moment: datetime) -> int | None:
        """The number of the first link that is not older than this."""
        mine = self.entries(0, len(self._tables.events))
        return next((link.seq for link in mine if link.event.at >= moment), None)

    def last_before(self, moment: datetime) -> int | None:
        """The number of the last link that is older than this."""
        return next((link.seq for link in self._newest(None) if link.event.at < moment), None)


class MemoryJournalBooks:
    """What is known of all journals."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def known(self) -> tuple[str, ...]:
        """The journals that have a head, and the tenants, in order of their ids."""
        tables = self._unit.tables
        return tuple(sorted({*tables.heads, *tables.tenants}))

    def moved(self, after: str | None, most: int) -> tuple[tuple[str, Head, bytes], ...]:
        """Heads that no checkpoint has yet, with their seals, in order of their tenants."""
        tables = self._unit.tables
        found = [
            (name, head, seal)
            for name, (head, seal) in sorted(tables.heads.items())
            if tables.checkpoints.get(name, (0,))[0] != head.seq and (after is None or name > after)
        ]
        return tuple(found[:most])

    def attest(self, heads: Iterable[tuple[str, Head]], at: datetime) -> None:
        """Keep that a checkpoint has these. Bookkeeping."""
        for name, head in heads:
            self._unit.keep_books(self._unit.tables.checkpoints, name, (head.seq, at))

    def attested_at(self) -> datetime | None:
        """When the newest checkpoint was made."""
        return max((at for _, at in self._unit.tables.checkpoints.values()), default=None)

    def overlong(self, before: datetime, after: str | None, most: int) -> tuple[str, ...]:
        """Tenants whose journal begins with a link older than this, in order of their ids."""
        tables = self._unit.tables
        found = []
        for name in sorted(tables.heads):
            begins = tables.beginnings.get(name, Head(0, GENESIS))
            first = tables.events.get((name, begins.seq + 1))
            is_old = first is not None and first.event.at < before
            if is_old and name != DEPLOYMENT and (after is None or name > after):
                found.append(name)
        return tuple(found[:most])


def _apart(link: ChainedEvent) -> ChainedEvent:
    """The link with dictionaries of its own, as they come back from a database: plain JSON."""
    event = link.event
    apart = structs.replace(event, before=_json(event.before), after=_json(event.after))
    return structs.replace(link, event=apart)


def _json(members: dict[str, Any] | None) -> dict[str, Any] | None:
    copy: dict[str, Any] | None = msgspec.json.decode(msgspec.json.encode(members))
    return copy
