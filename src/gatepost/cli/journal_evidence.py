"""Commands that make evidence of the journal: verify, export, checkpoints and their key."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from gatepost.app import (
    Witnessed,
    checkpoint_keys,
    exported,
    file_verdict,
    journal_verdicts,
    key_as_pem,
    known_journal,
    one_verdict,
    witnessed,
    write_checkpoint,
)
from gatepost.cli.context import CommandFault, config_option, house_of, settings_of
from gatepost.cli.logs import flat
from gatepost.model.events import DEPLOYMENT
from gatepost.model.journal_walk import Verdict
from gatepost.services.checkpoints import CheckpointFault
from gatepost.services.journal import UnreadableEvent
from gatepost.services.journal_export import Part
from gatepost.settings import Settings

WORD = "deployment"
"""How the deployment's own journal, which has no tenant, is called here."""

_OWNER_ONLY = 0o600
_Told = tuple[Verdict, str]


class Moment(click.ParamType[datetime]):
    """A date, which is its midnight in UTC, or a moment with its zone."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The moment."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("write a date as in 2031-05-31, or 2031-05-31T14:57:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_tenant_option = click.option(
    "--tenant", help=f"One journal only, by the tenant's id; {WORD} is that of the deployment."
)
_file = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("verify")
@_tenant_option
@click.option(
    "--checkpoints",
    "files",
    type=_file,
    multiple=True,
    help="A file of checkpoints to compare with; may be given several times. Without it the file "
    "that GATEPOST_CHECKPOINTS names is used, where it names one.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="A public key of checkpoints, as journal key prints it; for those of a master key that "
    "is not at hand.",
)
@click.option("--file", "export", type=_file, help="Verify this export instead of the store.")
@config_option
def verify(
    tenant: str | None,
    files: tuple[Path, ...],
    keys: tuple[str, ...],
    export: Path | None,
    config: Path | None,
) -> None:
    """Verify the journals, one line each; the exit status is 1 when one is not whole.

    Each event must follow from the one before it, and the newest must bear the seal. A tenant
    whose founding is in the deployment's journal must be there. Against checkpoints it is seen
    too when later events were cut off, or an older backup was restored.
    """
    settings = settings_of(config)
    attested = witnessed(files or _configured(settings), (*checkpoint_keys(settings), *keys))
    name = None if tenant is None else _name(tenant)
    lines = _of_store(name, attested, config)
    if export is not None:
        lines = _of_file(settings, export, name, attested)
    if settings.checkpoints is not None and not files and not _configured(settings):
        click.echo("note  no checkpoint is at hand to compare with; name files by --checkpoints")
    is_good = not attested.faults
    for fault in attested.faults:
        click.echo(f"FAIL  {fault}")
    for verdict, more in lines:
        is_good = is_good and verdict.fault is None
        click.echo(_line(verdict, more))
    if not is_good:
        raise CommandFault("something is wrong; see above.")


@click.command("export")
@_tenant_option
@click.option("--after", type=click.IntRange(0), default=0, help="Only events behind this number.")
@click.option("--since", type=Moment(), help="From the first event on that is not older.")
@click.option("--until", type=Moment(), help="To the last event that is older.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file, to be made.")
@config_option
def export(tenant: str | None, out: Path | None, config: Path | None, **part: Any) -> None:
    """Print the journal as JSON, one event a line.

    Every line bears the hash of its event and of the one before it, so that any part of a journal
    can be verified by itself, also without Gatepost. That it was exported is in the journal.
    """
    if part["after"] and tenant is None:
        raise click.UsageError("--after counts the events of one journal. Name it with --tenant.")
    with house_of(config) as house, _opened(out) as target:
        name = None if tenant is None else _name(tenant)
        if name is not None and not known_journal(house, name):
            raise _no_tenant(name)
        try:
            for line in exported(house, name, Part(**part)):
                target.write(line)
        except UnreadableEvent as event:
            raise CommandFault(
                f"event {event.seq} of a journal cannot be read, so it was changed. "
                "Run: gatepost journal verify"
            ) from None


@click.command("checkpoint")
@config_option
def checkpoint(config: Path | None) -> None:
    """Write a checkpoint now of all journals that moved since the last one.

    A server does it by itself. GATEPOST_CHECKPOINTS says where it is kept.
    """
    with house_of(config) as house:
        try:
            journals, place = write_checkpoint(house)
        except CheckpointFault as fault:
            raise CommandFault(f"{fault}. Nothing was written; try again.") from None
    click.echo(f"{journals} journals have a new checkpoint in {place}")


@click.command("key")
@click.option("--pem", is_flag=True, help="Print the key in use in the form that OpenSSL reads.")
@config_option
def key(pem: bool, config: Path | None) -> None:
    """Print the public keys that checkpoints are signed with, the newest first.

    Keep them where the checkpoints are. There is one for each master key at hand.
    """
    found = checkpoint_keys(settings_of(config))
    if not found:
        raise CommandFault("There is no master key at hand. See: gatepost doctor")
    click.echo(key_as_pem(found[0]).rstrip() if pem else "\n".join(found))


def _of_store(name: str | None, attested: Witnessed, config: Path | None) -> Iterator[_Told]:
    with house_of(config) as house:
        if name is not None and not known_journal(house, name):
            raise _no_tenant(name)
        found = (
            journal_verdicts(house, attested)
            if name is None
            else [one_verdict(house, name, attested)]
        )
        yield from ((verdict, "") for verdict in found)


def _of_file(
    settings: Settings, export: Path, name: str | None, attested: Witnessed
) -> Iterator[_Told]:
    found = file_verdict(settings, export, attested)
    if found.fault is not None:
        yield Verdict(str(export), 0, found.fault), ""
    for verdict in found.journals:
        if name in (None, verdict.tenant_id):
            is_sealed = verdict.tenant_id in found.sealed
            yield verdict, "" if is_sealed else "; the seal of the newest event was not looked at"


def _line(verdict: Verdict, more: str) -> str:
    name = flat(verdict.tenant_id) or "the deployment"
    if verdict.fault is not None:
        return f"FAIL  {name}: {verdict.fault}"
    said = f"events {verdict.first} to {verdict.first + verdict.events - 1}"
    said += {"start": "", "trimmed": ", older ones were removed", "part": ", a part"}[
        verdict.begins
    ]
    if verdict.agreed:
        said += f"; {verdict.agreed} checkpoints agree"
    return f"ok    {name}: {said}{more}"


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a new file that only its owner may read and that is there whole."""
    if out is None:
        yield sys.stdout.buffer
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
    except FileExistsError:
        raise CommandFault(f"{out} exists already. Name a new file.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _configured(settings: Settings) -> tuple[Path, ...]:
    place = settings.checkpoints
    return (place,) if isinstance(place, Path) and place.is_file() else ()


def _name(tenant: str) -> str:
    return DEPLOYMENT if tenant == WORD else tenant.lower()


def _no_tenant(name: str) -> CommandFault:
    return CommandFault(f"There is no tenant {flat(name)}. See: gatepost tenant list")
