"""A way to a database that can be turned to another one: what a failover does to an address."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65_536


class Switch:
    """Takes connections on a port of its own, and hands them to the port that is set."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]

    def turn(self, target: int) -> None:
        """Hand new connections to another port, and break those that there are."""
        self._target = target
        with self._lock:
            broken, self._open = self._open, set()
        for each in broken:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        """Hand over until it is stopped."""
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._hand_over, args=(caller,), daemon=True).start()

    def stop(self) -> None:
        """End it."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.turn(0)

    def _hand_over(self, caller: socket.socket) -> None:
        try:
            there = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        except OSError:
            caller.close()
            return
        with caller, there:
            there.settimeout(None)
            with self._lock:
                self._open |= {caller, there}
            back = threading.Thread(target=_pump, args=(caller, there), daemon=True)
            back.start()
            _pump(there, caller)
            back.join()
            with self._lock:
                self._open -= {caller, there}


@contextmanager
def switched(target: int) -> Iterator[Switch]:
    """A switch until the block ends."""
    switch = Switch(target)
    thread = threading.Thread(target=switch.run, daemon=True)
    thread.start()
    try:
        yield switch
    finally:
        switch.stop()
        thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
