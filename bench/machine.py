"""The machine that was measured on, and the versions of what ran."""

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

_CPU_INFO = Path("/proc/cpuinfo")
_LIBRARIES = ("cryptography", "sqlalchemy", "uvicorn", "uvloop", "httptools", "msgspec", "psycopg")


def described() -> dict[str, Any]:
    """The machine, with its load before anything is measured."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "wrk": _first_line(("wrk", "-v")),
        "load_before": os.getloadavg()[0],
    }


def load_now() -> float:
    """How many programs wanted the processors in the last minute."""
    return os.getloadavg()[0]


def told(machine: dict[str, Any]) -> str:
    """One sentence on it."""
    return (
        f"{told_alone(machine)}; load average {machine['load_before']:.1f} before and "
        f"{machine['load_after']:.1f} after."
    )


def told_alone(machine: dict[str, Any]) -> str:
    """The machine without its load."""
    return (
        f"{machine['cores']} cores ({machine['processor']}), Python {machine['python']}, "
        f"SQLite {machine['sqlite']}"
    )


def _processor() -> str:
    """The processor's name, where the system tells it."""
    lines = _CPU_INFO.read_text().splitlines() if _CPU_INFO.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _first_line(command: Sequence[str]) -> str | None:
    """What a program says first; wrk tells its version on the way to its usage."""
    if shutil.which(command[0]) is None:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return next(iter((done.stdout + done.stderr).splitlines()), "").split(" Copyright")[0]
