"""An application's address for logout tokens: a server on this machine that a test can hold up."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl

PATIENCE_S = 30


class Note(NamedTuple):
    """One POST as it arrived."""

    path: str
    media_type: str
    fields: list[tuple[str, str]]

    @property
    def token(self) -> str:
        """The logout token; nothing else may be there."""
        ((name, value),) = self.fields
        assert name == "logout_token"
        return value


class Receiver(ThreadingHTTPServer):
    """Keeps what it gets, and answers once `gate` is open."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.notes: queue.Queue[Note] = queue.Queue()
        self.gate = threading.Event()
        self.gate.set()

    def at(self, path: str) -> str:
        """An address of this server."""
        return f"http://127.0.0.1:{self.server_port}{path}"

    def next(self) -> Note:
        """The next note, once it is there."""
        return self.notes.get(timeout=PATIENCE_S)

    def until(self, path: str) -> list[Note]:
        """All notes before the first to this path; they are sent one after the other."""
        found = []
        while (note := self.next()).path != path:
            found.append(note)
        return found

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that gave up is what some tests are about."""


class _Answers(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Keep it, wait for the gate, and answer with the status that the path ends with."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = parse_qsl(body, keep_blank_values=True, strict_parsing=True)
        self.server.notes.put(Note(self.path, self.headers["Content-Type"], fields))
        self.server.gate.wait(PATIENCE_S)
        last = self.path.rpartition("/")[2]
        self.send_response(int(last) if last.isdecimal() else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name there)
        """Nobody reads it."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run it until the block ends."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()
