"""What a worker holds in memory, as the kernel counts it (Linux only)."""

from typing import Any

from bench.processes import family, used_mb
from bench.served import Caller, Running, serving
from bench.stores import Filled

BAR_MB = 80
REQUESTS = 1_000
_WORKERS = 2


def measure(filled: Filled) -> dict[str, Any]:
    """RSS and PSS in MB of a single worker, early and later, and of two workers."""
    with serving(filled) as running:
        told = {"after_start": used_mb(running.process.pid)}
        _ask(filled, running)
        told["after_requests"] = used_mb(running.process.pid)
    with serving(filled, "--workers", str(_WORKERS)) as running:
        _ask(filled, running)
        parts = [used_mb(pid) for pid in family(running.process.pid)]
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
