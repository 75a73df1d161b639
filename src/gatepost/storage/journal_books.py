"""What is known of all journals: which there are, which moved since a checkpoint, which are old."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, union

from gatepost.model.events import DEPLOYMENT, Head
from gatepost.storage.journal_tables import (
    events,
    journal_beginnings,
    journal_checkpoints,
    journal_heads,
)
from gatepost.storage.tables import tenants
from gatepost.storage.unit_of_work import UnitOfWork


class SqlJournalBooks:
    """`ports.JournalBooks` on SQL."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def known(self) -> tuple[str, ...]:
        """The journals that have a head, and the tenants, in order of their ids."""
        every = union(select(journal_heads.c.tenant_id.label("id")), select(tenants.c.id))
        # by their text: an id that somebody wrote there need not be text
        return tuple(sorted(str(row.id) for row in self._work.read(every)))

    def moved(self, after: str | None, most: int) -> tuple[tuple[str, Head, bytes], ...]:
        """Heads that no checkpoint has yet, with their seals, in order of their tenants."""
        heads, has = journal_heads.c, journal_checkpoints.c
        found = (
            select(journal_heads)
            .outerjoin(journal_checkpoints, has.tenant_id == heads.tenant_id)
            .where(has.seq.is_(None) | (has.seq != heads.seq), *_behind(heads.tenant_id, after))
        )
        rows = self._work.read(found.order_by(heads.tenant_id).limit(most))
        return tuple((row.tenant_id, Head(row.seq, row.hash), row.seal) for row in rows)

    def attest(self, heads: Iterable[tuple[str, Head]], at: datetime) -> None:
        """Keep that a checkpoint has these. Bookkeeping."""
        kept = self._work.insert(journal_checkpoints)
        renewed = kept.on_conflict_do_update(
            index_elements=[journal_checkpoints.c.tenant_id],
            set_={"seq": kept.excluded.seq, "at": kept.excluded.at},
        )
        rows = [{"tenant_id": name, "seq": head.seq, "at": at} for name, head in heads]
        if rows:
            self._work.keep_books(renewed, rows)

    def attested_at(self) -> datetime | None:
        """When the newest checkpoint was made."""
        row = self._work.one(select(func.max(journal_checkpoints.c.at).label("at")))
        return row.at if row else None

    def overlong(self, before: datetime, after: str | None, most: int) -> tuple[str, ...]:
        """Tenants whose journal begins with a link older than this, in order of their ids."""
        heads, begins = journal_heads.c, journal_beginnings.c
        first = and_(
            events.c.tenant_id == heads.tenant_id,
            events.c.seq == func.coalesce(begins.seq, 0) + 1,
        )
        found = (
            select(heads.tenant_id)
            .outerjoin(journal_beginnings, begins.tenant_id == heads.tenant_id)
            .join(events, first)
            .where(events.c.at < before, heads.tenant_id != DEPLOYMENT)
            .where(*_behind(heads.tenant_id, after))
        )
        return tuple(
            row.tenant_id for row in self._work.read(found.order_by(heads.tenant_id).limit(most))
        )


def _behind(column: ColumnElement[str], after: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if after is None else (column > after,)
