"""The throw-away PostgreSQL server starts, keeps databases apart, and does not outlive its user."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import postgres

PATIENCE = 20.0


def test_answers() -> None:
    with psycopg.connect(postgres.shared_server()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_one_server_for_the_process() -> None:
    assert postgres.shared_server() == postgres.shared_server()


def test_databases_are_apart() -> None:
    one, other = (postgres.fresh_database(postgres.shared_server()) for _ in range(2))
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    with psycopg.connect(other) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)


@pytest.mark.parametrize(("durable", "fsync"), [(False, "off"), (True, "on")])
def test_durable_says_whether_a_crash_loses_what_was_saved(durable: bool, fsync: str) -> None:
    with postgres.server(durable=durable) as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == (fsync,)


def test_leaves_nothing_behind() -> None:
    with postgres.server() as url:
        folder = _data_folder(url).parent
    assert _refuses(url)
    assert not folder.exists()


def test_goes_when_its_process_is_killed() -> None:
    program = (
        "from tests import postgres; import time\n"
        "print(postgres.shared_server(), flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        folder = _data_folder(url).parent
        child.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert _refuses(url)


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    with pytest.raises(postgres.NoServerError, match=r"tools/postgres\.sh"):
        postgres._programs()


def _data_folder(url: str) -> Path:
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return Path(row[0])


def _refuses(url: str) -> bool:
    place = urlsplit(url)
    try:
        psycopg.connect(host=place.hostname, port=place.port, user="postgres").close()
    except psycopg.OperationalError:
        return True
    return False
