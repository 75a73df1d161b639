"""A cable between the product and its database, which a test can cut, block and mend."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65_536


class Cable:
    """Relays connections to a port of this machine, as long as it is whole."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._flows = threading.Event()
        self._flows.set()
        self._is_cut = False
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        """Relay until it is taken away."""
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                caller.close()
                continue
            there = socket.create_connection(("127.0.0.1", self._port))
            self._ends |= {caller, there}
            for pair in ((caller, there), (there, caller)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def cut(self) -> None:
        """End all connections, and let none be made."""
        self._is_cut = True
        self._hang_up()

    def block(self) -> None:
        """Let nothing through, and say nothing of it: connections seem to be there."""
        self._flows.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._is_cut = False
        self._flows.set()

    def take_away(self) -> None:
        """End it for good."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._flows.set()
        self._hang_up()

    def _hang_up(self) -> None:
        ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(_CHUNK):
                self._flows.wait()
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


@contextmanager
def cable_to(url: str) -> Iterator[tuple[Cable, str]]:
    """A cable to the server of a database, and the address of the database by it."""
    at = urlsplit(url)
    assert at.port is not None
    cable = Cable(at.port)
    thread = threading.Thread(target=cable.run, daemon=True)
    thread.start()
    try:
        yield cable, at._replace(netloc=f"{at.username}@127.0.0.1:{cable.port}").geturl()
    finally:
        cable.take_away()
        thread.join(10)
