"""Everything is wired here and nowhere else: settings in, a running server's parts out."""

import hmac
import logging
import os
import threading
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any, NamedTuple

from gatepost.crypto.jose import Jose
from gatepost.crypto.passwords import Argon2Passwords
from gatepost.crypto.sealing import (
    KeyedSecrets,
    KeyFileFault,
    MasterKey,
    Sealer,
    check_value,
    create_master_key,
    load_master_key,
)
from gatepost.model.errors import StoreUnavailable
from gatepost.model.keys import Phase, SigningKey
from gatepost.protocol.discovery import ISSUER_PATH
from gatepost.services import journal, keys, tenants
from gatepost.services.access import AccessService
from gatepost.services.keys import KeyRing
from gatepost.services.refusals import RefusalBook
from gatepost.services.token import Books, TokenService
from gatepost.services.usage import UsageBook
from gatepost.services.world import World
from gatepost.settings import Settings, safe_database_url
from gatepost.storage import backup, schema
from gatepost.storage.engine import Database, sqlite_path
from gatepost.storage.sql_store import SqlStore
from gatepost.system import SystemClock, SystemDice
from gatepost.web.api import docs_page, openapi
from gatepost.web.api.door import ApiDoor
from gatepost.web.front import Front
from gatepost.web.oidc.door import OidcDoor
from gatepost.web.site import ApiPaper, Site

_KEY_BYTES = 32
_FLUSH_SECONDS = 1.0


class StartFault(Exception):
    """The server or command cannot start; one line that says why and what to do."""


class House(NamedTuple):
    """The store that is open, and the world around it."""

    settings: Settings
    database: Database
    store: SqlStore
    world: World

    def close(self) -> None:
        """Give back all connections."""
        self.store.close()


def open_house(settings: Settings) -> House:
    """Open a store that is ready for use; refused when it is not."""
    database = _existing(settings)
    found = schema.revision(database.engine)
    if found != schema.HEAD:
        shown = safe_database_url(settings.database_url)
        raise StartFault(
            f"The store at {shown} is empty. Run: gatepost init"
            if found is None
            else f"The store at {shown} is not at the newest schema. Run: gatepost migrate"
        )
    return _furnish(settings, database, _loaded_key(settings))


def prepare_house(settings: Settings) -> House:
    """Open a store, bringing it to the newest schema; an embedded one gets its master key."""
    return _prepared(settings, Database(settings.database_url))


def found_house(settings: Settings) -> House:
    """The same for `gatepost init`, which is run on purpose: any new store gets its master key."""
    database = Database(settings.database_url)
    schema.migrate(database.engine)
    _make_first_key(settings, database)
    return _prepared(settings, database)


def migrate_store(settings: Settings) -> bool:
    """Bring the store to the newest schema; True when there was something to do."""
    return schema.migrate(Database(settings.database_url).engine)


def store_revision(settings: Settings) -> tuple[str | None, str]:
    """The revision that the store has, and the newest one."""
    return schema.revision(_existing(settings).engine), schema.HEAD


def backup_store(settings: Settings, target: Path) -> int:
    """Copy the store into a file while it is in use; the number of rows copied."""
    return backup.backup(_existing(settings), target)


def restore_store(settings: Settings, source: Path) -> int:
    """Fill an empty store from a backup; the number of rows."""
    return backup.restore(source, settings.database_url)


class Server:
    """The application with its background work, for one worker process."""

    def __init__(self, house: House, public_url: str) -> None:
        settings, world = house.settings, house.world
        issuer = public_url + ISSUER_PATH
        ring = KeyRing(world)
        book = UsageBook()
        refusals = RefusalBook(world)
        access = AccessService(world, issuer, ring, refusals)
        tokens = TokenService(world, issuer, ring, Books(book, refusals))
        api = ApiDoor(
            world,
            access,
            strict_reads=settings.strict_client_reads,
            omit_nulls=settings.null_members == "omit",
        )
        site = Site(world.store, ApiPaper(openapi.document, docs_page.resources))
        oidc = OidcDoor(issuer, tokens, ring)
        self._house = house
        self._book = book
        self._refusals = refusals
        self._stopping = threading.Event()
        self._clerk = threading.Thread(target=self._keep_books, name="usage", daemon=True)
        self.front = Front(
            (oidc, site.documents(), api, site),
            world.dice,
            settings.trusted_proxies,
            https=public_url.startswith("https:"),
        )

    def start(self) -> None:
        """Begin the background work."""
        self._clerk.start()

    def stop(self) -> None:
        """End it, and keep what is not yet kept."""
        self.front.close()
        self._stopping.set()
        self._clerk.join(timeout=10)
        self._keep_refusals()
        self._house.close()

    def _keep_refusals(self) -> None:
        try:
            self._refusals.keep()
        except StoreUnavailable as fault:
            logging.getLogger("gatepost.refusals").warning("counts are lost: %s", fault)

    def _keep_books(self) -> None:
        """Write the counters of use once a second, and once more at the end."""
        log = logging.getLogger("gatepost.usage")
        ending = False
        while not ending:
            ending = self._stopping.wait(_FLUSH_SECONDS)
            try:
                self._book.keep(self._house.store)
            except StoreUnavailable as fault:
                log.warning("counters of use are kept for later: %s", fault)
            except Exception:
                log.exception("counters of use could not be written")


