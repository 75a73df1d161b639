"""Writers of an embedded store come one after the other: threads, processes, and those who die."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread, Timer

import pytest

from gatepost.model.errors import StoreUnavailable
from gatepost.storage import turns as module
from gatepost.storage.turns import Turns
from tests.stores.crowd import PATIENCE, at_once

ROUNDS = 50
PROGRAM = """
import sys
from pathlib import Path
from gatepost.storage.turns import Turns

store, what = Path(sys.argv[1]), sys.argv[2]
turns = Turns(store)
if what == "hold":
    with turns.taken():
        print("held", flush=True)
        sys.stdin.read()
for _ in range(int(what) if what != "hold" else 0):
    with turns.taken():
        number = int(store.read_text())
        store.write_text(str(number + 1))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that stands for the store, with a number in it."""
    made = tmp_path / "store"
    made.write_text("0")
    return made


def other_process(path: Path, what: str) -> "subprocess.Popen[str]":
    """Another process at the same store."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), what],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def holder(path: Path) -> "subprocess.Popen[str]":
    """A process that has the turn and keeps it."""
    process = other_process(path, "hold")
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_no_turns_overlap(path: Path) -> None:
    """Reading and writing a number apart from each other would lose steps."""
    turns = Turns(path)

    def count() -> None:
        for _ in range(ROUNDS):
            with turns.taken():
                number = int(path.read_text())
                path.write_text(str(number + 1))

    processes = [other_process(path, str(ROUNDS)) for _ in range(2)]
    at_once([count] * 8)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    turns.close()
    assert path.read_text() == str(ROUNDS * 10)


def test_a_fault_frees_the_turn(path: Path) -> None:
    turns = Turns(path)
    with pytest.raises(ZeroDivisionError), turns.taken():
        raise ZeroDivisionError
    with turns.taken():
        path.write_text("alone")
    turns.close()
    assert path.read_text() == "alone"


def test_a_holder_that_is_killed_frees_the_turn(path: Path) -> None:
    process, turns = holder(path), Turns(path)
    Timer(0.1, process.kill).start()
    with turns.taken():
        assert process.wait(PATIENCE) < 0
    process.communicate()
    turns.close()


@pytest.mark.requirement("R-72")
def test_a_process_that_does_not_end_is_told_and_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    process, turns = holder(path), Turns(path)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="another process"), turns.taken():
            raise AssertionError("two have the turn")
    process.communicate("", timeout=PATIENCE)
    with turns.taken():
        pass
    turns.close()
    assert process.returncode == 0


@pytest.mark.requirement("R-72")
def test_a_thread_that_does_not_end_is_told_and_not_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    turns, inside, done = Turns(path), Event(), Event()

    def hold() -> None:
        with turns.taken():
            inside.set()
            done.wait(PATIENCE)

    thread = Thread(target=hold)
    thread.start()
    assert inside.wait(PATIENCE)
    with pytest.raises(StoreUnavailable, match="this process"), turns.taken():
        raise AssertionError("two have the turn")
    done.set()
    thread.join()
    with turns.taken():
        turns_file = path.with_name("store-turn")
        assert turns_file.stat().st_mode & 0o777 == 0o600
    turns.close()


def test_after_closing_there_is_a_turn_again(path: Path) -> None:
    turns = Turns(path)
    for _ in range(2):
        with turns.taken():
            assert turns._file is not None
        turns.close()
        assert turns._file is None
    turns.close()


def test_what_is_no_file_has_no_turns() -> None:
    turns = Turns(None)
    with turns.taken(), turns.taken():
        assert turns._file is None
    turns.close()
