"""Processor time that processes spent, as the kernel counts it (Linux only), and where they run.

A process that ended leaves its time with the parent that waited for it, so what a server's
finished children spent is counted with the server.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from bench import processes

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# The fields of proc(5) from the state on: utime, stime, cutime and cstime are 14 to 17.
_FIRST, _LAST = 11, 15
# A process may end while it is looked at; then its parent has its time, and all is read again.
_TRIES = 10


def seconds(pid: int) -> float:
    """What a process, all that it started, and what has ended of them spent so far."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError, ProcessLookupError):
            told = [_stat(each) for each in processes.family(pid)]
            return sum(map(ticks_in, told)) / _TICKS_A_SECOND
    raise ProcessLookupError(f"the processes of {pid} change too fast to be counted")


def ticks_in(stat: str) -> int:
    """The ticks of a process and of its children that ended, in its line of /proc/PID/stat."""
    # the name of the program stands in brackets and may have any character
    fields = stat.rpartition(")")[2].split()
    return sum(int(field) for field in fields[_FIRST:_LAST])


def of_database(connection: psycopg.Connection) -> int:
    """The first process of the PostgreSQL server on this machine that serves the connection."""
    return _parent(connection.info.backend_pid)


@contextmanager
def held_to(cores: Iterable[int]) -> Iterator[None]:
    """What is started in the block runs on these cores and no other, and so does the caller."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(cores))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _stat(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text()


def _parent(pid: int) -> int:
    return int(_stat(pid).rpartition(")")[2].split()[1])
