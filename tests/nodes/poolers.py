"""A PgBouncer of our own for tests, in transaction mode, between the product and its database."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.ports import free_port
from tests.postgres import NoServerError

PATIENCE_S = 10.0

SETTINGS = """
[databases]
* = host={host} port={port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
logfile = {here}/log
"""


# It ends when our end of its input closes, because the test is done or was killed.
WATCH = """
"$PROGRAM" -q "$HERE/pgbouncer.ini" &
trap 'kill -9 $!; rm -rf "$HERE"' EXIT
trap 'exit 1' HUP INT TERM
read -r _ || :
"""


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The address of a database by a pooler that has few sessions for many, in the block."""
    user = "postgres" if os.geteuid() == 0 else None
    here = Path(tempfile.mkdtemp(prefix="gatepost-pooler-"))
    at, own = urlsplit(url), free_port()
    file = here / "pgbouncer.ini"
    file.write_text(SETTINGS.format(host=at.hostname, port=at.port, own=own, here=here))
    if user:
        for path in (here, file):
            shutil.chown(path, user)
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", WATCH],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=here,
        env={"HERE": str(here), "PROGRAM": program(), "PATH": os.defpath},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        through = at._replace(netloc=f"postgres@127.0.0.1:{own}").geturl()
        _wait_for(through)
        yield through
    finally:
        watcher.communicate()


def program() -> str:
    """Where PgBouncer is: Debian keeps it with the programs of the system."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NoServerError("no PgBouncer here; tools/postgres.sh installs one")
    return found


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
