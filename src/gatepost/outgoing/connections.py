"""Connections that end at a deadline, whatever the other side does.

A time-out of a socket is for each piece anew: a peer that sends a byte now and then could hold a
thread for hours. So a timer cuts the connection.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def connected(host: str, port: int, deadline: float) -> socket.socket:
    """A connection to the first of the host's addresses that takes one."""
    fault = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        one = socket.socket(family, kind, protocol)
        one.settimeout(left)
        try:
            one.connect(address)
        except OSError as problem:
            one.close()
            fault = problem
        else:
            return one
    raise fault


@contextmanager
def cut_at(deadline: float, link: socket.socket) -> Iterator[None]:
    """End the connection at the deadline, unless the block has ended before."""

    def cut() -> None:
        with suppress(OSError):
            # by the plain class, because that of ssl would first forget that it was encrypted
            socket.socket.shutdown(link, socket.SHUT_RDWR)

    timer = threading.Timer(max(deadline - time.monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
