"""Second factors: authenticator apps, recovery codes, and what a tenant demands of whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.sql import true

from gatepost.model.factors import Authenticator, Factors
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.tenants import ADMINISTRATOR, SecondFactor
from gatepost.storage.consent_store import SqlConsentStore
from gatepost.storage.flow_tables import authenticators, passkeys, recovery_codes
from gatepost.storage.tables import roles, tenants, user_roles, users

_NOTHING = Factors("none", is_administrator=False, has_authenticator=False, has_passkey=False)


class SqlFactorStore(SqlConsentStore):
    """`ports.FactorStore` on SQL."""

    def factors(self, user_id: str) -> Factors:
        """What the person has, and what the tenant demands, in one question."""
        of_type = (roles.c.tenant_id == user_roles.c.tenant_id) & (
            roles.c.id == user_roles.c.role_id
        )
        administrator = select(user_roles.c.role_id).join(roles, of_type)
        administrator = administrator.where(*self._here(user_roles, user_id=user_id))
        row = self._work.one(
            select(
                tenants.c.second_factor,
                exists(administrator.where(roles.c.type_id == ADMINISTRATOR)).label(
                    "administrator"
                ),
                exists(self._mine(authenticators, user_id)).label("authenticator"),
                exists(self._mine(passkeys, user_id)).label("passkey"),
            ).where(tenants.c.id == self._tenant_id)
        )
        if row is None:
            return _NOTHING
        return Factors(
            row.second_factor, bool(row.administrator), bool(row.authenticator), bool(row.passkey)
        )

    def demand(self, second_factor: SecondFactor, now: datetime) -> None:
        """Keep of whom the tenant demands a second factor. A change."""
        mine = update(tenants).where(tenants.c.id == self._tenant_id)
        self._work.change(mine.values(second_factor=second_factor, updated_at=now))

    def without_factor(self, role_id: str | None, most: int) -> tuple[str, ...]:
        """The ids of people who have none: enabled, with their password here, and in the role."""
        oldest_first = self._without(role_id).order_by(users.c.created_at, users.c.id)
        return tuple(row.id for row in self._work.read(oldest_first.limit(most)))

    def count_without_factor(self, role_id: str | None, most: int) -> int:
        """How many such people there are, counted up to `most`."""
        return self._work.up_to(most, self._without(role_id))

    def authenticator(self, user_id: str) -> Authenticator | None:
        """The person's authenticator app."""
        return self._first(authenticators, Authenticator, user_id=user_id)

    def save_authenticator(self, authenticator: Authenticator) -> None:
        """Keep an authenticator app in place of an earlier one. A change."""
        self.remove_authenticator(authenticator.user_id)
        self._work.add_all(authenticators, [self._row(authenticator)])

    def spend_step(self, user_id: str, step: int, now: datetime) -> bool:
        """Use up a step and all before it, in one conditional statement; False when it was used."""
        unused = (*self._here(authenticators, user_id=user_id), authenticators.c.used_step < step)
        spent = update(authenticators).where(*unused).values(used_step=step, last_used_at=now)
        return self._work.keep_books(spent) > 0

    def remove_authenticator(self, user_id: str) -> bool:
        """Remove the person's authenticator app; False when there is none. A change."""
        mine = delete(authenticators).where(*self._here(authenticators, user_id=user_id))
        return self._work.change(mine) > 0

    def set_recovery_codes(self, user_id: str, digests: Sequence[bytes]) -> None:
        """Keep recovery codes in place of earlier ones; none removes them. A change."""
        self._work.change(
            delete(recovery_codes).where(*self._here(recovery_codes, user_id=user_id))
        )
        key = {"tenant_id": self._tenant_id, "user_id": user_id}
        self._work.add_all(recovery_codes, [{**key, "digest": digest} for digest in digests])

    def count_recovery_codes(self, user_id: str) -> int:
        """How many recovery codes the person has left."""
        counted = select(func.count().label("n")).select_from(recovery_codes)
        row = self._work.one(counted.where(*self._here(recovery_codes, user_id=user_id)))
        return row.n if row else 0

    def spend_recovery_code(self, user_id: str, digest: bytes) -> bool:
        """Use a recovery code up, in one statement; False when there is none such. A change."""
        mine = self._here(recovery_codes, user_id=user_id, digest=digest)
        return self._work.change(delete(recovery_codes).where(*mine)) > 0

    def _mine(self, table: Any, user_id: object) -> Select[Any]:
        return select(table.c.user_id).where(*self._here(table, user_id=user_id))

    def _without(self, role_id: str | None) -> Select[Any]:
        found = select(users.c.id).where(
            *self._here(users),
            users.c.enabled == true(),
            users.c.provider_id == LOCAL_PROVIDER,
            ~exists(self._mine(authenticators, users.c.id)),
            ~exists(self._mine(passkeys, users.c.id)),
        )
        if role_id is None:
            return found
        held = select(user_roles.c.user_id).where(*self._here(user_roles, role_id=role_id))
        return found.where(users.c.id.in_(held))
