"""`ports.Deployment` and `ports.Tenancy` in memory."""

from msgspec import structs

from gatepost.model.keys import SigningKey
from gatepost.model.tenants import Tenant
from gatepost.ports import Secrets
from tests.memory.clients import MemoryClientStore
from tests.memory.journal import MemoryJournalStore
from tests.memory.people import MemoryDirectoryStore
from tests.memory.unit import Unit

_KEY_CHECK = "key_check"


class MemoryTenancy:
    """What one tenant has, within one transaction."""

    def __init__(self, unit: Unit, tenant_id: str, secrets: Secrets) -> None:
        self._clients = MemoryClientStore(unit, tenant_id)
        self._directory = MemoryDirectoryStore(unit, tenant_id)
        self._journal = MemoryJournalStore(unit, tenant_id, secrets)

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


class MemoryDeployment:
    """What crosses tenants, within one transaction."""

    def __init__(self, unit: Unit, secrets: Secrets) -> None:
        self._unit = unit
        self._secrets = secrets

    def tenant_of_client(self, client_id: str) -> str | None:
        """The tenant of the client with this id; ids are unique in the deployment."""
        for tenant_id, id_ in self._unit.tables.clients:
            if id_ == client_id:
                return tenant_id
        return None

    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants in order of creation."""
        found = self._unit.tables.tenants.values()
        return tuple(sorted(found, key=lambda tenant: (tenant.created_at, tenant.id)))

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

    def key_check(self) -> bytes | None:
        """The value that tells whether the master key is the right one."""
        return self._unit.tables.deployment.get(_KEY_CHECK)

    def set_key_check(self, value: bytes) -> None:
        """Keep that value, once."""
        if self.key_check() is not None:
            raise ValueError("there is a key check already")
        self._unit.keep_books(self._unit.tables.deployment, _KEY_CHECK, value)

    def open(self, tenant_id: str) -> MemoryTenancy:
        """A tenant's stores within the same transaction."""
        return MemoryTenancy(self._unit, tenant_id, self._secrets)


def _apart(key: SigningKey) -> SigningKey:
    return structs.replace(key, public_jwk=dict(key.public_jwk))