def ensure_signing_key(house: House) -> None:
    """Make the first signing key, or one of the algorithm that the settings changed to."""
    keys.ensure(house.world, house.settings.signing_algorithm)


def _furnish(settings: Settings, database: Database, master: MasterKey) -> House:
    dice = SystemDice()
    secrets = KeyedSecrets(master, dice)
    store = SqlStore(database.engine, secrets)
    world = World(
        store=store,
        clock=SystemClock(),
        dice=dice,
        secrets=secrets,
        passwords=Argon2Passwords(dice, max(1, (os.cpu_count() or 1) // settings.workers)),
        signer=Jose(Sealer(master, dice), settings.rsa_key_bits),
        theme=settings.theme,
    )
    house = House(settings, database, store, world)
    _check_key(house, master)
    return house


def _check_key(house: House, master: MasterKey) -> None:
    """The master key must be the one that the store was made with (security.md D-02)."""
    expected = check_value(master)
    with house.store.reading_all() as deployment:
        known = deployment.key_check()
    if known is None:
        with house.store.writing_all() as deployment:
            known = deployment.key_check()
            if known is None:
                deployment.set_key_check(expected)
                return
    if not hmac.compare_digest(known, expected):
        raise StartFault(
            f"The master key in {house.settings.master_key_path()} is not the one that this "
            "store was made with. Put the right key file there."
        )


def _loaded_key(settings: Settings) -> MasterKey:
    try:
        return load_master_key(settings.master_key_path())
    except KeyFileFault as fault:
        raise StartFault(str(fault)) from None


def _existing(settings: Settings) -> Database:
    """The database, where looking at it does not make it."""
    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        raise StartFault(f"There is no store at {path}. Run: gatepost init")
    return Database(settings.database_url)


def _prepared(settings: Settings, database: Database) -> House:
    schema.migrate(database.engine)
    path = settings.master_key_path()
    if database.path is not None:
        _make_first_key(settings, database)
    elif not path.exists():
        raise StartFault(
            f"There is no master key at {path}. For a new store run: gatepost init. "
            "For a store in use put its own key file there."
        )
    return _furnish(settings, database, _loaded_key(settings))


def _make_first_key(settings: Settings, database: Database) -> None:
    """Make the master key of a store that never had one.

    The key is written while the store is held for writing, so that processes that start together
    go on with one key, and none reads a half-written file.
    """
    path = settings.master_key_path()
    random = urlsafe_b64decode(SystemDice().token(_KEY_BYTES) + "=")
    master = MasterKey(random)
    store = SqlStore(database.engine, KeyedSecrets(master, SystemDice()))
    with store.reading_all() as deployment:
        if deployment.key_check() is not None:
            return
    with store.writing_all() as deployment:
        if deployment.key_check() is not None or path.exists():
            return
        try:
            create_master_key(path, random)
        except KeyFileFault as fault:
            raise StartFault(str(fault)) from None
        deployment.set_key_check(check_value(master))


def api_document() -> dict[str, Any]:
    """The OpenAPI document."""
    return openapi.document()


def sqlite_file(settings: Settings) -> Path | None:
    """The store's file, where the store is one."""
    return sqlite_path(settings.database_url)


def signing_keys(house: House) -> tuple[tuple[SigningKey, Phase], ...]:
    """The signing keys with their phases."""
    return keys.listed(house.world)


def has_tenant(house: House) -> bool:
    """Whether a tenant was founded."""
    return bool(tenants.all_tenants(house.world))


def journal_verdicts(house: House) -> tuple[journal.Verdict, ...]:
    """What the journals of the deployment and of all tenants are worth."""
    return journal.verify_all(house.world)
