"""Posts a form to an address that an administrator registered, and gives the status.

Nothing that a caller sends ever becomes an address here (security.md R-36), and a server that
others reach calls nobody on its own machine. It stands on `http.client`, which knows no proxy from
the environment, no redirect and no cookie: decision 0013.
"""

import ipaddress
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlencode, urlsplit

from gatepost.model.uris import redirect_uri_fault
from gatepost.outgoing.connections import connected, cut_at

PATIENCE_S = 5.0
MAX_READ = 64 * 1024

_PORTS = {"https": 443, "http": 80}
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
_ENDS = {"Connection": "close"}


class Messenger:
    """`ports.Messenger` with one limit of time for each whole call, but for the look-up of a name.

    `trust` says whose certificates count; without it, those that this system trusts. A service on
    this machine that trusts whoever is on it too is called only when `may_call_here`.
    """

    def __init__(
        self,
        patience_s: float = PATIENCE_S,
        trust: ssl.SSLContext | None = None,
        *,
        may_call_here: bool = True,
    ) -> None:
        self._patience_s = patience_s
        self._given_trust = trust
        self._may_call_here = may_call_here

    def post_form(self, address: str, form: Mapping[str, str]) -> int | None:
        """Post a form; the status of the answer, or None when it could not be delivered."""
        return self.post(address, urlencode(form).encode("ascii"), _HEADERS)

    def post(self, address: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        """The same of a body under these headers."""
        if address.partition(":")[0] not in _PORTS or redirect_uri_fault(address):
            return None  # with the rest, plain http to a host that is not this machine
        try:
            return self._post(urlsplit(address), body, {**headers, **_ENDS})
        except (OSError, HTTPException, ValueError):
            return None

    def _post(self, place: SplitResult, body: bytes, headers: Mapping[str, str]) -> int:
        host, port = place.hostname or "", place.port or _PORTS[place.scheme]
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        deadline = time.monotonic() + self._patience_s
        with self._connection(place.scheme, host, port, deadline) as connection:
            connection.request("POST", path, body, headers)
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
        plain = connected(host, port, deadline)
        # By the address that was reached: a name may lead anywhere, and elsewhere the next time.
        if not self._may_call_here and is_here(plain.getpeername()[0]):
            plain.close()
            raise OSError(f"{host} is this machine, or a service of its host")
        if scheme == "http":
            connection = HTTPConnection(host, port)
            connection.sock = plain
        else:
            connection = HTTPSConnection(host, port, context=self._trust)
            connection.sock = self._trust.wrap_socket(
                plain, server_hostname=host, do_handshake_on_connect=False
            )
        with closing(connection), cut_at(deadline, connection.sock):
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            yield connection

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        # made with the first call: reading the system's certificates takes a while
        return self._given_trust or ssl.create_default_context()


def is_here(address: str) -> bool:
    """Whether an address is of this machine itself, or of what only its link reaches."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    reached = mapped or parsed
    return reached.is_loopback or reached.is_link_local or reached.is_unspecified
