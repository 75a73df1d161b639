"""Limits on a connection that the server library does not watch (security.md R-68, D-19).

A head that grows too large or does not end in time closes the connection, and so does an answer
that nobody reads. An address has so many connections and no more. The body's limits stand in
`web/front`, and idle connections are closed by the server itself.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10
READ_SECONDS = 12
MAX_HEAD_BYTES = 64 * 1024
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n%b"
)
_FULL_WORDS = (
    b"Too many connections from this address. Close some, or use them for more requests.\n"
)


class Crowd:
    """How many connections each address has to this process; at most `most`, if that is not 0.

    Those who are `exempt`, such as the proxies in front of us, speak for many.
    """

    def __init__(self, most: int, exempt: Callable[[str], bool]) -> None:
        self._most = most
        self._exempt = exempt
        self._here: Counter[str] = Counter()

    def let_in(self, address: str) -> bool:
        """Whether one more connection may come."""
        if self._most and self._here[address] >= self._most and not self._exempt(address):
            return False
        self._here[address] += 1
        return True

    def left(self, address: str) -> None:
        """One that was let in is gone."""
        self._here[address] -= 1
        if self._here[address] <= 0:
            del self._here[address]


EVERYBODY = Crowd(0, lambda _address: True)


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose heads have a size and a time, and whose answers are read."""

    crowd = EVERYBODY
    _address: str | None = None
    _unread: asyncio.TimerHandle | None = None
    _owes_head = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A caller is there and owes us a head."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self.crowd.let_in(address):
            self._address = address
            self._wait_for_head()
        else:
            self.transport.write(_FULL % (len(_FULL_WORDS), _FULL_WORDS))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        self._head_is_whole()
        self._is_read()
        if self._address is not None:
            self.crowd.left(self._address)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request on this connection."""
        super().on_message_begin()
        self._head_is_whole()
        self._owes_head = True

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_whole()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Some bytes, which may be of a head."""
        if self._deadline is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES + len(data):
                self._give_up()
                return
        super().data_received(data)
        if self._owes_head and self._deadline is None:
            self._wait_for_head()

    def pause_writing(self) -> None:
        """The caller does not read, and what is kept for them grows."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The caller reads on."""
        self._is_read()
        super().resume_writing()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_is_whole(self) -> None:
        self._owes_head = False
        self._head_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._head_is_whole()
        self.transport.close()
