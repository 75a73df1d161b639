"""Answers within the protocol what the application has at hand, before a task is made for it.

A request that came whole in one piece, to an address that has answers at hand, is handed to
`Front.at_once`. When that gives None, or the rest of the request is still on its way, the request
goes on as every other: the server library is told of it then.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gatepost.cli.guard import GuardedProtocol
from gatepost.cli.outbox import Outbox, outbox_of
from gatepost.web.front import Front, Whole

_CLOSE = b"connection: close\r\n"


class QuickProtocol(GuardedProtocol):
    """HTTP/1.1 with a short way for what is at hand."""

    app: Any
    _outbox: Outbox
    _held: bytes | None = None
    _idle_since = 0.0
    _idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A caller is there."""
        super().connection_made(transport)
        self._outbox = outbox_of(self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes; a request that is not whole with them is not waited for here."""
        super().data_received(data)
        if self._held is not None:
            self._go_on(self._held)

    def on_headers_complete(self) -> None:
        """The head is whole: hold the request back, or let it go on."""
        if not self._may_be_quick():
            super().on_headers_complete()
            return
        self._head_is_whole()
        self._held = b""

    def on_body(self, body: bytes) -> None:
        """A piece of the body; one in many pieces is not gathered here."""
        if self._held == b"":
            self._held = body
            return
        if self._held is not None:
            self._go_on(self._held)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: answer it now, or let it go on."""
        body = self._held
        if body is not None and self._is_answered(body):
            return
        if body is not None:
            self._go_on(body)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What follows is no request: the answers before it go first."""
        self._outbox.send()
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """The server stops: what is answered goes first."""
        self._outbox.send()
        super().shutdown()

    def _may_be_quick(self) -> bool:
        return (
            not self._is_under_way()
            and isinstance(self.app, Front)
            and self.app.may_be_at_once(self.parser.get_method().decode("ascii"), self.url)
            and not self.pipeline
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self.parser.get_http_version() == "1.1"
            and not self.parser.should_upgrade()
        )

    def _is_answered(self, body: bytes) -> bool:
        """Whether the application had the answer at hand; then it is sent."""
        method, peer = self.parser.get_method().decode("ascii"), self.client
        whole = Whole(method, self.url, self.headers, body, peer[0] if peer else "")
        before, asks_to_close = _server_lines(self.server_state.default_headers)
        stays = self.parser.should_keep_alive() and not asks_to_close
        if not stays and not asks_to_close:
            before += _CLOSE
        message = self.app.at_once(whole, before)
        if message is None:
            return False
        self._held = None
        self._outbox.put(self.transport, message)
        self.server_state.total_requests += 1
        if stays:
            self._rest()
        else:
            self._outbox.send()
            self._end()
        return True

    def _rest(self) -> None:
        """The connection is idle from now on: one timer looks after it, however often it is."""
        self._idle_since = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self.timeout_keep_alive, self._look_if_idle)

    def _look_if_idle(self) -> None:
        self._idle = None
        if self._owes_head or self._is_under_way() or self.timeout_keep_alive_task is not None:
            return  # a timer of that request, or the one that follows it, looks after it
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._look_if_idle)
        else:
            self.timeout_keep_alive_handler()

    def _is_watched(self) -> bool:
        return self._idle is not None or self._held is not None or super()._is_watched()

    def _go_on(self, body: bytes) -> None:
        """Tell the server library what it was not told yet."""
        self._held = None
        super().on_headers_complete()
        if body:
            super().on_body(body)


def _server_lines(headers: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, bool]:
    """The header lines of the server library, such as the date, which it renews each second."""
    return _lines(tuple(headers))


@lru_cache(maxsize=2)
def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, bool]:
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return lines, (b"connection", b"close") in headers
