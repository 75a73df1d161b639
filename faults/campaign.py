"""Callers at work against a deployment, as who breaks it sees them."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from faults import journal, orders
from faults.callers import MIX
from faults.journal import Attempt, Entry
from faults.stand import Stand

PATIENCE_S = 60.0
_LOOK_S = 0.02
_MOST_SECONDS = 7_200.0


class Load(NamedTuple):
    """How many callers there are, how many deeds they do a second, and which.

    What came of a code is used for so many seconds, if not told otherwise for less than an access
    token lives.
    """

    callers: int = 8
    per_second: float = 50.0
    mix: Mapping[str, int] = MIX
    chain_seconds: float = 3_000.0


class CallersFault(RuntimeError):
    """The callers broke, or got nothing done for a long time."""


class Callers:
    """A process of callers, and the journal that it writes."""

    def __init__(self, process: subprocess.Popen[str], file: Path, said: Path) -> None:
        self._process = process
        self._file = file
        self._said = said
        self._read_to = 0
        self._lines = 0

    def done(self) -> int:
        """How many lines the journal has."""
        with self._file.open("rb") as lines:
            lines.seek(self._read_to)
            fresh = lines.read()
        self._read_to += len(fresh)
        self._lines += fresh.count(b"\n")
        return self._lines

    def wait_for(self, more: int) -> None:
        """Wait until the journal has so many lines more."""
        wanted, deadline = self.done() + more, time.monotonic() + PATIENCE_S
        while self.done() < wanted:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise CallersFault(f"the callers are stuck: {self._said.read_text()[-2000:]}")
            time.sleep(_LOOK_S)

    def wait_for_success(self) -> None:
        """Wait until a request has succeeded that was begun from now on."""
        began, deadline = time.monotonic(), time.monotonic() + PATIENCE_S
        with self._file.open("rb") as lines:
            lines.seek(0, 2)
            while time.monotonic() < deadline:
                line = lines.readline()
                if not line.endswith(b"\n"):
                    lines.seek(-len(line), 1)
                    time.sleep(_LOOK_S)
                elif _is_success(journal.entry(line), began):
                    return
        raise CallersFault("nothing succeeds any more")

    def end(self) -> list[Entry]:
        """Let them finish what they are about, and read all that they wrote."""
        self._process.communicate(timeout=PATIENCE_S)
        said = self._said.read_text()
        if self._process.returncode != 0 or said:
            raise CallersFault(f"the callers broke: {said[-2000:]}")
        return list(journal.read(self._file))


@contextmanager
def calling(stand: Stand, ports: tuple[int, ...], load: Load, seed: int) -> Iterator[Callers]:
    """Callers that go on until they are ended or the block is."""
    folder = stand.place.folder
    number = len(list(folder.glob("journal-*")))
    file, said = folder / f"journal-{number}", folder / f"callers-{number}.log"
    file.touch(mode=0o600)
    given = replace(
        stand.orders(file, ports, load.mix),
        per_second=load.per_second,
        seed=seed,
        chain_seconds=load.chain_seconds,
        most_seconds=_MOST_SECONDS,
    )
    paper = orders.written(given, folder / f"orders-{number}.json")
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "faults.callers", str(paper)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "calling\n":
            raise CallersFault(said.read_text()[-2000:])
        yield Callers(process, file, said)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def attempts(entries: list[Entry]) -> list[Attempt]:
    """The requests among the entries."""
    return [entry for entry in entries if isinstance(entry, Attempt)]


def _is_success(entry: Entry, began: float) -> bool:
    return isinstance(entry, Attempt) and entry.is_good and entry.began >= began
