"""Try-outs and dependents in memory: a part of `ports.GrantStore`."""

from datetime import datetime

from msgspec import structs

from gatepost.model.grants import Family
from gatepost.model.portal import TryOut
from gatepost.ports import Dependents
from tests.memory.unit import Room


class MemoryTryOutStore(Room):
    """What only the portal asks for."""

    def dependents(self, client_id: str, now: datetime, most: int) -> Dependents:
        """How much depends on a client now, each counted up to `most`."""
        kept = [
            family
            for family in self._here(self._tables.families)
            if family.client_id == client_id and family.revoked_at is None
        ]
        going_on = {
            sign_in.id
            for sign_in, _ in self._here(self._tables.sign_ins)
            if sign_in.expires_at > now
        }
        return Dependents(
            sessions=min(most, len(going_on & {family.sign_in_id for family in kept})),
            refresh_tokens=min(most, sum(self._has_live_token(family, now) for family in kept)),
        )

    def add_try_out(self, try_out: TryOut) -> None:
        """Keep a try-out that begins. Bookkeeping."""
        self._need_client(try_out.client_id)
        if self.try_out(try_out.id) is not None:
            raise ValueError("there is such a try-out already")
        self._unit.keep_books(self._tables.try_outs, self._key(try_out.id), try_out)

    def try_out(self, try_out_id: str) -> TryOut | None:
        """One try-out."""
        return self._tables.try_outs.get(self._key(try_out_id))

    def try_outs_of(self, client_id: str) -> tuple[TryOut, ...]:
        """A client's try-outs, those that ended too, oldest first."""
        mine = [one for one in self._here(self._tables.try_outs) if one.client_id == client_id]
        return tuple(sorted(mine, key=lambda one: (one.created_at, one.id)))

    def save_try_out(self, try_out: TryOut) -> None:
        """Keep what is sealed in a try-out. Bookkeeping."""
        kept = self.try_out(try_out.id)
        if kept is not None:
            further = structs.replace(kept, sealed_state=try_out.sealed_state)
            self._unit.keep_books(self._tables.try_outs, self._key(try_out.id), further)

    def remove_try_out(self, try_out_id: str) -> bool:
        """End it; False when it was ended already. Bookkeeping."""
        return self._unit.clear_books(self._tables.try_outs, self._key(try_out_id))

    def _has_live_token(self, family: Family, now: datetime) -> bool:
        return family.expires_at > now and any(
            token.family_id == family.id and token.used_at is None and token.expires_at > now
            for token in self._here(self._tables.refresh_tokens)
        )
