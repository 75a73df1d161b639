"""The command line: every command takes the same settings, and errors are one line."""

import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from gatepost import __version__
from gatepost.app import StartFault
from gatepost.cli.administer import init, tenant, user
from gatepost.cli.care import backup, doctor, migrate, openapi, restore
from gatepost.cli.context import CommandFault
from gatepost.cli.journal import journal
from gatepost.cli.keys import keys
from gatepost.cli.serve import serve
from gatepost.model.errors import BackupFault, Code, Refused, StoreUnavailable
from gatepost.settings import SettingsFault

_FAILED = 1
_MISUSED = 2
_EXISTS = 3
_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="gatepost %(version)s")
def gatepost() -> None:
    """Gatepost, a self-hosted identity server with many tenants.

    To begin: gatepost serve. Settings come from GATEPOST_… in the environment, as in
    GATEPOST_DATABASE_URL=sqlite:///./data/gatepost.db, and from a TOML file named with --config,
    as in database_url = "sqlite:///./data/gatepost.db"; the environment wins.

    \b
    Exit status: 0 done, 1 refused or failed, 2 wrong usage,
    3 a tenant exists already (init), 130 interrupted.
    """


for command in (
    serve,
    init,
    migrate,
    doctor,
    user,
    tenant,
    keys,
    journal,
    openapi,
    backup,
    restore,
):
    gatepost.add_command(command)


def main() -> None:
    """The entry of the program: a fault is one line on standard error, never a trace."""
    try:
        sys.exit(gatepost(prog_name="gatepost", standalone_mode=False))
    except NoArgsIsHelpError as bare:
        click.echo(bare.format_message(), err=True)
        sys.exit(_MISUSED)
    except click.UsageError as misuse:
        path = misuse.ctx.command_path if misuse.ctx else "gatepost"
        _fail(f"{misuse.format_message()} See: {path} --help", _MISUSED)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        # whoever read our output has enough; nothing may be flushed to it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_FAILED)
    except Exception as fault:  # noqa: BLE001  (the last door: whatever it is, it is told in a line)
        _tell(fault)


def _tell(fault: Exception) -> None:
    match fault:
        case Refused():
            taken = fault.code in {Code.TENANT_EXISTS, Code.TENANT_TAKEN}
            _fail(f"{fault.reason} {fault.resolution}", _EXISTS if taken else _FAILED)
        case StoreUnavailable():
            _fail(f"The store cannot be used: {fault}. To see more: gatepost doctor")
        case SettingsFault():
            _fail("\n".join(fault.lines))
        case StartFault() | CommandFault() | BackupFault():
            _fail(str(fault))
        case OSError():
            place = f"{fault.filename}: " if fault.filename else ""
            _fail(f"{place}{fault.strerror or fault}. Check the path and its permissions.")
        case _:
            # its words may hold what is secret; where it happened is enough for a report
            last = traceback.extract_tb(fault.__traceback__)[-1]
            where = f"{Path(last.filename).name} line {last.lineno}"
            _fail(f"{type(fault).__name__} at {where}. This is our mistake; please report it.")


def _fail(lines: str, status: int = _FAILED) -> NoReturn:
    for line in lines.splitlines():
        click.echo(f"gatepost: {line}", err=True)
    sys.exit(status)
