"""What the doctor looks at: each check gives findings, each finding its mend."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from gatepost.app import (
    House,
    StartFault,
    checkpoint_keys,
    checkpoint_standing,
    has_tenant,
    journal_verdicts,
    open_house,
    signing_keys,
    sqlite_file,
    store_revision,
    witnessed,
)
from gatepost.cli.context import settings_of
from gatepost.model.errors import StoreUnavailable
from gatepost.model.keys import Phase
from gatepost.settings import Settings, SettingsFault, safe_database_url

_EARLIEST_SANE = datetime(2026, 1, 1, tzinfo=UTC)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Level(Enum):
    """How bad a finding is."""

    GOOD = 0
    WARNING = 1
    BAD = 2


class Finding(NamedTuple):
    """One thing that was looked at."""

    level: Level
    what: str
    mend: str = ""


def examine(config: Path | None, *, with_journal: bool) -> list[Finding]:
    """Everything, in the order in which it can be mended."""
    try:
        settings = settings_of(config)
    except SettingsFault as fault:
        return [Finding(Level.BAD, line, "Correct the setting.") for line in fault.lines]
    findings = [Finding(Level.GOOD, "settings are readable"), *_settings(settings)]
    findings += [*_holder(settings), *_files(settings)]
    store = list(_schema(settings))
    findings += store
    if any(finding.level is Level.BAD for finding in store):
        return findings
    try:
        house = open_house(settings)
    except StartFault as fault:
        return [*findings, Finding(Level.BAD, "the master key cannot be used", str(fault))]
    try:
        findings += [*_house(house), *_checkpoints(house)]
        findings += _journals(house) if with_journal else ()
    finally:
        house.close()
    return findings


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.public_url is None:
        yield Finding(
            Level.WARNING,
            "GATEPOST_PUBLIC_URL is not set, so the issuer follows the listen address",
            "Set it to the address that browsers and clients use.",
        )
    elif settings.public_url.startswith("http:"):
        yield Finding(
            Level.WARNING,
            f"{settings.public_url} is not https",
            "Put a TLS proxy in front before others use it.",
        )


def _holder(settings: Settings) -> Iterator[Finding]:
    if settings.master_key is not None:
        yield Finding(
            Level.WARNING,
            "the master key is in the environment",
            "Name a file in GATEPOST_MASTER_KEY_FILE, or a command that prints it.",
        )


def _files(settings: Settings) -> Iterator[Finding]:
    store, init = sqlite_file(settings), "Run: gatepost init"
    is_new = store is not None and not store.exists()
    lost = "Put it back from its copy; for a store that is new, run: gatepost init"
    for path, mend in ((store, init), (settings.key_file(), init if is_new else lost)):
        if path is None:
            continue
        if not path.exists():
            yield Finding(Level.BAD, f"{path} is not there", mend)
        elif not path.is_file():
            yield Finding(Level.BAD, f"{path} is not a file", "Name a file in the settings.")
        elif path.stat().st_mode & _OTHERS:
            yield Finding(Level.BAD, f"{path} is open to others", f"Run: chmod 600 {path}")
        else:
            yield Finding(Level.GOOD, f"{path} is private")


def _schema(settings: Settings) -> Iterator[Finding]:
    shown = safe_database_url(settings.database_url)
    path = sqlite_file(settings)
    if path is not None and not path.is_file():
        yield Finding(Level.BAD, f"there is no store at {shown}", "Run: gatepost init")
        return
    try:
        found, newest = store_revision(settings)
    except StoreUnavailable as fault:
        yield Finding(
            Level.BAD,
            f"{shown} cannot be used: {fault}",
            "Start the database; check GATEPOST_DATABASE_URL and the rights of its user.",
        )
        return
    yield Finding(Level.GOOD, f"{shown} can be reached")
    if found == newest:
        yield Finding(Level.GOOD, f"the schema is the newest ({newest})")
    elif found is None:
        yield Finding(Level.BAD, "the store is empty", "Run: gatepost init")
    elif found > newest:
        yield Finding(
            Level.BAD, f"the schema {found} is of a newer Gatepost", "Install that version."
        )
    else:
        yield Finding(Level.BAD, f"the schema is {found}, not {newest}", "Run: gatepost migrate")


def _house(house: House) -> Iterator[Finding]:
    yield Finding(Level.GOOD, "the master key fits the store")
    if not has_tenant(house):
        yield Finding(Level.BAD, "there is no tenant", "Run: gatepost init")
    keys = signing_keys(house)
    active = [key for key, phase in keys if phase is Phase.ACTIVE]
    if not active:
        yield Finding(Level.BAD, "no signing key is active", "Run: gatepost serve, or keys rotate")
    for key in active:
        yield Finding(Level.GOOD, f"the {key.algorithm} key {key.kid} signs")
    now = house.world.clock.now()
    newest = max((key.created_at for key, _ in keys), default=_EARLIEST_SANE)
    if now < max(newest, _EARLIEST_SANE):
        yield Finding(
            Level.BAD,
            f"the clock says {now.isoformat()}, which is before the newest key was made",
            "Set the clock; tokens would not be valid.",
        )
    else:
        yield Finding(Level.GOOD, f"the clock says {now.isoformat()}")


def _checkpoints(house: House) -> Iterator[Finding]:
    """Whether checkpoints get to their place, where one is set."""
    place, every = house.settings.checkpoints, timedelta(seconds=house.settings.checkpoints_every)
    if place is None:
        return
    standing = checkpoint_standing(house)
    newest = standing.newest.isoformat(timespec="seconds") if standing.newest else None
    if standing.newest and isinstance(place, Path) and not place.is_file():
        yield Finding(
            Level.WARNING,
            f"{place} is not there, and the newest checkpoint is of {newest}",
            "It is on the node that wrote it, was put away, or somebody removed it.",
        )
    if standing.is_late(house.world.clock.now(), every):
        yield Finding(
            Level.WARNING,
            f"journals wait for a checkpoint; the newest is of {newest}"
            if newest
            else "journals wait for a checkpoint; there is none yet",
            "Run: gatepost journal checkpoint. It says whether its place takes one.",
        )
    elif newest:
        yield Finding(Level.GOOD, f"the newest checkpoint is of {newest}")


def _journals(house: House) -> Iterator[Finding]:
    place = house.settings.checkpoints
    files = [place] if isinstance(place, Path) and place.is_file() else []
    attested = witnessed(files, checkpoint_keys(house.settings))
    for fault in attested.faults:
        yield Finding(Level.BAD, fault, "Put the line aside, and find out who wrote it.")
    for verdict in journal_verdicts(house, attested):
        name = verdict.tenant_id or "the deployment"
        if verdict.fault is None:
            yield Finding(Level.GOOD, f"the journal of {name} is whole ({verdict.events} events)")
        else:
            yield Finding(
                Level.BAD,
                f"the journal of {name} is not whole: {verdict.fault}",
                "Somebody changed the database by hand; compare it with a backup.",
            )
