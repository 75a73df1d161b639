"""The load generator: wrk with a Lua script, and what one run of it came to.

A script says what is sent; `lua/report.lua` runs it and prints the figures that are read here.
wrk itself corrects its percentiles for the requests that a slow answer held back.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SCRIPTS = Path(__file__).parent / "lua"
_REPORT = SCRIPTS / "report.lua"
_PACED_CONNECTIONS = 128
_LINE = re.compile(
    r"^bench requests=(\d+) microseconds=(\d+) p50=(\d+) p99=(\d+) errors=(\d+)$", re.MULTILINE
)


class NoLoadError(RuntimeError):
    """wrk is not installed, or did not finish its run."""


class Shot(NamedTuple):
    """One run of the load generator."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    """Answers from 400 on, and connections that failed or were too slow."""


def run(
    url: str, script: Path, seconds: float, connections: int = 16, arguments: Sequence[str] = ()
) -> Shot:
    """Load the address for some seconds; the arguments go to the script's `init`."""
    return _run(script, command(url, seconds, connections, arguments), {})


def paced(
    url: str, script: Path, seconds: float, per_second: float, arguments: Sequence[str] = ()
) -> Shot:
    """Load the address at a set rate, from many connections that each wait most of the time.

    The waits are by chance, exponential, so that requests come as from many who know nothing of
    each other. A slow answer delays only the next request of its own connection.
    """
    pause = {"BENCH_PAUSE_MS": f"{1000 * _PACED_CONNECTIONS / per_second:.3f}"}
    return _run(script, command(url, seconds, _PACED_CONNECTIONS, arguments), pause)


def command(url: str, seconds: float, connections: int, arguments: Sequence[str]) -> list[str]:
    """What is run. wrk takes whole seconds."""
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    return ["wrk", *options, "-s", str(_REPORT), url, "--", *arguments]


def read(said: str) -> Shot:
    """The figures in what wrk said."""
    found = _LINE.search(said)
    if found is None:
        raise NoLoadError(f"wrk told no figures: {said}")
    requests, microseconds, p50, p99, errors = (int(word) for word in found.groups())
    return Shot(requests, requests * 1_000_000 / microseconds, p50 / 1000, p99 / 1000, errors)


def _run(script: Path, line: Sequence[str], more: Mapping[str, str]) -> Shot:
    if shutil.which("wrk") is None:
        raise NoLoadError("wrk is not installed; tools/wrk.sh installs it")
    environment = {**os.environ, "BENCH_SCRIPT": str(script.resolve()), **more}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoLoadError(f"wrk failed: {done.stdout}{done.stderr}")
    return read(done.stdout)
