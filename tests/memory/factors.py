"""`ports.FactorStore` in memory."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from gatepost.model.factors import Authenticator, Factors
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.tenants import ADMINISTRATOR, SecondFactor
from tests.memory.unit import Room


class MemoryFactorStore(Room):
    """Authenticator apps, recovery codes, and who has nothing beside a password."""

    def factors(self, user_id: str) -> Factors:
        """What the person has, and what the tenant demands."""
        tenant = self._tables.tenants.get(self._tenant_id)
        user = self._tables.users.get(self._key(user_id))
        types = {
            role.type_id
            for role in self._here(self._tables.roles)
            if user is not None and role.id in user.role_ids
        }
        return Factors(
            tenant.second_factor if tenant else "none",
            ADMINISTRATOR in types,
            self.authenticator(user_id) is not None,
            self._has_passkey(user_id),
        )

    def demand(self, second_factor: SecondFactor, now: datetime) -> None:
        """Keep of whom the tenant demands a second factor. A change."""
        tenant = self._tables.tenants.get(self._tenant_id)
        if tenant is not None:
            changed = structs.replace(tenant, second_factor=second_factor, updated_at=now)
            self._unit.put(self._tables.tenants, self._tenant_id, changed)

    def without_factor(self, role_id: str | None, most: int) -> tuple[str, ...]:
        """The ids of people who have none: enabled, with their password here, and in the role."""
        found = [user for user in self._here(self._tables.users) if self._is_without(user, role_id)]
        by_age = sorted(found, key=lambda user: (user.created_at, user.id))
        return tuple(user.id for user in by_age[:most])

    def count_without_factor(self, role_id: str | None, most: int) -> int:
        """How many such people there are, counted up to `most`."""
        return len(self.without_factor(role_id, most))

    def authenticator(self, user_id: str) -> Authenticator | None:
        """The person's authenticator app."""
        return self._tables.authenticators.get(self._key(user_id))

    def save_authenticator(self, authenticator: Authenticator) -> None:
        """Keep an authenticator app in place of an earlier one. A change."""
        self._need_user(authenticator.user_id)
        key = self._key(authenticator.user_id)
        self._unit.put(self._tables.authenticators, key, authenticator)

    def spend_step(self, user_id: str, step: int, now: datetime) -> bool:
        """Use up a step and all before it; False when it was used. Bookkeeping."""
        kept = self.authenticator(user_id)
        if kept is None or kept.used_step >= step:
            return False
        used = structs.replace(kept, used_step=step, last_used_at=now)
        self._unit.keep_books(self._tables.authenticators, self._key(user_id), used)
        return True

    def remove_authenticator(self, user_id: str) -> bool:
        """Remove the person's authenticator app; False when there is none. A change."""
        return self._unit.drop(self._tables.authenticators, self._key(user_id))

    def set_recovery_codes(self, user_id: str, digests: Sequence[bytes]) -> None:
        """Keep recovery codes in place of earlier ones; none removes them. A change."""
        if digests:
            self._need_user(user_id)
        for digest in self._codes_of(user_id):
            self._unit.drop(self._tables.recovery_codes, (self._tenant_id, user_id, digest))
        for digest in digests:
            key = (self._tenant_id, user_id, digest)
            self._unit.put(self._tables.recovery_codes, key, digest)

    def count_recovery_codes(self, user_id: str) -> int:
        """How many recovery codes the person has left."""
        return len(self._codes_of(user_id))

    def spend_recovery_code(self, user_id: str, digest: bytes) -> bool:
        """Use a recovery code up, in one statement; False when there is none such. A change."""
        return self._unit.drop(self._tables.recovery_codes, (self._tenant_id, user_id, digest))

    def _codes_of(self, user_id: str) -> list[bytes]:
        mine = (self._tenant_id, user_id)
        return [key[2] for key in self._tables.recovery_codes if key[:2] == mine]

    def _has_passkey(self, user_id: str) -> bool:
        return any(kept.user_id == user_id for kept in self._here(self._tables.passkeys))

    def _is_without(self, user: User, role_id: str | None) -> bool:
        is_meant = role_id is None or role_id in user.role_ids
        is_here = user.enabled and user.provider_id == LOCAL_PROVIDER
        has_one = self.authenticator(user.id) is not None or self._has_passkey(user.id)
        return is_meant and is_here and not has_one
