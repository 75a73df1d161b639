"""The house: the store that is open, the keys, and what the command line does with them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from gatepost.app.master_key import StartFault, check_key, loaded_key, make_first_key
from gatepost.crypto.attesting import CheckpointKeys
from gatepost.crypto.foreign_keys import ForeignKeys
from gatepost.crypto.jose import Jose
from gatepost.crypto.passwords import Argon2Passwords
from gatepost.crypto.sealing import KeyedSecrets, MasterKey, Sealer
from gatepost.model.keys import KeyRules, Phase, SigningKey
from gatepost.services import key_schedule, keys, tenants
from gatepost.services.world import World
from gatepost.settings import Settings, safe_database_url
from gatepost.storage import backup, schema
from gatepost.storage.engine import Database, sqlite_path
from gatepost.storage.epochs import StoreEpochs
from gatepost.storage.replica import Replica
from gatepost.storage.rewrapping import SqlRewrapping
from gatepost.storage.sql_store import SqlStore
from gatepost.system import SystemClock, SystemDice
from gatepost.web.api import openapi


class House(NamedTuple):
    """The store that is open, and the world around it."""

    settings: Settings
    database: Database
    store: SqlStore
    world: World
    attester: CheckpointKeys | None = None

    def close(self) -> None:
        """Give back all connections."""
        self.store.close()


def open_house(settings: Settings, epochs: StoreEpochs | None = None) -> House:
    """Open a store that is ready for use; refused when it is not."""
    database = _existing(settings)
    with _given_back(database):
        found = schema.revision(database.engine)
        if found != schema.HEAD:
            shown = safe_database_url(settings.database_url)
            raise StartFault(
                f"The store at {shown} is empty. Run: gatepost init"
                if found is None
                else f"The store at {shown} is not at the newest schema. Run: gatepost migrate"
            )
        return _furnish(settings, database, loaded_key(settings), epochs)


def prepare_house(settings: Settings) -> House:
    """Open a store, bringing it to the newest schema; an embedded one gets its master key."""
    database = _database(settings)
    with _given_back(database):
        return _prepared(settings, database)


def found_house(settings: Settings) -> House:
    """The same for `gatepost init`, which is run on purpose: any new store gets its master key."""
    database = _database(settings)
    with _given_back(database):
        schema.migrate(database.engine)
        make_first_key(settings, database)
        return _prepared(settings, database)


def migrate_store(settings: Settings) -> bool:
    """Bring the store to the newest schema; True when there was something to do."""
    return schema.migrate(_database(settings).engine)


def store_revision(settings: Settings) -> tuple[str | None, str]:
    """The revision that the store has, and the newest one."""
    return schema.revision(_existing(settings).engine), schema.HEAD


def backup_store(settings: Settings, target: Path) -> int:
    """Copy the store into a file while it is in use; the number of rows copied."""
    database = _existing(settings)
    try:
        return backup.backup(database, target)
    finally:
        database.engine.dispose()


def restore_store(settings: Settings, source: Path) -> int:
    """Fill an empty store from a backup; the number of rows."""
    return backup.restore(source, settings.database_url, settings.database_pooler)


def ensure_signing_key(house: House) -> None:
    """Make the key that signs as it is set, where there is none such."""
    algorithm, retain_for = house.settings.signing_algorithm, key_rules(house).retain_for
    key_schedule.settle(house.world, algorithm, retain_for)


@contextmanager
def _given_back(database: Database) -> Iterator[None]:
    """Give back the connections of a house that cannot be opened."""
    try:
        yield
    except BaseException:
        database.engine.dispose()
        raise


def _furnish(
    settings: Settings, database: Database, master: MasterKey, epochs: StoreEpochs | None = None
) -> House:
    dice = SystemDice()
    secrets = KeyedSecrets(master, dice)
    store = SqlStore(database.engine, secrets, epochs, _replica(settings))
    world = World(
        store=store,
        clock=SystemClock(),
        dice=dice,
        secrets=secrets,
        passwords=Argon2Passwords(dice, max(1, (os.cpu_count() or 1) // settings.workers)),
        signer=Jose(Sealer(master, dice), settings.rsa_key_bits),
        client_keys=ForeignKeys(),
        theme=settings.theme,
    )
    house = House(settings, database, store, world, CheckpointKeys(master))
    check_key(settings, world)
    return house


def _existing(settings: Settings) -> Database:
    """The database, where looking at it does not make it."""
    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        raise StartFault(f"There is no store at {path}. Run: gatepost init")
    return _database(settings)


def _replica(settings: Settings) -> Replica | None:
    if settings.replica_url is None:
        return None
    return Replica(Database(settings.replica_url, settings.database_pooler))


def _database(settings: Settings) -> Database:
    return Database(settings.database_url, settings.database_pooler)


def _prepared(settings: Settings, database: Database) -> House:
    schema.migrate(database.engine)
    path = settings.key_file()
    if database.path is not None:
        make_first_key(settings, database)
    elif path is not None and not path.exists():
        raise StartFault(
            f"There is no master key at {path}. For a new store run: gatepost init. "
            "For a store in use put its own key file there."
        )
    return _furnish(settings, database, loaded_key(settings))


def api_document() -> dict[str, Any]:
    """The OpenAPI document."""
    return openapi.document()


def sqlite_file(settings: Settings) -> Path | None:
    """The store's file, where the store is one."""
    return sqlite_path(settings.database_url)


def signing_keys(house: House) -> tuple[tuple[SigningKey, Phase], ...]:
    """The signing keys with their phases."""
    return keys.listed(house.world)


def key_rules(house: House) -> KeyRules:
    """The rules of the schedule of signing keys, as they are set."""
    return key_schedule.rules_of(
        house.settings.signing_algorithm,
        house.settings.key_announce_days,
        house.settings.key_active_days,
        house.settings.key_retain_days,
    )


def rewrapping(house: House) -> SqlRewrapping:
    """What is kept under which master key."""
    return SqlRewrapping(house.database.engine)


def has_tenant(house: House) -> bool:
    """Whether a tenant was founded."""
    return tenants.is_any(house.world)
