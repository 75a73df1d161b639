"""The real program, run as a user runs it: in a folder and an environment of its own."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import psycopg

from tests.postgres import fresh_database, shared_server

PROGRAM = (sys.executable, "-c", "from gatepost.cli import main; main()")
CLIENTS = "ClientCredentialClients"
_LIMIT_S = 60


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.status == 0, self.err
        return json.loads(self.out)

    def refusal(self, status: int = 1) -> str:
        """The one line on standard error that says why it failed."""
        assert self.status == status, f"{self.status}: {self.out} {self.err}"
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("gatepost: ")
        return lines[0].removeprefix("gatepost: ")


class Running:
    """A server that listens."""

    def __init__(self, process: subprocess.Popen[str], welcome: str, url: str) -> None:
        self.process = process
        self.welcome = welcome
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it with a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=_LIMIT_S)

    def token(self, client_id: str, secret: str) -> str:
        """An access token by the client credentials grant."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        answer = self.http.post("/identity/connect/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def admin(self, founded: dict[str, str]) -> dict[str, str]:
        """The header of the administration client that `gatepost init --json` told of."""
        token = self.token(founded["AdminClientId"], founded["AdminClientSecret"])
        return {"Authorization": f"Bearer {token}"}


class Place(NamedTuple):
    """A folder to work in, and the settings there."""

    folder: Path
    settings: dict[str, str]

    def with_settings(self, **settings: str) -> "Place":
        """The same folder under further settings."""
        return self._replace(settings={**self.settings, **settings})

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command and go on."""
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **{"stderr": subprocess.PIPE, **options},
        )

    def run(self, *arguments: str) -> Done:
        """Run a command to its end."""
        return ended(self.start(*arguments))

    def init(self, *arguments: str) -> dict[str, str]:
        """Found a tenant, and what was told of it."""
        founded: dict[str, str] = self.run("init", "--json", *arguments).json()
        return founded

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[Running]:
        """Serve on a free port until the block ends."""
        log = self.folder / "server.log"
        with log.open("w", encoding="utf-8") as stderr:
            process = self.start("serve", "--port", "0", *arguments, stderr=stderr)
        with process:
            try:
                running = listening(process)
                assert running, log.read_text(encoding="utf-8")
                with running.http:
                    yield running
            finally:
                if process.poll() is None:
                    process.kill()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Look into the database, or change it, by hand."""
        url = self.settings["GATEPOST_DATABASE_URL"]
        if url.startswith("sqlite"):
            return rows_of(self.folder / url.removeprefix("sqlite:///"), statement)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def copied(place: Place, folder: Path) -> Place:
    """The same store once more, to be spoilt; nobody may be using the first one."""
    shutil.copytree(place.folder / "store", folder / "store")
    url = place.settings["GATEPOST_DATABASE_URL"]
    if url.startswith("sqlite"):
        return place._replace(folder=folder)
    fresh = urlsplit(url)._replace(path=f"/copy_{uuid.uuid4().hex}").geturl()
    name, copy = (urlsplit(each).path[1:] for each in (url, fresh))
    with psycopg.connect(shared_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {copy} TEMPLATE {name}".encode())
    key_file = folder / "store" / "master.key"
    return Place(
        folder, {"GATEPOST_DATABASE_URL": fresh, "GATEPOST_MASTER_KEY_FILE": str(key_file)}
    )


def ended(process: subprocess.Popen[str]) -> Done:
    """The end of a command that was started."""
    with process:
        try:
            out, err = process.communicate(timeout=_LIMIT_S)
        except BaseException:
            process.kill()
            raise
    return Done(process.returncode, out, err or "")


def listening(process: subprocess.Popen[str]) -> Running | None:
    """The server when it says that it listens; None when it ends before."""
    assert process.stdout is not None
    watchdog = threading.Timer(_LIMIT_S, process.kill)
    watchdog.start()
    said = ""
    try:
        for line in process.stdout:
            match = re.fullmatch(r"listening on (http://\S+)\n", line)
            if match:
                return Running(process, said, match[1])
            said += line
    finally:
        watchdog.cancel()
    return None


def rows_of(file: Path, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a SQLite file."""
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found


def sqlite_place(folder: Path) -> Place:
    """A place with an embedded store, which is not there yet."""
    return Place(folder, {"GATEPOST_DATABASE_URL": "sqlite:///store/gatepost.db"})


def postgresql_place(folder: Path) -> Place:
    """A place with an empty PostgreSQL store and no master key yet."""
    url = fresh_database(shared_server())
    key_file = folder / "store" / "master.key"
    return Place(folder, {"GATEPOST_DATABASE_URL": url, "GATEPOST_MASTER_KEY_FILE": str(key_file)})


PLACES = {"sqlite": sqlite_place, "postgresql": postgresql_place}
