"""Limits on a connection before its request is whole: what the server library does not watch.

A head that grows too large or does not end in time closes the connection (security.md R-68, D-19).
The body's limits stand in `web/front`, and idle connections are closed by the server itself.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10
MAX_HEAD_BYTES = 64 * 1024


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose heads have a size and a time."""

    _owes_head = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A caller is there and owes us a head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        self._head_is_whole()
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
