"""What a server process asks of the system that it runs on."""

import ctypes
import gc
import resource

_FILES = 65_536
_GARBAGE = 20_000
"""So many new objects are looked through at a time; a request makes a few that live on its own."""

_M_TRIM_THRESHOLD, _SPARE = -1, 16 * 2**20  # of mallopt in glibc, as the others
_M_MMAP_THRESHOLD, _LARGE = -3, 8 * 2**20
_M_ARENA_MAX, _HEAPS = -8, 2


def open_as_many_as_allowed() -> None:
    """Raise the number of open files to what the system allows: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(most, _FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def leave_no_dump() -> None:
    """A crash must not write keys and passwords to a file (D-24)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep_heaps_small() -> None:
    """Let all threads share two heaps of the C library, and keep password hashes out of them.

    Otherwise each thread comes to a heap of its own. The 19 MB of a hash, once they were in a heap,
    leave a hole there; whatever small takes a place in it makes the next hash take another 19 MB.
    Who chooses one of these limits has to choose the others: the library adapts them no more.
    """
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(_M_ARENA_MAX, _HEAPS)
        choose(_M_MMAP_THRESHOLD, _LARGE)
        choose(_M_TRIM_THRESHOLD, _SPARE)


def rest_what_stays() -> None:
    """What lives as long as the worker is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, 20, 20)
