"""Commands that look after a deployment: migrate, doctor, backup, restore, and the API document."""

import json
from pathlib import Path

import click

from gatepost.app import (
    api_document,
    backed_up,
    migrate_store,
    restore_store,
)
from gatepost.cli.context import CommandFault, config_option, settings_of
from gatepost.cli.doctor import Level, examine

_MARKS = {Level.GOOD: "ok  ", Level.WARNING: "warn", Level.BAD: "FAIL"}


@click.command()
@config_option
def migrate(config: Path | None) -> None:
    """Bring the store to the newest schema.

    Serving does so too; run it beforehand to choose the time. Two that run together migrate once.
    """
    done = migrate_store(settings_of(config))
    click.echo("migrated to the newest schema" if done else "already at the newest schema")


@click.command()
@click.option("--journal", is_flag=True, help="Also verify the hash chain of every journal.")
@config_option
def doctor(journal: bool, config: Path | None) -> None:
    """Check the deployment and say how to mend it.

    Looks at settings, files, store, keys and clock, and changes nothing. The exit status is 1 when
    something must be mended; a warning alone leaves it 0.
    """
    findings = examine(config, with_journal=journal)
    for finding in findings:
        click.echo(f"{_MARKS[finding.level]}  {finding.what}")
        if finding.mend:
            click.echo(f"      {finding.mend}")
    if any(finding.level is Level.BAD for finding in findings):
        raise CommandFault("something is wrong; see above.")


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the API, as a server has it at /api/openapi.json."""
    click.echo(json.dumps(api_document(), indent=2))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def backup(file: Path, config: Path | None) -> None:
    """Copy the store into FILE while it is in use.

    FILE must be new. It is a SQLite file, whatever store it is made from; gatepost restore fills
    either kind from it. The master key is not in the copy; keep a copy of its file elsewhere.
    """
    settings = settings_of(config)
    rows, unwritten = backed_up(settings, file)
    click.echo(f"{file} holds {rows} rows, consistent at one moment.")
    if unwritten is not None:
        click.echo(f"The journal does not tell of this backup: {unwritten}", err=True)
    click.echo(f"Keep a copy of {settings.key_file() or 'the master key'} too, in another place.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def restore(file: Path, config: Path | None) -> None:
    """Fill an empty store from a backup FILE.

    Never overwrites a store that holds something. What was sealed under the master key of that
    time is read with that key only, so put its file back too.
    """
    settings = settings_of(config)
    rows = restore_store(settings, file)
    place = settings.key_file() or "where the settings say"
    click.echo(f"restored {rows} rows; their master key belongs at {place}")
