"""A PostgreSQL server of our own for tests: private, thrown away, gone when the test process dies.

A small shell watches over it. When its standard input closes, because the test is done or because
the process was killed, it stops the server and removes the folder.
"""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.ports import free_port

ATTEMPTS = 3
"""A free port may be taken by another before the server has it."""

HASTY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"

WATCH = """
trap 'pg_ctl -D "$HERE/data" -m immediate stop >/dev/null 2>&1; rm -rf "$HERE"' EXIT
trap 'exit 1' HUP INT TERM
{
    initdb -D "$HERE/data" -U postgres -A trust -E UTF8 --locale=C --no-sync &&
    pg_ctl -D "$HERE/data" -l "$HERE/log" -w -o "$OPTIONS" start
} >"$HERE/start" 2>&1 || { cat "$HERE/start" "$HERE/log" 2>/dev/null; exit 1; }
echo ready
read -r _ || :
"""


class NoServerError(RuntimeError):
    """PostgreSQL is not installed, or did not start."""


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Run a server and give its address, `postgresql://…/postgres`; `durable` survives a crash."""
    watcher, url = _start(durable=durable)
    try:
        yield url
    finally:
        watcher.communicate()


@functools.cache
def shared_server() -> str:
    """The address of one server for this whole process, started when first asked for."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(server())


def fresh_database(base_url: str) -> str:
    """Create an empty database with a name of its own on the server, and give its address."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(base_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(base_url)._replace(path=f"/{name}").geturl()


def _start(*, durable: bool) -> tuple[subprocess.Popen[str], str]:
    said = ""
    for _ in range(ATTEMPTS):
        port = free_port()
        watcher = _watch(port, HASTY if not durable else "")
        assert watcher.stdout is not None
        said = watcher.stdout.readline()
        if said == "ready\n":
            return watcher, f"postgresql://postgres@127.0.0.1:{port}/postgres"
        said += watcher.communicate()[0]
    raise NoServerError(f"PostgreSQL did not start: {said}")


def _watch(port: int, options: str) -> subprocess.Popen[str]:
    """Start the watcher; as the user postgres when we are root, because the server refuses root."""
    user = "postgres" if os.geteuid() == 0 else None
    here = tempfile.mkdtemp(prefix="gatepost-pg-")
    if user:
        shutil.chown(here, user)
    return subprocess.Popen(
        ["/bin/sh", "-c", WATCH],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=here,
        env={
            "PATH": f"{_programs()}:/usr/local/bin:/usr/bin:/bin",
            "HERE": here,
            "OPTIONS": f"-p {port} -h 127.0.0.1 -k '{here}' -c max_connections=200 {options}",
        },
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _programs() -> Path:
    """The folder with initdb, pg_ctl and postgres: the one in PATH, or Debian's newest."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        raise NoServerError("no PostgreSQL server here; tools/postgres.sh installs one")
    return max(installed, key=lambda path: float(path.parts[-3])).parent
