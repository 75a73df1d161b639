"""`ports.Deployment` and `ports.Tenancy` in memory."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from gatepost.model.keys import SigningKey
from gatepost.model.portal import TryOut
from gatepost.model.tenants import Tenant
from gatepost.model.text import fold
from gatepost.ports import Secrets
from gatepost.ports.stores import MOST_LEASE
from tests.memory.clients import MemoryClientStore
from tests.memory.grants import MemoryGrantStore
from tests.memory.journal import MemoryJournalBooks, MemoryJournalStore
from tests.memory.people import MemoryDirectoryStore
from tests.memory.sign_ins import MemorySignInStore
from tests.memory.unit import Unit

_KEY_CHECK = "key_check"
_KEY_CHECKS = "key_check."


class MemoryTenancy:
    """What one tenant has, within one transaction."""

    def __init__(self, unit: Unit, tenant_id: str, secrets: Secrets) -> None:
        self.unit = unit
        self._clients = MemoryClientStore(unit, tenant_id)
        self._directory = MemoryDirectoryStore(unit, tenant_id)
        self._journal = MemoryJournalStore(unit, tenant_id, secrets)
        self._sign_ins = MemorySignInStore(unit, tenant_id)
        self._grants = MemoryGrantStore(unit, tenant_id)

    @property
    def clients(self) -> MemoryClientStore:
        """Clients and secrets."""
        return self._clients

    @property
    def directory(self) -> MemoryDirectoryStore:
        """Tenant, roles and people."""
        return self._directory

    @property
    def journal(self) -> MemoryJournalStore:
        """Events."""
        return self._journal

    @property
    def sign_ins(self) -> MemorySignInStore:
        """Sign-ins, consents, passkeys."""
        return self._sign_ins

    @property
    def grants(self) -> MemoryGrantStore:
        """Requests under way, codes, tokens."""
        return self._grants


class MemoryDeployment:
    """What crosses tenants, within one transaction."""

    def __init__(self, unit: Unit, secrets: Secrets) -> None:
        self._unit = unit
        self._secrets = secrets

    @property
    def journals(self) -> MemoryJournalBooks:
        """What is known of all journals."""
        return MemoryJournalBooks(self._unit)

    def tenant_of_client(self, client_id: str) -> str | None:
        """The tenant of the client with this id; ids are unique in the deployment."""
        for tenant_id, id_ in self._unit.tables.clients:
            if id_ == client_id:
                return tenant_id
        return None

    def tenants_of_sign_ins(self, digests: Sequence[bytes]) -> tuple[str, ...]:
        """The tenants that these session digests belong to, newest sign-in first."""
        found = [
            (kept.sign_in.signed_in_at, tenant_id)
            for (tenant_id, _), kept in self._unit.tables.sign_ins.items()
            if kept.digests.session in digests
        ]
        found.sort(key=lambda pair: pair[1])
        found.sort(key=lambda pair: pair[0], reverse=True)
        return tuple(dict.fromkeys(tenant_id for _, tenant_id in found))

    def tenant_of_user_code(self, digest: bytes) -> str | None:
        """The tenant of the device that shows this user code."""
        for (tenant_id, _), code in self._unit.tables.device_codes.items():
            if code.user_code_digest == digest:
                return tenant_id
        return None

    def tenant_with_alias(self, alias: str) -> str | None:
        """The tenant whose alias is the same but for case and width."""
        tenants = self._unit.tables.tenants.values()
        found = [tenant.id for tenant in tenants if fold(tenant.alias) == fold(alias)]
        return found[0] if len(found) == 1 else None

    def take_lease(self, office: str, holder: str, now: datetime, until: datetime) -> bool:
        """Hold an office until then, if it is free or held already; False when another holds it."""
        leases = self._unit.tables.leases
        other, ends_at = leases.get(office, (holder, now))
        if other != holder and now < ends_at <= now + MOST_LEASE:
            return False
        self._unit.keep_books(leases, office, (holder, until))
        return True

    def overdue_try_outs(self, now: datetime, most: int) -> tuple[tuple[str, TryOut], ...]:
        """Try-outs that nobody ended in time, each with its tenant."""
        kept = self._unit.tables.try_outs.items()
        over = [(tenant_id, one) for (tenant_id, _), one in kept if one.expires_at <= now]
        over.sort(key=lambda pair: (pair[1].expires_at, pair[0], pair[1].id))
        return tuple(over[:most])

    def has_origin(self, origin: str) -> bool:
        """Whether any client registered exactly this origin for calls from browsers."""
        known = (client.settings for client in self._unit.tables.clients.values())
        return any(origin in getattr(settings, "allowed_cors_origins", ()) for settings in known)

    def count_expiring_secrets(self, now: datetime, ends: Sequence[datetime]) -> tuple[int, ...]:
        """For each end how many secrets of all clients are valid now and expire by then."""
        kept = (one.secret.expires_at for one in self._unit.tables.secrets.values())
        valid = [expiry for expiry in kept if expiry is not None and expiry > now]
        return tuple(sum(expiry <= end for expiry in valid) for end in ends)

    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants in order of creation."""
        found = self._unit.tables.tenants.values()
        return tuple(sorted(found, key=lambda tenant: (tenant.created_at, tenant.id)))

    def some_tenant_ids(self, most: int) -> tuple[str, ...]:
        """The ids of so many tenants, or of all where there are fewer."""
        return tuple(tenant.id for tenant in self.tenants()[:most])

    def add_tenant(self, tenant: Tenant) -> bool:
        """Keep a new tenant; False when its id is taken."""
        if tenant.id in self._unit.tables.tenants:
            return False
        self._unit.put(self._unit.tables.tenants, tenant.id, tenant)
        return True

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """All signing keys that were not yet deleted."""
        found = sorted(self._unit.tables.keys.values(), key=lambda key: (key.active_from, key.kid))
        return tuple(_apart(key) for key in found)

    def add_signing_key(self, key: SigningKey) -> None:
        """Keep a new key."""
        if key.kid in self._unit.tables.keys:
            raise ValueError(f"there is a key {key.kid!r} already")
        self._unit.put(self._unit.tables.keys, key.kid, _apart(key))

    def save_key_phases(self, key: SigningKey) -> None:
        """Keep the changed times of a key."""
        kept = self._unit.tables.keys.get(key.kid)
        if kept is not None:
            changed = structs.replace(
                kept,
                active_from=key.active_from,
                retained_from=key.retained_from,
                removed_from=key.removed_from,
            )
            self._unit.put(self._unit.tables.keys, key.kid, changed)

    def remove_signing_key(self, kid: str) -> bool:
        """Remove a key with its private part; False when there is none."""
        return self._unit.drop(self._unit.tables.keys, kid)

    def key_check(self) -> bytes | None:
        """The check value of the master key that is in use, which begins with its number."""
        return self._unit.tables.deployment.get(_KEY_CHECK)

    def set_key_check(self, value: bytes) -> None:
        """Keep that value, once."""
        if self.key_check() is not None:
            raise ValueError("there is a key check already")
        self._unit.keep_books(self._unit.tables.deployment, _KEY_CHECK, value)

    def key_checks(self) -> tuple[bytes, ...]:
        """The check values of all master keys that were ever known, by number."""
        kept = self._unit.tables.deployment.items()
        return tuple(sorted({value for name, value in kept if name.startswith(_KEY_CHECK)}))

    def note_key_check(self, value: bytes) -> None:
        """Keep the check value of a key that is not in use yet, once. Bookkeeping."""
        kept, name = self._unit.tables.deployment, f"{_KEY_CHECKS}{value[0]}"
        if name not in kept:
            self._unit.keep_books(kept, name, value)

    def use_key(self, value: bytes) -> None:
        """Put the master key of this check value into use. A change."""
        before = self.key_check()
        if before is not None:
            self.note_key_check(before)
            self._unit.put(self._unit.tables.deployment, _KEY_CHECK, value)

    def open(self, tenant_id: str) -> MemoryTenancy:
        """A tenant's stores within the same transaction."""
        return MemoryTenancy(self._unit, tenant_id, self._secrets)


def _apart(key: SigningKey) -> SigningKey:
    return structs.replace(key, public_jwk=dict(key.public_jwk))
