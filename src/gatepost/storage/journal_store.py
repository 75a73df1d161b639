"""The chained events of one tenant; rows are added, never changed, and removed when old."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, UnaryExpression, delete, insert, select, update

from gatepost.model.events import (
    DEPLOYMENT,
    GENESIS,
    Action,
    Actor,
    ChainedEvent,
    Event,
    Head,
    Origin,
    chain,
)
from gatepost.ports import Secrets
from gatepost.services import heads
from gatepost.storage.journal_tables import (
    events,
    journal_beginnings,
    journal_checkpoints,
    journal_heads,
)
from gatepost.storage.tables import tenants
from gatepost.storage.unit_of_work import UnitOfWork


class SqlJournalStore:
    """`ports.JournalStore` on SQL."""

    def __init__(self, work: UnitOfWork, tenant_id: str, secrets: Secrets) -> None:
        self._work = work
        self._tenant_id = tenant_id
        self._secrets = secrets

    def append(self, event: Event) -> ChainedEvent:
        """Add an event as the next link."""
        known = self.head()
        if known is None:
            self._check_tenant()
        link = chain(heads.last_link(self._tenant_id, known), self._tenant_id, event)
        self._work.record(insert(events), _columns(link))
        head = Head(link.seq, link.hash)
        seal = heads.next_seal(self._secrets, self._tenant_id, known, head)
        values = {**head._asdict(), "seal": seal}
        if known:
            mine = journal_heads.c.tenant_id == self._tenant_id
            self._work.record(update(journal_heads).where(mine).values(values))
        else:
            self._work.record(insert(journal_heads), {**values, "tenant_id": self._tenant_id})
        return link

    def _check_tenant(self) -> None:
        """The deployment's own journal has no tenant, so no foreign key can hold this."""
        there = select(tenants.c.id).where(tenants.c.id == self._tenant_id)
        if self._tenant_id != DEPLOYMENT and self._work.one(there) is None:
            raise LookupError(f"there is no tenant {self._tenant_id}")

    def entries(self, after: int, count: int) -> tuple[ChainedEvent, ...]:
        """Events in order, from the one that follows number `after`."""
        wanted = select(events).where(events.c.tenant_id == self._tenant_id, events.c.seq > after)
        rows = self._work.read(wanted.order_by(events.c.seq).limit(count))
        return tuple(_link(row) for row in rows)

    def newest(self, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """Events from the newest on, or from the one before number `before`."""
        return self._newest_of(count, *self._until(before))

    def newest_refusals(self, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """The same, of those that have a reason: refusals and revocations."""
        return self._newest_of(count, *self._until(before), events.c.reason.is_not(None))

    def about(self, target: str, before: int | None, count: int) -> tuple[ChainedEvent, ...]:
        """The same, of those about a target or a part of it (`target/...`)."""
        numbers = select(events.c.seq).where(*self._until(before))
        itself = numbers.where(events.c.target == target).order_by(events.c.seq.desc())
        # all that begins with the target and a slash; "0" is the character after the slash
        of_part = (events.c.target >= f"{target}/", events.c.target < f"{target}0")
        # A sum is no column: in the order of numbers a database would walk the whole journal.
        parts = numbers.where(*of_part).order_by((events.c.seq + 0).desc())
        found = [row.seq for each in (itself, parts) for row in self._work.read(each.limit(count))]
        newest = sorted(found, reverse=True)[:count]
        return self._newest_of(count, *self._until(None), events.c.seq.in_(newest))

    def of_operation(self, operation_id: str) -> tuple[ChainedEvent, ...]:
        """The events of one request, in order: what a support id leads to."""
        wanted = select(events).where(
            events.c.tenant_id == self._tenant_id, events.c.operation_id == operation_id
        )
        return tuple(_link(row) for row in self._work.read(wanted.order_by(events.c.seq)))

    def _until(self, before: int | None) -> tuple[ColumnElement[bool], ...]:
        mine = (events.c.tenant_id == self._tenant_id,)
        return mine if before is None else (*mine, events.c.seq < before)

    def _newest_of(self, count: int, *met: ColumnElement[bool]) -> tuple[ChainedEvent, ...]:
        wanted = select(events).where(*met).order_by(events.c.seq.desc()).limit(count)
        return tuple(_link(row) for row in self._work.read(wanted))

    def head(self) -> tuple[Head, bytes] | None:
        """The newest link as it was sealed, with its seal."""
        mine = select(journal_heads).where(journal_heads.c.tenant_id == self._tenant_id)
        row = self._work.one(mine)
        return (Head(row.seq, row.hash), row.seal) if row else None

    def begins(self) -> Head:
        """The last link that was removed; number 0 where none was."""
        mine = journal_beginnings.c.tenant_id == self._tenant_id
        row = self._work.one(select(journal_beginnings).where(mine))
        return Head(row.seq, row.hash) if row else Head(0, GENESIS)

    def cut(self, upto: Head) -> int:
        """Remove the links up to this one, which the journal then begins behind; how many went."""
        kept = self._work.insert(journal_beginnings)
        moved = kept.on_conflict_do_update(
            index_elements=[journal_beginnings.c.tenant_id], set_=upto._asdict()
        )
        self._work.change(moved, {"tenant_id": self._tenant_id, **upto._asdict()})
        old = (events.c.tenant_id == self._tenant_id, events.c.seq <= upto.seq)
        return self._work.change(delete(events).where(*old))

    def attested(self) -> int:
        """The number of the newest link that a checkpoint has; 0 where there is none."""
        mine = journal_checkpoints.c.tenant_id == self._tenant_id
        row = self._work.one(select(journal_checkpoints.c.seq).where(mine))
        return row.seq if row else 0

    def first_since(self, moment: datetime) -> int | None:
        """The number of the first link that is not older than this."""
        return self._number(events.c.at >= moment, events.c.seq.asc())

    def last_before(self, moment: datetime) -> int | None:
        """The number of the last link that is older than this."""
        return self._number(events.c.at < moment, events.c.seq.desc())

    def _number(self, met: ColumnElement[bool], order: UnaryExpression[int]) -> int | None:
        mine = events.c.tenant_id == self._tenant_id
        row = self._work.one(select(events.c.seq).where(mine, met).order_by(order).limit(1))
        return row.seq if row else None


def _columns(link: ChainedEvent) -> dict[str, object]:
    event = link.event
    return {
        "tenant_id": link.tenant_id,
        "seq": link.seq,
        "at": event.at,
        "action": event.action.value,
        "actor_kind": event.actor.kind,
        "actor_id": event.actor.id,
        "operation_id": event.origin.operation_id,
        "address": event.origin.address,
        "target": event.target,
        "reason": event.reason,
        "before": event.before,
        "after": event.after,
        "hash": link.hash,
    }


def _link(row: Row[Any]) -> ChainedEvent:
    event = Event(
        at=row.at,
        action=Action(row.action),
        actor=Actor(row.actor_kind, row.actor_id),
        origin=Origin(row.operation_id, row.address),
        target=row.target,
        reason=row.reason,
        before=row.before,
        after=row.after,
    )
    return ChainedEvent(tenant_id=row.tenant_id, seq=row.seq, event=event, hash=row.hash)
