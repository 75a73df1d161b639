"""A streaming replica of a PostgreSQL server for tests: private, thrown away."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.ports import free_port
from tests.postgres import NoServerError, _programs

# Like the watcher of the server itself: it ends when our end of its input closes.
WATCH = """
trap 'pg_ctl -D "$HERE/data" -m immediate stop >/dev/null 2>&1; rm -rf "$HERE"' EXIT
trap 'exit 1' HUP INT TERM
{
    pg_basebackup -d "$OF" -D "$HERE/data" -R -X stream -c fast --no-sync &&
    pg_ctl -D "$HERE/data" -l "$HERE/log" -w -o "$OPTIONS" start
} >"$HERE/start" 2>&1 || { cat "$HERE/start" "$HERE/log" 2>/dev/null; exit 1; }
echo ready
read -r _ || :
"""


@contextmanager
def standby(url: str) -> Iterator[str]:
    """The address of the same database at a replica of its server, until the block ends."""
    user = "postgres" if os.geteuid() == 0 else None
    here, port = tempfile.mkdtemp(prefix="gatepost-standby-"), free_port()
    if user:
        shutil.chown(here, user)
    options = f"-p {port} -h 127.0.0.1 -k '{here}' -c hot_standby=on -c max_connections=200"
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", WATCH],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=here,
        env={
            "PATH": f"{_programs()}:/usr/local/bin:/usr/bin:/bin",
            "HERE": here,
            "OF": url,
            "OPTIONS": options,
        },
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        assert watcher.stdout is not None
        said = watcher.stdout.readline()
        if said != "ready\n":
            raise NoServerError(f"the replica did not start: {said}{watcher.communicate()[0]}")
        yield urlsplit(url)._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()
    finally:
        watcher.communicate()
