"""What a fault needs of the machine; where it is not, the fault is not played, and says why."""

import os
import resource
import shutil
from contextlib import suppress

from tests.postgres import NoServerError, _programs


class NotHere(Exception):
    """Something that a fault needs is not on this machine."""


def need_store(store: str) -> None:
    """Go on only if the programs of the store are here."""
    if store == "postgresql":
        with suppress(NoServerError):
            if (_programs() / "pg_basebackup").exists():
                return
        raise NotHere("PostgreSQL's programs are not here; tools/postgres.sh installs them")


def need_wrk() -> None:
    """Go on only with the load generator."""
    if shutil.which("wrk") is None:
        raise NotHere("wrk is not here; tools/wrk.sh installs it")


def need_files(number: int) -> None:
    """Raise what this process may open, and go on only if it may open so many files."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if number > most:
        raise NotHere(f"needs {number:,} open files, and {most:,} is the limit (ulimit -Hn)")
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, most))


def need_root(why: str) -> None:
    """Go on only as root."""
    if os.geteuid() != 0:
        raise NotHere(f"needs root, {why}")
