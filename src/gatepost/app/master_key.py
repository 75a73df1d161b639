"""The master key of a house: read from who holds it, compared with the store, made and changed."""

import hmac
from base64 import urlsafe_b64decode
from pathlib import Path

from gatepost.crypto import key_files
from gatepost.crypto.holders import (
    CommandHolder,
    FileHolder,
    KeyFileFault,
    TextHolder,
    load_master_key,
)
from gatepost.crypto.sealing import KEY_SIZE, LAST, KeyedSecrets, MasterKey
from gatepost.model.events import Action
from gatepost.ports import Deployment, KeyHolder
from gatepost.services import master_keys
from gatepost.services.world import World
from gatepost.settings import Settings
from gatepost.storage.engine import Database
from gatepost.storage.sql_store import SqlStore
from gatepost.system import SystemDice


class StartFault(Exception):
    """The server or command cannot start; one line that says why and what to do."""


def holder_of(settings: Settings) -> KeyHolder:
    """Who holds the master key."""
    if settings.master_key is not None:
        return TextHolder(settings.master_key.text)
    if settings.master_key_command is not None:
        return CommandHolder(settings.master_key_command.argv)
    return FileHolder(settings.master_key_path())


def loaded_key(settings: Settings) -> MasterKey:
    """The master key, or why the house cannot be opened."""
    try:
        return load_master_key(holder_of(settings))
    except KeyFileFault as fault:
        raise StartFault(str(fault)) from None


def check_key(settings: Settings, world: World) -> None:
    """The keys must be those that the store knows (security.md D-02); the one in use writes."""
    with world.store.reading_all() as deployment:
        known = _known(deployment)
        in_use = deployment.key_check()
        seals = {key.sealed_private[0] for key in deployment.signing_keys()}
    if in_use is None or set(world.secrets.numbers) - known.keys():
        in_use = _made_known(world)
        with world.store.reading_all() as deployment:
            known = _known(deployment)
    _check(settings, world, known, {in_use[0], *seals})
    world.secrets.write_under(in_use[0])


def make_first_key(settings: Settings, database: Database) -> None:
    """Make the master key of a store that never had one, where a file holds it.

    The key is written while the store is held for writing, so that processes that start together
    go on with one key, and none reads a half-written file.
    """
    path = settings.key_file()
    if path is None:
        return
    random = _random()
    secrets = KeyedSecrets(MasterKey(random), SystemDice())
    store = SqlStore(database.engine, secrets)
    with store.reading_all() as deployment:
        if deployment.key_check() is not None:
            return
    with store.writing_all() as deployment:
        if deployment.key_check() is not None or path.exists():
            return
        try:
            key_files.create_master_key(path, random)
        except KeyFileFault as fault:
            raise StartFault(str(fault)) from None
        deployment.set_key_check(secrets.check_of(secrets.numbers[0]))


def add_master_key(settings: Settings, world: World, target: Path | None) -> int:
    """Put a new key into the key file, or with all others into a new file; its number.

    The file is written while the deployment's turn is taken, so that no number comes twice.
    """
    random = _random()
    with world.store.writing_all() as deployment:
        number = master_keys.next_number(world, deployment)
        if number > LAST:
            raise StartFault(f"Master keys are numbered up to {LAST}, and all were used.")
        try:
            _write_added(settings, target, number, random)
        except KeyFileFault as fault:
            raise StartFault(str(fault)) from None
        fresh = KeyedSecrets(MasterKey({number: random}), world.dice)
        master_keys.note_new(world, deployment, fresh.check_of(number))
    return number


def retire_master_key(settings: Settings, world: World, number: int) -> None:
    """Take a key out of the key file."""
    path = settings.key_file()
    if path is None:
        raise StartFault(f"{holder_of(settings).place} is no file. Take key {number} out there.")
    with world.store.writing_all() as deployment:
        try:
            key_files.replace_text(path, key_files.without_key(path, number))
        except KeyFileFault as fault:
            raise StartFault(str(fault)) from None
        master_keys.note(world, deployment, Action.MASTER_KEY_RETIRED, number)


def _known(deployment: Deployment) -> dict[int, bytes]:
    return {check[0]: check for check in deployment.key_checks()}


def _made_known(world: World) -> bytes:
    """Keep the check values of keys that the store did not meet yet; that of the one in use.

    The first key of a store is in use at once, another one when it is put into use.
    """
    with world.store.writing_all() as deployment:
        for number in world.secrets.numbers:
            check = world.secrets.check_of(number)
            if deployment.key_check() is None:
                deployment.set_key_check(check)
            if number not in _known(deployment):
                deployment.note_key_check(check)
        in_use = deployment.key_check()
    assert in_use is not None  # noqa: S101  (it was set above, or before)
    return in_use


def _check(settings: Settings, world: World, known: dict[int, bytes], needed: set[int]) -> None:
    held, place = world.secrets.numbers, holder_of(settings).place
    for number in held:
        if not hmac.compare_digest(known[number], world.secrets.check_of(number)):
            which = "The master key" if len(held) == 1 else f"Master key {number}"
            what = "key file" if settings.key_file() else "key"
            raise StartFault(
                f"{which} in {_within(place)} is not the one that this store was made with. "
                f"Put the right {what} there."
            )
    absent = sorted(needed - set(held))
    if absent:
        numbers = ", ".join(map(str, absent))
        raise StartFault(
            f"The store needs master key {numbers}, which {_within(place)} does not have. "
            "Put the newest key file there, or restore it from its backup."
        )


def _write_added(settings: Settings, target: Path | None, number: int, random: bytes) -> None:
    path = settings.key_file()
    if target is not None:
        text = holder_of(settings).read().removesuffix(b"\n") + b"\n"
        key_files.create_key_file(target, text + key_files.line_of(number, random))
    elif path is not None:
        key_files.replace_text(path, key_files.with_key(path, number, random))
    else:
        raise StartFault(
            f"{holder_of(settings).place} is no file that a key can be added to. Name a new file "
            "with --to, put its text where the key is held, and remove the file."
        )


def _within(place: str) -> str:
    return place[:1].lower() + place[1:] if place.startswith("The ") else place


def _random() -> bytes:
    return urlsafe_b64decode(SystemDice().token(KEY_SIZE) + "=")
