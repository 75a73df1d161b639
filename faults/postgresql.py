"""A PostgreSQL server that can be killed, stopped, started and promoted; gone when the block ends.

A small shell watches over it. When its standard input closes, because the block is over or because
this program was killed, it stops the server and removes the folder.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench import processes
from tests.ports import free_port
from tests.postgres import NoServerError, _programs, fresh_database

_PATIENCE_S = 30.0
_RETRY_S = 0.1
_FRUGAL = "-c min_wal_size=4MB -c max_wal_size=8MB -c autovacuum=off"
"""For a small disk."""

_WATCH = """
trap 'pg_ctl -D "$HERE/data" -m immediate stop >/dev/null 2>&1; rm -rf "$HERE"' EXIT
trap 'exit 1' HUP INT TERM
read -r _ || :
"""


class Cluster:
    """One server, with its folder and its port."""

    def __init__(self, here: Path, port: int, options: str) -> None:
        self.here = here
        self.port = port
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._options = f"-p {port} -h 127.0.0.1 -k '{here}' -c max_connections=200 {options}"

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return self.here / "data"

    def fresh(self) -> str:
        """The address of an empty database of its own."""
        return fresh_database(self.url)

    def start(self) -> float:
        """Start it, and give the moment (monotonic) at which it took a connection again.

        While the process before it is not quite gone the server refuses to start, so it is asked
        again.
        """
        deadline = time.monotonic() + _PATIENCE_S
        line = ("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", self._options, "start")
        while self.run(*line).returncode != 0:
            if time.monotonic() > deadline:
                raise NoServerError((self.here / "log").read_text()[-2000:])
            time.sleep(_RETRY_S)
        psycopg.connect(self.url, connect_timeout=5).close()
        return time.monotonic()

    def kill(self) -> None:
        """Kill all its processes at once."""
        for pid in processes.family(self.pid()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self, mode: str = "fast") -> None:
        """Stop it as its operator does."""
        done = self.run("pg_ctl", "-D", "data", "-m", mode, "-w", "stop")
        if done.returncode != 0:
            raise NoServerError(done.stdout)

    def promote(self) -> None:
        """Make a standby the primary."""
        done = self.run("pg_ctl", "-D", "data", "-w", "promote")
        if done.returncode != 0:
            raise NoServerError(done.stdout)

    def pid(self) -> int:
        """Its first process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def run(self, *line: str) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's programs, in the server's folder and as its user."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            line,
            **_as_its_user(self.here),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done


@contextmanager
def cluster(disk: Path | None = None) -> Iterator[Cluster]:
    """A new server, durable as PostgreSQL is by itself; on the disk that is named, if one is."""
    with _folder(disk) as here:
        made = Cluster(here, free_port(), "" if disk is None else _FRUGAL)
        line = ("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        _done(made.run(*line, "--wal-segsize=1"))
        made.start()
        yield made


@contextmanager
def standby(primary: Cluster) -> Iterator[Cluster]:
    """A streaming standby of a server, as far as the server is."""
    with _folder() as here:
        made = Cluster(here, free_port(), "-c hot_standby=on")
        copy = ("pg_basebackup", "-d", primary.url, "-D", "data", "-R", "-X", "stream", "-N")
        _done(made.run(*copy, "-c", "fast"))
        made.start()
        yield made


def at(url: str, port: int) -> str:
    """The same database behind another port of this machine."""
    return urlsplit(url)._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()


@contextmanager
def _folder(disk: Path | None = None) -> Iterator[Path]:
    here = Path(tempfile.mkdtemp(prefix="gatepost-faults-pg-", dir=disk))
    if os.geteuid() == 0:
        shutil.chown(here, "postgres")
    with ExitStack() as stack:
        watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH],
            **_as_its_user(here),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(watcher.communicate)
        yield here


def _as_its_user(here: Path) -> dict[str, Any]:
    """The user postgres when we are root, because the server refuses root."""
    user = "postgres" if os.geteuid() == 0 else None
    path = f"{_programs()}:/usr/local/bin:/usr/bin:/bin"
    return {
        "user": user,
        "group": user,
        "extra_groups": [] if user else None,
        "cwd": here,
        "env": {"PATH": path, "HERE": str(here)},
    }


def _done(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != 0:
        raise NoServerError(done.stdout)
