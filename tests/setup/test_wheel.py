"""What is shipped works by itself: the wheel, the run lock, an empty folder, and nothing else."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTENING = re.compile(r"^listening on (http://\S+)", re.MULTILINE)
PATIENCE = 60.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `gatepost` command of a new environment that holds the wheel and the run lock."""
    place = tmp_path_factory.mktemp("wheel")
    _python(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place))
    wheels = [str(path) for path in place.glob("*.whl")]
    assert len(wheels) == 1
    _python(sys.executable, "-m", "venv", str(place / "venv"))
    python = str(place / "venv/bin/python")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _python(*pip, "--require-hashes", "-r", "requirements/run.txt")
    _python(*pip, "--no-deps", *wheels)
    return place / "venv/bin/gatepost"


def test_serves_from_an_empty_folder(program: Path, tmp_path: Path) -> None:
    with _serving(program, tmp_path) as (server, address):
        with urllib.request.urlopen(f"{address}/health/live", timeout=PATIENCE) as reply:
            assert reply.status == HTTPStatus.OK
        assert (tmp_path / "data/gatepost.db").is_file()
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 0, _said(tmp_path)


@contextmanager
def _serving(program: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Serve on a free port from the folder; gives the process and its address."""
    with (folder / "said").open("wb") as said:
        server = subprocess.Popen(
            [program, "serve", "--port", "0"],
            cwd=folder,
            env=_environment(),
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield server, _address(server, folder)
    finally:
        server.kill()
        server.wait()


def _address(server: subprocess.Popen[bytes], folder: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        if found := LISTENING.search(_said(folder)):
            return found[1].rstrip("/")
        time.sleep(0.05)
    pytest.fail(f"did not say where it listens: {_said(folder)}")


def _said(folder: Path) -> str:
    return (folder / "said").read_text(errors="replace")


def _environment() -> dict[str, str]:
    """Ours without what would lead to other settings or to the sources."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GATEPOST_", "PYTHON"))
    }


def _python(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
