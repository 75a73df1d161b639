"""What a worker holds in memory, as the kernel counts it (Linux only)."""

from pathlib import Path
from typing import Any

from bench.served import Caller, Running, serving
from bench.stores import Filled

BAR_MB = 80
REQUESTS = 1_000
_WORKERS = 2


def measure(filled: Filled) -> dict[str, Any]:
    """RSS and PSS in MB of a single worker, early and later, and of two workers."""
    with serving(filled) as running:
        told = {"after_start": _used(running.process.pid)}
        _ask(filled, running)
        told["after_requests"] = _used(running.process.pid)
    with serving(filled, "--workers", str(_WORKERS)) as running:
        _ask(filled, running)
        pids = [running.process.pid, *_children(running.process.pid)]
        parts = [_used(pid) for pid in pids]
    told["two_workers_and_launcher"] = {
        name: sum(part[name] for part in parts) for name in parts[0]
    }
    return told


def _ask(filled: Filled, running: Running) -> None:
    """Token requests; a few connections, so that each of several workers has some."""
    callers = [Caller(running.port) for _ in range(2 * _WORKERS)]
    for number in range(REQUESTS):
        callers[number % len(callers)].token(filled)
    for caller in callers:
        caller.close()


def _used(pid: int) -> dict[str, float]:
    """Resident memory, and the share of it that is this process's own part of what is shared."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return {"rss_mb": int(sizes["Rss"]) / 1024, "pss_mb": int(sizes["Pss"]) / 1024}


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
