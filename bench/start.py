"""From nothing to the first answer: the start of `gatepost serve` on a store that exists."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from bench.served import Caller, start, stop, wait_for_listener
from bench.stores import Filled

BAR_S = 1.5
_IMPORTS = "import gatepost.cli"
_SHOWN = 8
_FIELDS = 3


def measure(filled: Filled, times: int) -> dict[str, Any]:
    """Seconds to the first token, and where the time of importing goes."""
    starts = [_first_token(filled) for _ in range(times)]
    taken = [seconds for seconds, _ in starts]
    return {
        "seconds": median(taken),
        "lowest": min(taken),
        "highest": max(taken),
        "cpu_seconds": median(cpu for _, cpu in starts),
        "import_seconds": median(_import_seconds() for _ in range(times)),
        "imports_ms": _imports(),
    }


def _first_token(filled: Filled) -> tuple[float, float]:
    """Seconds by the wall and by the processor; the request waits in the port's queue."""
    began = time.perf_counter()
    running = start(filled)
    try:
        wait_for_listener(running)
        caller = Caller(running.port)
        caller.token(filled)
        taken = time.perf_counter() - began
        caller.close()
        return taken, _cpu_seconds(running.process.pid)
    finally:
        stop(running)


def _cpu_seconds(pid: int) -> float:
    """Processor time that a process has had, which other programs' load changes less."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _import_seconds() -> float:
    """A whole Python that imports the program and ends."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
    return time.perf_counter() - began


def _imports() -> dict[str, float]:
    """Milliseconds of each top package's own modules; the measuring itself adds to them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", _IMPORTS],
        check=True,
        text=True,
        capture_output=True,
    )
    own: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        fields = line.removeprefix("import time:").split("|")
        if len(fields) == _FIELDS and fields[0].strip().isdigit():
            own[_package(fields[2].strip())] += int(fields[0])
    return {name: spent / 1000 for name, spent in own.most_common(_SHOWN)}


def _package(module: str) -> str:
    top = module.partition(".")[0]
    return "(standard library)" if top in sys.stdlib_module_names else top
