"""Outgoing calls: the only file that opens a connection to another server.

It posts a form to an address that an administrator registered, and gives the status. Nothing that a
caller sends ever becomes an address here (security.md R-36). It stands on `http.client`, which
knows no proxy from the environment, no redirect and no cookie: decision 0013.
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

from gatepost.model.uris import redirect_uri_fault

PATIENCE_S = 5.0
MAX_READ = 64 * 1024

_PORTS = {"https": 443, "http": 80}
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}


class Messenger:
    """`ports.Messenger` with one limit of time for each whole call, but for the look-up of a name.

    `trust` says whose certificates count; without it, those that this system trusts.
    """

    def __init__(self, patience_s: float = PATIENCE_S, trust: ssl.SSLContext | None = None) -> None:
        self._patience_s = patience_s
        self._given_trust = trust

    def post_form(self, address: str, form: Mapping[str, str]) -> int | None:
        """Post a form; the status of the answer, or None when it could not be delivered."""
        if address.partition(":")[0] not in _PORTS or redirect_uri_fault(address):
            return None  # with the rest, plain http to a host that is not this machine
        try:
            return self._post(urlsplit(address), urlencode(form))
        except (OSError, HTTPException, ValueError):
            return None

    def _post(self, place: SplitResult, body: str) -> int:
        host, port = place.hostname or "", place.port or _PORTS[place.scheme]
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        deadline = time.monotonic() + self._patience_s
        with self._connection(place.scheme, host, port, deadline) as connection:
            connection.request("POST", path, body, _HEADERS)
            answer = connection.getresponse()
            # the status is known; the rest is read so that the other side can end in peace
            with answer, suppress(OSError, HTTPException):
                answer.read(MAX_READ)
            return answer.status

    @contextmanager
    def _connection(
        self, scheme: str, host: str, port: int, deadline: float
    ) -> Iterator[HTTPConnection]:
        """A connection that is cut at the deadline: http.client waits for each piece anew."""
        plain = _connected(host, port, deadline)
        if scheme == "http":
            connection = HTTPConnection(host, port)
            connection.sock = plain
        else:
            connection = HTTPSConnection(host, port, context=self._trust)
            connection.sock = self._trust.wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )
        with closing(connection), _cut_at(deadline, connection.sock):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            yield connection

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        # made with the first call: reading the system's certificates takes a while
        return self._given_trust or ssl.create_default_context()


def _connected(host: str, port: int, deadline: float) -> socket.socket:
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
def _cut_at(deadline: float, link: socket.socket) -> Iterator[None]:
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
