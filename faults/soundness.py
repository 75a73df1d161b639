"""Whether a store is sound after a fault, as the database's own tools and ours say."""

import os
import subprocess
from urllib.parse import urlsplit

from sqlalchemy import text

from faults.stand import Stand
from gatepost.storage.engine import transaction
from tests.cli.program import Place
from tests.postgres import _programs

_PRAGMAS = ("PRAGMA integrity_check", "PRAGMA foreign_key_check")
_LAST_WORDS = 300


def unsound(made: Stand) -> str:
    """What they say against it; nothing if all is well.

    The journal is verified by the command that an operator has, against the checkpoints too.
    """
    url = made.place.settings["GATEPOST_DATABASE_URL"]
    said = _pages(url) if url.startswith("postgresql") else _integrity(made)
    return said or journal_fault(made.place)


def attest(place: Place) -> None:
    """Put down beside the store how far its journals are. Whatever is cut off later is missed."""
    done = place.run("journal", "checkpoint")
    assert done.status == 0, done.err


def journal_fault(place: Place) -> str:
    """What is wrong with the journals."""
    done = place.run("journal", "verify")
    return "" if done.status == 0 else f"{done.out[-_LAST_WORDS:]}{done.err[-_LAST_WORDS:]}"


def _integrity(made: Stand) -> str:
    with made.open() as house, transaction(house.database.engine, writing=False) as connection:
        for question in _PRAGMAS:
            said = [tuple(row) for row in connection.execute(text(question)).all()]
            if said not in ([], [("ok",)]):
                return f"{question}: {said[:3]}"
    return ""


def _pages(url: str) -> str:
    """Every table and index of PostgreSQL, looked through by its own checker, where it is here."""
    checker = _programs() / "pg_amcheck"
    if not checker.exists():
        return ""
    where = urlsplit(url)
    line = (str(checker), "--install-missing", where.path.removeprefix("/"))
    env = {
        "PATH": os.defpath,
        "PGHOST": where.hostname or "",
        "PGPORT": str(where.port),
        "PGUSER": where.username or "",
    }
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=env)
    return "" if done.returncode == 0 else f"pg_amcheck: {(done.stdout + done.stderr)[:300]}"
