"""A bare connection to the server: requests and answers as bytes, cut as the test likes."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlencode

import httpx

from tests.served import Served, Tenant
from tests.web.oauth import FORM, TOKEN, form_of

DISCOVERY = b"GET /identity/.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\n\r\n"
_CHANGING = re.compile(rb'(?<=date: )[^\r]+|(?<=operation-id: )[^\r]+|(?<="access_token":")[^"]+')


class Answer(NamedTuple):
    """One answer, as it came."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """Its status."""
        return int(self.head.split(b" ", 2)[1])

    @property
    def names(self) -> list[bytes]:
        """The names of its headers, in order."""
        return [line.partition(b":")[0] for line in self.head.split(b"\r\n")[1:] if line]

    @property
    def masked(self) -> bytes:
        """All of it but for the moment, the operation id and the token."""
        return _CHANGING.sub(b"*", self.head + self.body)


class Line:
    """The caller's end of a connection."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._read = b""

    def send(self, *pieces: bytes) -> None:
        """Send pieces, each in a segment of its own."""
        for piece in pieces:
            self.end.sendall(piece)

    def answer(self) -> Answer:
        """The next answer."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head)
        length = int(found[1]) if found else 0
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(head, body)

    def answers(self, number: int) -> list[Answer]:
        """The next answers."""
        return [self.answer() for _ in range(number)]

    def is_ended(self) -> bool:
        """Whether the server closes and says no more; the time-out of the socket ends the wait."""
        try:
            return not self._read and not self.end.recv(65_536)
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def _more(self) -> None:
        part = self.end.recv(65_536)
        assert part, f"the server closed after {self._read!r}"
        self._read += part


@contextmanager
def line_to(served: Served) -> Iterator[Line]:
    """A bare connection."""
    address = httpx.URL(served.url)
    with socket.create_connection((address.host, address.port or 80), timeout=20) as end:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Line(end)


def body_of(client: Tenant, **more: str) -> bytes:
    """The form of a client-credentials request."""
    return urlencode(form_of(client.client_id, client.secret, **more)).encode()


def asking(
    body: bytes,
    *headers: bytes,
    target: str = TOKEN,
    start: bytes = b"POST %b HTTP/1.1",
    media_type: str = FORM,
) -> bytes:
    """A request for a token as bytes, with further headers."""
    lines: Sequence[bytes] = (
        start % target.encode(),
        b"Host: x",
        b"Content-Type: " + media_type.encode(),
        b"Content-Length: %d" % len(body),
        *headers,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
