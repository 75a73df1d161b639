"""The servers that are measured beside the product: each as two processes, with one client.

How each is set up, and why so, is told at the top of its program.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.peers.install import HERE, node_peer, python_peer
from bench.peers.versions import versions as installed_versions
from bench.served import HOST
from tests.ports import free_port

CLIENT_ID = "measured"
SECRET = "q8Zs1fV0bTn4yXw2Lk6RmJ3hGd5PcEa7"
FORM = urlencode(
    {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
)
_CLIENT = {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": SECRET}
# Of one, two, four and eight threads, and of plain workers, none was faster than these by a margin.
_GUNICORN = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "60")
_OIDC_PROVIDER, _AUTHLIB, _DJANGO = "oidc_provider", "authlib_flask", "django_toolkit"
_PATIENCE_S = 60


class PeerError(RuntimeError):
    """A peer did not start, or gave no token."""


class Peer(NamedTuple):
    """A peer that is up."""

    token_url: str
    pid: int


def versions() -> dict[str, str]:
    """Which versions are measured. What is not there yet is installed for it."""
    for name in (_AUTHLIB, _DJANGO):
        python_peer(name)
    return installed_versions(_node(node_peer(_OIDC_PROVIDER)))


@contextmanager
def oidc_provider(folder: Path, algorithm: str) -> Iterator[Peer]:
    """The npm package oidc-provider, with tokens signed so."""
    home, port = node_peer(_OIDC_PROVIDER), free_port()
    shutil.copy(HERE / _OIDC_PROVIDER / "server.mjs", home)
    more = {"PORT": str(port), "ALGORITHM": algorithm, "NODE_ENV": "production", **_CLIENT}
    with _running([_node(home), str(home / "server.mjs")], folder, more) as process:
        yield _answering(process, f"http://{HOST}:{port}/token", folder)


@contextmanager
def floor(folder: Path, way: str) -> Iterator[Peer]:
    """Signing behind HTTP and nothing else: no peer, but what the rest is to be judged by."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peers.floor", str(port), way]
    with _running(command, folder, {"PYTHONPATH": str(HERE.parents[1])}) as process:
        yield _answering(process, f"http://{HOST}:{port}/token", folder)


@contextmanager
def authlib(folder: Path) -> Iterator[Peer]:
    """Authlib with Flask, RS256."""
    folder.mkdir(parents=True)
    _write_key(folder / "key.pem")
    with _gunicorn(_AUTHLIB, folder) as peer:
        yield peer


@contextmanager
def django_toolkit(folder: Path) -> Iterator[Peer]:
    """django-oauth-toolkit, its own opaque tokens."""
    with _gunicorn(_DJANGO, folder) as peer:
        yield peer


@contextmanager
def _gunicorn(name: str, folder: Path) -> Iterator[Peer]:
    programs, port = python_peer(name), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    more = {"FOLDER": str(folder), **_CLIENT}
    program = HERE / name / "server.py"
    subprocess.run([programs / "python", program], env=os.environ | more, check=True)
    bound = ("--bind", f"{HOST}:{port}", "--chdir", str(program.parent))
    command = [str(programs / "gunicorn"), *_GUNICORN, *bound, "server:application"]
    with _running(command, folder, more) as process:
        yield _answering(process, f"http://{HOST}:{port}/token", folder)


@contextmanager
def _running(
    command: Sequence[str], folder: Path, more: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | more,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _answering(process: subprocess.Popen[bytes], url: str, folder: Path) -> Peer:
    """Wait until it gives a token."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(Request(url, FORM.encode()), timeout=_PATIENCE_S) as answer:  # noqa: S310
                if b"access_token" in answer.read():
                    return Peer(url, process.pid)
        except OSError:
            time.sleep(0.1)
    raise PeerError(f"no token came: {(folder / 'peer.log').read_text()[-2000:]}")


def _node(home: Path) -> str:
    """The Node that is locked with it, or else the machine's own."""
    locked = sorted(home.glob("node_modules/node-linux-*/bin/node"))
    return str(locked[0]) if locked else "node"


def _write_key(path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
