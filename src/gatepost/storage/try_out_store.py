"""Clients being tried out from the portal, and what would end with a client."""

from datetime import datetime
from typing import Any

from sqlalchemy import Exists, Select, and_, delete, exists, select, update

from gatepost.model.portal import TryOut
from gatepost.ports import Dependents
from gatepost.storage.flow_rows import FlowRows, value_of
from gatepost.storage.flow_tables import families, refresh_tokens, sign_ins
from gatepost.storage.portal_tables import try_outs


class SqlTryOutStore(FlowRows):
    """The part of `ports.GrantStore` that only the portal asks for."""

    def dependents(self, client_id: str, now: datetime, most: int) -> Dependents:
        """How much depends on a client now, each counted up to `most`."""
        kept = self._here(families, client_id=client_id, revoked_at=None)
        used_in = _sign_ins_of(now).where(*kept)
        going_on = select(families.c.id).where(*kept, families.c.expires_at > now)
        return Dependents(
            sessions=self._work.up_to(most, used_in),
            refresh_tokens=self._work.up_to(most, going_on.where(_has_live_token(now))),
        )

    def add_try_out(self, try_out: TryOut) -> None:
        """Keep a try-out that begins. Bookkeeping."""
        self._work.keep_books(try_outs.insert(), self._row(try_out))

    def try_out(self, try_out_id: str) -> TryOut | None:
        """One try-out."""
        return self._first(try_outs, TryOut, id=try_out_id)

    def try_outs_of(self, client_id: str) -> tuple[TryOut, ...]:
        """A client's try-outs, those that ended too, oldest first."""
        mine = select(try_outs).where(*self._here(try_outs, client_id=client_id))
        rows = self._work.read(mine.order_by(try_outs.c.created_at, try_outs.c.id))
        return tuple(value_of(row, TryOut) for row in rows)

    def save_try_out(self, try_out: TryOut) -> None:
        """Keep what is sealed in a try-out. Bookkeeping."""
        mine = update(try_outs).where(*self._here(try_outs, id=try_out.id))
        self._work.keep_books(mine.values(sealed_state=try_out.sealed_state))

    def remove_try_out(self, try_out_id: str) -> bool:
        """End it; False when it was ended already. Bookkeeping."""
        mine = self._here(try_outs, id=try_out_id)
        return self._work.keep_books(delete(try_outs).where(*mine)) > 0


def overdue(now: datetime, most: int) -> Select[Any]:
    """The try-outs of all tenants that nobody ended in time."""
    earliest_first = (try_outs.c.expires_at, try_outs.c.tenant_id, try_outs.c.id)
    over = select(try_outs).where(try_outs.c.expires_at <= now)
    return over.order_by(*earliest_first).limit(most)


def _sign_ins_of(now: datetime) -> Select[Any]:
    """Sign-ins that go on, each once, by their families."""
    its_own = and_(
        sign_ins.c.tenant_id == families.c.tenant_id, sign_ins.c.id == families.c.sign_in_id
    )
    # More than a column, or SQLite would walk all families of the tenant in its order.
    joined = select(families.c.sign_in_id.concat("")).join(sign_ins, its_own)
    return joined.where(sign_ins.c.expires_at > now).distinct()


def _has_live_token(now: datetime) -> Exists:
    return exists().where(
        refresh_tokens.c.tenant_id == families.c.tenant_id,
        refresh_tokens.c.family_id == families.c.id,
        refresh_tokens.c.used_at.is_(None),
        refresh_tokens.c.expires_at > now,
    )
