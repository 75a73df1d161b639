"""Processor time of a served worker and of the load generator, in the kernel and outside of it.

The kernel counts it (Linux only). A short run of one worker; the figures are times a request, so
that it matters little how many others the machine has to serve. Kernels that tell program and
kernel apart by looking now and then are exact in the sum only.
"""

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench import names, processes, product
from bench.fill import Filled
from bench.load import Shot
from bench.profile_stand import NotAtHandError
from bench.served import serving

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# The fields of proc(5) from the state on: utime, stime, cutime and cstime are 14 to 17.
_USER, _SYSTEM = (11, 13), (12, 14)


class Spent(NamedTuple):
    """Seconds of processor time: in the program, and in the kernel on its behalf."""

    user: float
    system: float

    def since(self, before: "Spent") -> "Spent":
        """What was spent between two looks."""
        return Spent(self.user - before.user, self.system - before.system)

    def each(self, requests: int) -> dict[str, float]:
        """Microseconds a request."""
        return {name: 1e6 * spent / requests for name, spent in self._asdict().items()}


def measure(filled: Filled, folder: Path, algorithm: str, seconds: float) -> dict[str, Any]:
    """What a token costs the worker and the load generator, in microseconds."""
    client = names.device(0)
    settings = {"SIGNING_ALGORITHM": algorithm}
    with serving(filled.first, settings=settings) as running:
        file = folder / f"{algorithm}.forms"
        asked = product.for_tokens(algorithm, running, file, [(client, names.secret(client))])
        asked.shoot(1)
        return counted(lambda: asked.shoot(seconds), lambda: of_server(asked.pid))


def counted(shoot: Callable[[], Shot], of_server: Callable[[], Spent]) -> dict[str, Any]:
    """The figures of one shot, whose load generator is the one child that ends meanwhile."""
    server, children = of_server(), of_children()
    shot = shoot()
    if shot.errors or not shot.requests:
        raise NotAtHandError(f"{shot.errors} of {shot.requests} requests failed")
    return {
        "requests": shot.requests,
        "per_second": shot.per_second,
        "server": of_server().since(server).each(shot.requests),
        "load": of_children().since(children).each(shot.requests),
    }


def of_server(pid: int) -> Spent:
    """A server with all of its processes."""
    stats = [Path(f"/proc/{each}/stat").read_text() for each in processes.family(pid)]
    told = [in_stat(stat) for stat in stats]
    return Spent(sum(each.user for each in told), sum(each.system for each in told))


def of_children() -> Spent:
    """Our children that have ended."""
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(told.ru_utime, told.ru_stime)


def in_stat(stat: str) -> Spent:
    """The time of a process and of its children that ended, in its line of /proc/PID/stat."""
    # the name of the program stands in brackets and may have any character
    fields = stat.rpartition(")")[2].split()
    user, system = (sum(int(fields[at]) for at in places) for places in (_USER, _SYSTEM))
    return Spent(user / TICKS_A_SECOND, system / TICKS_A_SECOND)


def has_load() -> bool:
    """Whether the load generator is installed."""
    return shutil.which("wrk") is not None
