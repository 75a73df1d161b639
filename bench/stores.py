"""Stores to measure on: founded by the product, filled through its own store, copied by it.

Clients go in by the thousand in one transaction with one event. The product's own stores make the
rows, counters and links of the journal; only the inserts are gathered, because 50,000 single ones
would take minutes. The journal is therefore shorter than real use would have made it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Table, Update, update

from gatepost.app import (
    House,
    backup_store,
    ensure_signing_key,
    found_house,
    migrate_store,
    restore_store,
)
from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import ClientCredentialClient, StoredClient
from gatepost.model.events import Action
from gatepost.model.tenants import MEMBER
from gatepost.services import tenants
from gatepost.services.tenants import Founding
from gatepost.services.world import World, event
from gatepost.settings import Settings
from gatepost.storage.client_store import SqlClientStore
from gatepost.storage.engine import transaction
from gatepost.storage.journal_store import SqlJournalStore
from gatepost.storage.tables import client_secrets, clients
from gatepost.storage.unit_of_work import UnitOfWork

PASSWORD = "only for measuring"
_BATCH = 1_000
_DAY = timedelta(days=1)
_SPREAD_DAYS = 700
_SITES = 20
_INCARNATION_BYTES = 6


class Filled(NamedTuple):
    """A store with one tenant in it, and its administration client."""

    folder: Path
    url: str
    key_file: Path
    tenant_id: str
    client_id: str
    secret: str
    clients: int
    admin_email: str

    @property
    def settings(self) -> Settings:
        """The settings that open it."""
        return Settings(database_url=self.url, master_key_file=self.key_file)

    @property
    def collection(self) -> str:
        """The address of its client-credentials clients."""
        return f"/api/v1/Tenants/{self.tenant_id}/{CLIENT_CREDENTIALS.collection}"


def sqlite_store(folder: Path, clients: int) -> Filled:
    """A SQLite store with that many clients, of which the administration client is one."""
    folder.mkdir()
    url, key_file = f"sqlite:///{folder}/gatepost.db", folder / "master.key"
    house = found_house(Settings(database_url=url, master_key_file=key_file))
    try:
        founded = tenants.found_first(house.world, Founding(admin_password=PASSWORD))
        ensure_signing_key(house)
        _fill(house, founded.tenant.id, clients - 1)
    finally:
        house.close()
    secret = founded.admin_client_secret or ""
    tenant_id, client_id = founded.tenant.id, founded.admin_client_id
    email = founded.admin_email
    return Filled(folder, url, key_file, tenant_id, client_id, secret, clients, email)


def copied(source: Filled, url: str, folder: Path) -> Filled:
    """The same store on another database, by the product's own backup and restore."""
    folder.mkdir()
    target = source._replace(folder=folder, url=url)
    file = folder / "backup.db"
    backup_store(source.settings, file)
    migrate_store(target.settings)
    restore_store(target.settings, file)
    file.unlink()
    return target


class _Gathering(UnitOfWork):
    """A unit of work that keeps new rows back and inserts them many at a time."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, may_write=True)
        self._rows: dict[Table, list[Mapping[str, object]]] = defaultdict(list)
        self._steps: Counter[tuple[str, str]] = Counter()

    def add(self, table: Table, values: Mapping[str, object]) -> bool:
        """Keep one row for later; it is known to be new."""
        self._rows[table].append(values)
        return True

    def add_all(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep rows for later."""
        self._rows[table] += rows

    def count_up(self, tenant_id: str, what: str, step: int) -> None:
        """Add up the steps of a counter."""
        self._steps[tenant_id, what] += step

    def flush(self) -> None:
        """Write all that was kept back, parents before their children."""
        for table, rows in self._rows.items():
            super().add_all(table, rows)
        for (tenant_id, what), step in self._steps.items():
            super().count_up(tenant_id, what, step)


def _fill(house: House, tenant_id: str, wanted: int) -> None:
    world = house.world
    act = tenants.operator_act(tenant_id, world.dice.guid())
    with world.store.reading(tenant_id) as tenancy:
        member = tenancy.directory.role_of_type(MEMBER)
    role_ids = (member.id,) if member else ()
    for first in range(0, wanted, _BATCH):
        numbers = range(first, min(first + _BATCH, wanted))
        with transaction(house.database.engine, writing=True) as connection:
            work = _Gathering(connection)
            for number in numbers:
                _add(world, work, tenant_id, (number, _device(world, number, role_ids)))
            work.flush()
            after = {"Clients": len(numbers)}
            told = event(world, act, Action.CLIENT_ADDED, "bench", after=after)
            SqlJournalStore(work, tenant_id, world.secrets).append(told)
            work.check_recorded()
    with transaction(house.database.engine, writing=True) as connection:
        UnitOfWork(connection, may_write=True).keep_books(_known_of_secrets(tenant_id))


def _known_of_secrets(tenant_id: str) -> Update:
    """What a client knows of its secrets, for rows that went in beside the store."""
    one = client_secrets.alias()
    mine = (
        one.c.tenant_id == clients.c.tenant_id,
        one.c.client_id == clients.c.id,
        one.c.expires_at.is_not(None),
    )
    each = update(clients).where(clients.c.tenant_id == tenant_id, *mine)
    return each.values(next_expiry=one.c.expires_at)


def _add(
    world: World, work: UnitOfWork, tenant_id: str, numbered: tuple[int, StoredClient]
) -> None:
    """Add a client with a secret, whose number the client counts on from."""
    number, client = numbered
    client_id = client.settings.id
    SqlClientStore(work, tenant_id).add(client)
    secret = {
        "tenant_id": tenant_id,
        "client_id": client_id,
        "id": 1,
        "digest": world.secrets.digest(client_id),
        "created_at": client.created_at,
        "created_by": "operator",
        "expires_at": client.created_at + _DAY * (number % _SPREAD_DAYS + 1),
    }
    work.add_all(client_secrets, [secret])


def _device(world: World, number: int, role_ids: tuple[str, ...]) -> StoredClient:
    now = world.clock.now()
    settings = ClientCredentialClient(
        id=world.dice.guid(),
        name=f"Device {number:05}",
        role_ids=role_ids,
        tags=(f"site-{number % _SITES}", "device"),
    )
    return StoredClient(
        kind=CLIENT_CREDENTIALS.name,
        settings=settings,
        incarnation=world.dice.token(_INCARNATION_BYTES),
        created_at=now,
        updated_at=now,
        version=1,
    )
