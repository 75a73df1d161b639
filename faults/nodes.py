"""Servers of the product as processes that can be killed, and are gone when the block ends."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from bench.served import NotServedError
from tests.cli.program import PROGRAM, Place, listening
from tests.ports import free_port

PUBLIC_URL = "http://localhost:8080"
_PATIENCE_S = 30
_ROOT = Path(__file__).parent.parent


class Started(NamedTuple):
    """A server that listens, and how many seconds its start took."""

    process: subprocess.Popen[str]
    seconds: float


class Node:
    """A server on a port of its own, which may be killed and started again and again."""

    def __init__(self, place: Place, *arguments: str, program: tuple[str, ...] = PROGRAM) -> None:
        self.place = place
        self.port = free_port()
        self._line = [*_leash(), *program, "serve", "--port", str(self.port), *arguments]
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The first process of the server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Started:
        """Start it, and wait until it listens."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self._line,
                cwd=self.place.folder,
                env={
                    "PATH": os.defpath,
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": str(_ROOT),
                    **self.place.settings,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        self._process = process
        if listening(process) is None:
            raise NotServedError(f"the server did not start: {self.log.read_text()[-2000:]}")
        return Started(process, time.monotonic() - began)

    @property
    def log(self) -> Path:
        """What it says to standard error."""
        return self.place.folder / f"server-{self.port}.log"

    def workers(self) -> list[int]:
        """The processes that serve: the workers, or the one that there is."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children] or [self.pid]

    def kill(self) -> None:
        """Kill all of it at once, as a power cut does."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_PATIENCE_S)
        if process.stdout is not None:
            process.stdout.close()

    def stop(self) -> float:
        """Stop it as an operator does; the seconds that it took."""
        process, self._process = self._process, None
        assert process is not None
        began = time.monotonic()
        process.terminate()
        try:
            status = process.wait(_PATIENCE_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if process.stdout is not None:
                process.stdout.close()
        if status != 0:
            raise NotServedError(f"the server ended with {status}: {self.log.read_text()[-2000:]}")
        return time.monotonic() - began


@contextmanager
def serving(place: Place, *arguments: str, program: tuple[str, ...] = PROGRAM) -> Iterator[Node]:
    """A server until the block ends; then nothing of it is left."""
    node = Node(place, *arguments, program=program)
    try:
        node.start()
        yield node
    finally:
        node.kill()


def _leash() -> tuple[str, ...]:
    """What makes the kernel kill the server when this program is gone, where there is such."""
    found = shutil.which("setpriv")
    return (found, "--pdeathsig", "KILL", "--") if found else ()
