"""Installs the servers that are measured beside the product, as locked, into `bench/.peers/`.

Each has a folder of its own there, and a stamp that says which lock it was installed from.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = HERE.parent / ".peers"


def python_peer(name: str) -> Path:
    """A virtual environment with the locked packages; its folder of programs."""
    return _installed(name, "requirements.txt", _with_pip) / "bin"


def node_peer(name: str) -> Path:
    """A folder with the peer's program and the locked packages beside it."""
    return _installed(name, "package-lock.json", _with_npm)


def _installed(name: str, lock: str, install: Callable[[Path, Path], None]) -> Path:
    source, target = HERE / name, INSTALLED / name
    wanted = hashlib.sha256((source / lock).read_bytes()).hexdigest()
    stamp = target / "stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {name} into {target}", flush=True)
        shutil.rmtree(target, ignore_errors=True)
        install(source, target)
        stamp.write_text(wanted)
    return target


def _with_pip(source: Path, target: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", target], check=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    locked = str(source / "requirements.txt")
    subprocess.run([target / "bin" / "pip", "install", *quiet, "-r", locked], check=True)


def _with_npm(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, target)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(["npm", "ci", *quiet], cwd=target, check=True)
