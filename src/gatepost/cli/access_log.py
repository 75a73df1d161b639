"""The log of answers, written behind them: a line takes no time of the request it tells of.

Lines are gathered and written twenty times a second by a thread, and once more at the end. The
same thread counts them for the metrics. Whoever kills the process without a word loses those of the
last moment, and nothing else.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii as _quoted

from gatepost.cli.logs import flat
from gatepost.system import SystemClock
from gatepost.web.front import Answered

_WRITE_SECONDS = 0.05
_MOST_LINES = 100_000
_LOGGER = "gatepost.http"
_ZONE = len("+00:00")
_NS = 1_000_000_000

Line = Callable[[datetime, Answered], str]
Count = Callable[[Sequence[Answered], int], None]


class AccessLog:
    """The lines of one process; `count` is given the answers, and how many lines were let go."""

    def __init__(self, log_format: str, count: Count | None = None) -> None:
        self._line: Line = as_json if log_format == "json" else as_text
        self._count = count or (lambda _answers, _lost: None)
        self._clock = SystemClock()
        self._noted: deque[tuple[datetime, Answered]] = deque()
        self._lost = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="access-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def note(self, answered: Answered) -> None:
        """Remember an answer; when nobody takes the lines, the newest are let go."""
        if len(self._noted) < _MOST_LINES:
            self._noted.append((self._clock.now(), answered))
        else:
            self._lost += 1

    def _keep(self) -> None:
        ending = False
        while not ending:
            ending = self._stopping.wait(_WRITE_SECONDS)
            self._write()

    def _write(self) -> None:
        # one by one from the one deque: an answer may be noted at any moment of this
        noted = [self._noted.popleft() for _ in range(len(self._noted))]
        lost, self._lost = self._lost, 0
        self._count([answered for _, answered in noted], lost)
        if noted:
            lines = "\n".join(self._line(at, answered) for at, answered in noted)
            sys.stderr.write(lines + "\n")
            sys.stderr.flush()


def as_text(at: datetime, answered: Answered) -> str:
    """A line for people."""
    method, path, status, (operation_id, address) = answered[:4]
    # the one blank that is printable: left as it is, a path could go on like the rest of a line
    shown = (path if path.isprintable() else flat(path)).replace(" ", "%20")
    return (
        f"{_time(at)} INFO    {method} {shown} {status} "
        f"operation_id={operation_id} address={address}"
    )


def as_json(at: datetime, answered: Answered) -> str:
    """A line for machines."""
    method, path, status, (operation_id, address), route, nanoseconds, _ = answered
    # The words of json.dumps, in less than half its time: this is done for each answer.
    return (
        f'{{"time": "{_time(at)}", "level": "info", "logger": "{_LOGGER}", '
        f'"message": {_quoted(f"{method} {path} {status}")}, '
        f'"operation_id": {_quoted(operation_id)}, "address": {_quoted(address)}, '
        f'"method": {_quoted(method)}, "path": {_quoted(path)}, "status": {status}, '
        f'"route": {_quoted(route)}, "seconds": {nanoseconds / _NS:.6f}}}'
    )


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")[:-_ZONE] + "Z"
