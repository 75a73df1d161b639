"""Turns: writers of an embedded store wait in line instead of asking again and again.

SQLite lets one writer in and makes the others poll, each for longer the longer it waits. Here the
threads of a process wait for a lock that wakes the next one at once, and the processes for a lock
on a file beside the store, which is asked for again after a moment that is always as short. Whoever
does not come this way still meets SQLite's own lock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from gatepost.model.errors import StoreUnavailable

PATIENCE_S = 5.0
_PAUSE_S = 0.0002


class Turns:
    """The turns of one process at one store; of a store that is no file they are free."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()
        self._file: int | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Alone, until the block ends."""
        if self._path is None:
            yield
            return
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise StoreUnavailable("the writers of this process do not end")
        try:
            file = self._opened(self._path)
            _lock(file)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _opened(self, path: Path) -> int:
        if self._file is None:
            beside = path.with_name(f"{path.name}-turn")
            self._file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._file


def _lock(file: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreUnavailable("the writer of another process does not end") from None
            time.sleep(_PAUSE_S)
        else:
            return
