"""The journal as evidence, wired: who cares for it in a server, and what verifies it elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from gatepost.app.house import House, backup_store, open_house
from gatepost.app.master_key import StartFault, loaded_key
from gatepost.crypto.attesting import CheckpointKeys, as_pem, is_signed
from gatepost.crypto.sealing import KeyedSecrets, MasterKey
from gatepost.model.checkpoints import Checkpoint, by_journal
from gatepost.model.errors import StoreUnavailable
from gatepost.model.journal_walk import Attested, Verdict
from gatepost.outgoing import FileWitness, HeaderFault, Messenger, WebWitness, headers_in
from gatepost.ports import Witness
from gatepost.services import backups, checkpoints, journal, journal_export, journal_files
from gatepost.services.checkpoints import CheckpointBook, Keeping, Standing
from gatepost.services.journal_care import JournalCare
from gatepost.services.journal_export import Part
from gatepost.services.journal_files import FileVerdict
from gatepost.services.retention import Retention, RetentionRules
from gatepost.settings import Settings
from gatepost.system import SystemDice

MOST_LINE = 1 << 24
"""More bytes no line has that we wrote."""


class Witnessed(NamedTuple):
    """What files of checkpoints have of each journal, and what is wrong with their lines."""

    journals: Mapping[str, Sequence[Attested]]
    faults: tuple[str, ...]


def journal_care(house: House) -> JournalCare:
    """What a server does for the journals in the background."""
    keeping, days = keeping_of(house), house.settings.journal_days
    rules = None
    if days:
        rules = RetentionRules(timedelta(days=days), "attested" if keeping else "all")
    return JournalCare(
        house.world, CheckpointBook(house.world, keeping), Retention(house.world, rules)
    )


def keeping_of(house: House) -> Keeping | None:
    """Where checkpoints are kept, as the settings say."""
    witness = _witness(house.settings)
    if witness is None or house.attester is None:
        return None
    every = timedelta(seconds=house.settings.checkpoints_every)
    return Keeping(house.attester, witness, every)


def write_checkpoint(house: House) -> tuple[int, str]:
    """Attest all journals that moved, now; how many, and where it is kept."""
    keeping = keeping_of(house)
    if keeping is None:
        raise StartFault("GATEPOST_CHECKPOINTS is not set. Name a file or an https address in it.")
    return checkpoints.write(house.world, keeping.attester, keeping.witness), keeping.witness.place


def checkpoint_standing(house: House) -> Standing:
    """When the newest checkpoint was made, and whether a journal moved since."""
    return checkpoints.standing(house.world)


def witnessed(files: Iterable[Path], trusted: Iterable[str]) -> Witnessed:
    """What files of checkpoints say that one of these keys signed."""
    keys = tuple(trusted)
    found: list[Checkpoint] = []
    faults: list[str] = []
    for file in files:
        read = checkpoints.read(lines_of(file), keys, is_signed)
        found += read.found
        faults += [
            f"{file}: line {n} is no checkpoint that a known key signed" for n in read.strange
        ]
    return Witnessed(by_journal(found), tuple(faults))


def journal_verdicts(house: House, attested: Witnessed | None = None) -> Iterator[Verdict]:
    """What the journals of the deployment and of all tenants are worth."""
    return journal.verify_all(house.world, attested.journals if attested else None)


def known_journal(house: House, name: str) -> bool:
    """Whether there is such a journal, or should be."""
    return name in journal.known(house.world)


def one_verdict(house: House, name: str, attested: Witnessed) -> Verdict:
    """What one journal is worth."""
    found = journal.verify_all(house.world, attested.journals, only=name)
    return next(found)


def exported(house: House, name: str | None, part: Part) -> Iterator[bytes]:
    """The lines of one journal or of all; it is written down before the first."""
    return journal_export.export(house.world, name, part)


def file_verdict(settings: Settings, file: Path, attested: Witnessed) -> FileVerdict:
    """What the journals in an exported file are worth; no store is needed."""
    master = _master_at_hand(settings)
    secrets = KeyedSecrets(master, SystemDice()) if master else None
    return journal_files.verify_lines(lines_of(file), secrets, attested.journals)


def checkpoint_keys(settings: Settings) -> tuple[str, ...]:
    """The public keys of checkpoints, that of the newest master key first; none without any."""
    master = _master_at_hand(settings)
    return CheckpointKeys(master).keys if master else ()


def key_as_pem(key: str) -> str:
    """A public key in the form that OpenSSL reads."""
    return as_pem(key)


def backed_up(settings: Settings, target: Path) -> tuple[int, str | None]:
    """Copy the store into a file; the number of rows, and why it could not be written down."""
    fault = _note_backup(settings, target)
    return backup_store(settings, target), fault


def lines_of(file: Path) -> Iterator[bytes]:
    """The lines of a file, one at a time."""
    with file.open("rb") as opened:
        while line := opened.readline(MOST_LINE):
            yield line


def _note_backup(settings: Settings, target: Path) -> str | None:
    try:
        house = open_house(settings)
    except StartFault as fault:
        return str(fault)
    try:
        backups.note(house.world, target.name)
    except StoreUnavailable as fault:
        return str(fault)
    finally:
        house.close()
    return None


def _master_at_hand(settings: Settings) -> MasterKey | None:
    try:
        return loaded_key(settings)
    except StartFault:
        return None


def _witness(settings: Settings) -> Witness | None:
    place = settings.checkpoints
    if place is None:
        return None
    if isinstance(place, Path):
        return FileWitness(place)
    try:
        file = settings.checkpoints_header_file
        return WebWitness(Messenger(), place, headers_in(file) if file else {})
    except HeaderFault as fault:
        raise StartFault(str(fault)) from None
