"""What a server process asks of the system: nothing of what a hash took is kept."""

import ctypes
import subprocess
import sys

import pytest

HASHES = """
import sys, threading
from argon2.low_level import Type, hash_secret
from gatepost.cli import process

def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024

def work():
    for _ in range(3):
        with turn:
            hash_secret(b"password", b"salt" * 4, 2, 19_456, 1, 32, Type.ID)
    done.wait()
    told.wait()

if sys.argv[1] == "small":
    process.keep_heaps_small()
done, told, turn = threading.Barrier(13), threading.Barrier(13), threading.Lock()
before = resident()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
done.wait()
print(resident() - before)
told.wait()
"""
"""Twelve threads hash in turn, and are all there at the end."""


def grown(heaps: str) -> int:
    """By how many megabytes a process grew."""
    program = [sys.executable, "-c", HASHES, heaps]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120)
    return int(done.stdout)


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has one heap for all threads"
)
def test_threads_that_hash_keep_nothing_of_it() -> None:
    assert grown("as they are") > 19
    assert grown("small") < 10
