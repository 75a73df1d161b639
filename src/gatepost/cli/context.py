"""What every command shares: the settings option, and a house that is open for its length."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gatepost.app import House, open_house
from gatepost.settings import Settings, process_environment, read_settings

config_option: Callable[[Any], Any] = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file with settings; the environment wins over it.",
)
json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON."
)


class CommandFault(Exception):
    """A command cannot be carried out; one line that says why and what to do."""


def settings_of(config: Path | None) -> Settings:
    """The settings from environment and file."""
    return read_settings(process_environment(), config)


@contextmanager
def house_of(config: Path | None) -> Iterator[House]:
    """The open store, for a command that needs one in good order."""
    house = open_house(settings_of(config))
    try:
        yield house
    finally:
        house.close()


def first_line(path: Path | None) -> str | None:
    """The secret in a file: its first line."""
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise CommandFault(f"The file {path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandFault(f"The file {path} is not UTF-8 text.") from None
    if not lines or not lines[0]:
        raise CommandFault(f"The file {path} is empty. Put the value on its first line.")
    return lines[0]


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print rows as a JSON list, or as a table with a head."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=instant))
        return
    if not rows:
        click.echo("none")
        return
    table = [
        [name.upper() for name in rows[0]],
        *([_cell(v) for v in row.values()] for row in rows),
    ]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        click.echo("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip())


def instant(moment: datetime) -> str:
    """A moment as it is printed."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return instant(value) if isinstance(value, datetime) else str(value)
