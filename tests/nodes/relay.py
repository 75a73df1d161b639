"""A load balancer for tests: it relays connections to nodes that say that they are ready."""

import http.client
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

CHECK_S = 0.1
ANSWER_S = 2
_CHUNK = 65_536


class Relay:
    """Takes connections on a port of its own, and hands each to a node in turn."""

    def __init__(self, ports: Sequence[int], *, checks: bool) -> None:
        self._ports = ports
        self._is_ready = dict.fromkeys(ports, True)
        self._checks = checks
        self._turn = 0
        self._stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        """Relay until it is stopped."""
        if self._checks:
            for port in self._ports:
                threading.Thread(target=self._check, args=(port,), daemon=True).start()
        while not self._stopping.is_set():
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._hand_over, args=(caller,), daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def ready(self) -> int:
        """How many nodes are ready."""
        return sum(map(_says_ready, self._ports))

    def _check(self, port: int) -> None:
        while not self._stopping.wait(CHECK_S):
            self._is_ready[port] = _says_ready(port)

    def _hand_over(self, caller: socket.socket) -> None:
        node = self._connected()
        if node is None:
            caller.close()
            return
        with caller, node:
            there = threading.Thread(target=_pump, args=(caller, node), daemon=True)
            there.start()
            _pump(node, caller)
            there.join()

    def _connected(self) -> socket.socket | None:
        """A connection to a node that takes it: one that refuses is passed over."""
        self._turn += 1
        ports = [*self._ports[self._turn % 2 :], *self._ports[: self._turn % 2]]
        for port in sorted(ports, key=lambda port: not self._is_ready[port]):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
        return None


@contextmanager
def relaying(ports: Sequence[int], *, checks: bool) -> Iterator[Relay]:
    """Run a relay until the block ends."""
    relay = Relay(ports, checks=checks)
    thread = threading.Thread(target=relay.run, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join()


def _says_ready(port: int) -> bool:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
    try:
        asked.request("GET", "/health/ready")
        return asked.getresponse().status == 200
    except OSError:
        return False
    finally:
        asked.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    source.settimeout(None)
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
