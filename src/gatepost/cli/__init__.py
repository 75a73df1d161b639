"""The command line: every command takes the same settings, and errors are one line."""

import sys

import click

from gatepost import __version__
from gatepost.app import StartFault
from gatepost.cli.administer import init, keys, tenant, user
from gatepost.cli.care import backup, doctor, migrate, openapi, restore
from gatepost.cli.context import CommandFault
from gatepost.cli.serve import serve
from gatepost.model.errors import BackupFault, Code, Refused, StoreUnavailable
from gatepost.settings import SettingsFault

_FAILED = 1
_EXISTS = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="gatepost %(version)s")
def gatepost() -> None:
    """Gatepost, a self-hosted identity server with many tenants.

    Settings come from GATEPOST_… in the environment and from a TOML file named with --config.
    """


for command in (serve, init, migrate, doctor, user, tenant, keys, openapi, backup, restore):
    gatepost.add_command(command)


def main() -> None:
    """The entry of the program: a fault is one line on standard error, never a trace."""
    try:
        gatepost()
    except Refused as refused:
        _fail(f"{refused.reason} {refused.resolution}", _EXISTS if _is_there(refused) else _FAILED)
    except StoreUnavailable as fault:
        _fail(f"The store cannot be reached: {fault}")
    except (SettingsFault, StartFault, CommandFault, BackupFault) as fault:
        _fail(str(fault))
    except OSError as fault:
        _fail(f"{fault.strerror or fault}: {fault.filename or ''}".rstrip(": "))


def _is_there(refused: Refused) -> bool:
    return refused.code in {Code.TENANT_EXISTS, Code.TENANT_TAKEN}


def _fail(line: str, status: int = _FAILED) -> None:
    click.echo(f"gatepost: {line}", err=True)
    sys.exit(status)
