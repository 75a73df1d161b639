import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench import processes

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "print('up', flush=True); input()"])
child.wait()
"""


@pytest.fixture
def parent() -> Iterator[int]:
    """A process that has started another."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process.pid
        process.communicate("\n")


def test_a_family_is_a_process_and_what_it_started(parent: int) -> None:
    first, second = processes.family(parent)
    assert first == parent
    assert second not in (parent, os.getpid())


def test_the_memory_of_a_family_is_that_of_all_its_members(parent: int) -> None:
    each = [processes.used_mb(pid) for pid in processes.family(parent)]
    assert all(0 < used["pss_mb"] <= used["rss_mb"] for used in each)
    assert processes.pss_mb(parent) > max(used["pss_mb"] for used in each)
