"""The store in memory, for tests of services: as strict as the databases, and as forgetful.

A writing unit works on a copy of the tables, which takes the place of the old ones when the block
ends and is dropped when it raises. A reader keeps the tables that it began with.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from threading import RLock

from gatepost.ports import ClientFacts, PersonFacts, Secrets, SpendingOf
from tests.memory.deployment import MemoryDeployment, MemoryTenancy
from tests.memory.redemptions import MemoryRedemptionStore
from tests.memory.sweeping import sweep
from tests.memory.unit import Tables, Unit


class MemoryEpochs:
    """`ports.Epochs` of one process: one number for all tenants."""

    def __init__(self) -> None:
        self.changes = 0

    def of(self, _tenant_id: str) -> bytes:
        """The number of changes so far."""
        return self.changes.to_bytes(8, "little")

    def glance(self) -> "MemoryEpochs":
        """The same of all tenants: one that stays as it is."""
        copy = MemoryEpochs()
        copy.changes = self.changes
        return copy


class MemoryStore:
    """`ports.Store` in memory."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._tables = Tables()
        self._lock = RLock()
        self._somebody_writes = False
        self.epochs = MemoryEpochs()

    def close(self) -> None:
        """Nothing to give back."""

    def client_facts(self, client_id: str) -> ClientFacts | None:
        """The client of this id in whichever tenant it is, with its secrets and roles."""
        with self.reading_all() as deployment:
            tenant_id = deployment.tenant_of_client(client_id)
            if tenant_id is None:
                return None
            tenancy = deployment.open(tenant_id)
            client = tenancy.clients.find(client_id)
            assert client is not None
            roles = tenancy.directory.some_roles(getattr(client.settings, "role_ids", ()))
            return ClientFacts(
                tenant_id,
                client,
                tenancy.clients.digests(client_id),
                tuple(role.id for role in roles),
                tuple(role.type_id for role in roles if role.type_id is not None),
            )

    def person_facts(self, tenant_id: str, user_id: str) -> PersonFacts | None:
        """The person of this id with their roles."""
        with self.reading(tenant_id) as tenancy:
            user = tenancy.directory.user(user_id)
            if user is None:
                return None
            roles = tenancy.directory.some_roles(user.role_ids)
            types = tuple(role.type_id for role in roles if role.type_id is not None)
            return PersonFacts(user, tuple(role.id for role in roles), types)

    def redemptions(self, tenant_id: str) -> MemoryRedemptionStore:
        """The codes and refresh tokens of one tenant, each sentence a transaction of its own."""
        return MemoryRedemptionStore(self, tenant_id)

    def spend_all(self, spendings: Sequence[SpendingOf]) -> Sequence[bool]:
        """Use up codes and refresh tokens of several tenants; for each whether it was done."""
        spent = []
        for tenant_id, kind, spending in spendings:
            store = self.redemptions(tenant_id)
            is_code = kind == "code"
            spent.append((store.spend_code if is_code else store.spend_refresh_token)(spending))
        return spent

    @contextmanager
    def reading(self, tenant_id: str) -> Iterator[MemoryTenancy]:
        """A consistent view of one tenant."""
        with self._reading_unit() as unit:
            yield MemoryTenancy(unit, tenant_id, self._secrets)

    def reading_calmly(self, tenant_id: str) -> AbstractContextManager[MemoryTenancy]:
        """The same: there is one copy."""
        return self.reading(tenant_id)

    @contextmanager
    def writing(self, tenant_id: str) -> Iterator[MemoryTenancy]:
        """A change to one tenant; writers of a tenant wait for each other."""
        with self._writing_unit() as unit:
            yield MemoryTenancy(unit, tenant_id, self._secrets)

    @contextmanager
    def reading_all(self) -> Iterator[MemoryDeployment]:
        """A consistent view across tenants."""
        with self._reading_unit() as unit:
            yield MemoryDeployment(unit, self._secrets)

    @contextmanager
    def writing_all(self) -> Iterator[MemoryDeployment]:
        """A change across tenants."""
        with self._writing_unit() as unit:
            yield MemoryDeployment(unit, self._secrets)

    def sweep(self, now: datetime, most: int) -> tuple[int, ...]:
        """Remove at most so many rows of each kind whose deadline has passed; how many of each."""
        with self._writing_unit() as unit:
            return sweep(unit, now, most)

    @contextmanager
    def _reading_unit(self) -> Iterator[Unit]:
        unit = Unit(self._tables, writable=False)
        try:
            yield unit
        finally:
            unit.close()

    @contextmanager
    def _writing_unit(self) -> Iterator[Unit]:
        with self._lock:
            if self._somebody_writes:
                raise RuntimeError("a writing unit is open already, and would wait for itself")
            self._somebody_writes = True
            unit = Unit(self._tables.copy(), writable=True)
            try:
                yield unit
                self._tables = unit.finish()
                self.epochs.changes += unit.has_changed
            finally:
                unit.close()
                self._somebody_writes = False
