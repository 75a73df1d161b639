"""Limits on a connection that the server library does not watch (security.md R-68, D-19).

A head that grows too large or does not end in time closes the connection, and so do an answer that
nobody reads, a body that goes on without saying anything, and a request that wants another protocol
but has a body, whose end the library would not find. What follows a body counts as no header. The
time and size of bodies stand in `web/front`, and idle connections are closed by the library.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gatepost.cli.crowd import EVERYBODY, AtDoor
from gatepost.web.front import IS_GONE

HEAD_SECONDS = 10
READ_SECONDS = 12
MAX_HEAD_BYTES = 64 * 1024
MAX_TRAILER_BYTES = 16 * 1024
MOST_IN_LINE = 100


class Unfit(Exception):
    """What came is no request that is answered here; the library answers 400 and closes."""


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with limits of time, size and number."""

    crowd = EVERYBODY
    _address: str | None = None
    _unread: asyncio.TimerHandle | None = None
    _owes_head = True
    _head_bytes = 0
    _silent_bytes = 0
    _trailer_bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _under_way: RequestResponseCycle | None = None

    def connection_made(self, transport: Any) -> None:
        """A caller is there and owes us a head."""
        super().connection_made(transport)
        self._caller = _Caller()
        self.flow = _InTurn(transport, self)
        address = self.client[0] if self.client else ""
        if self.crowd.let_in(address):
            self._address = address
            self._wait_for_head()
        else:
            self.connections.discard(self)
            transport.set_protocol(AtDoor(transport, self.crowd, self.loop))

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone. The library tells it to the last request in line alone."""
        self._caller.is_there = False
        self._head_is_whole()
        if self._under_way is not None:
            self._under_way.disconnected = True
            self._under_way.message_event.set()
        self._is_read()
        if self._address is not None:
            self.crowd.left(self._address)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """The first byte of a request on this connection."""
        super().on_message_begin()
        self._head_is_whole()
        self._owes_head = True
        self._silent_bytes = self._trailer_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one that follows the body is counted and forgotten."""
        if self._owes_head:
            super().on_header(name, value)
            return
        self._silent_bytes = 0
        self._trailer_bytes += len(name) + len(value)
        if self._trailer_bytes > MAX_TRAILER_BYTES:
            raise Unfit("too many trailers")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_whole()
        wants_another = self.parser.should_upgrade()
        if len(self.pipeline) >= MOST_IN_LINE or (wants_another and self._has_body()):
            raise Unfit("too many requests in line, or a body of another protocol")
        super().on_headers_complete()
        if wants_another:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._silent_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """An answer is on its way; what of its request did not come yet is not waited for."""
        left_open = self.cycle.more_body and not self.pipeline
        super().on_response_complete()
        if left_open or self.transport.is_closing():
            self._end()

    def data_received(self, data: bytes) -> None:
        """Some bytes, which may be of a head."""
        if self._deadline is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES + len(data):
                self._give_up()
                return
        self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes > MAX_HEAD_BYTES + len(data):
            self._give_up()
        elif self._owes_head:
            if self._deadline is None:
                self._wait_for_head()
        elif not self._is_watched():
            self._rest_idle()

    def timeout_keep_alive_handler(self) -> None:
        """Nobody said anything for a while."""
        self._end()

    def pause_writing(self) -> None:
        """The caller does not read, and what is kept for them grows."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The caller reads on; one that was left to be closed is closed all the same."""
        if not self.transport.is_closing():
            self._is_read()
        super().resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        cycle.scope.setdefault("state", {})[IS_GONE] = self._caller.has_gone
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Who asks for another protocol is answered in this one, and that is no news."""

    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0"))
            for name, value in self.headers
        )

    def _is_under_way(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever the library's types say
        return cycle is not None and not cycle.response_complete

    def _is_watched(self) -> bool:
        """Whether something looks after the connection while no head is owed."""
        return self.timeout_keep_alive_task is not None or self._is_under_way()

    def _rest_idle(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

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
        self._end()

    def _end(self) -> None:
        """Close; whoever does not read what is left is not waited for."""
        self.transport.close()
        if self._unread is None and self.transport.get_write_buffer_size():
            self._unread = self.loop.call_later(READ_SECONDS, self.transport.abort)


class _Caller:
    """Who is at the other end. It knows nothing of the connection, which would hold itself then."""

    __slots__ = ("is_there",)

    def __init__(self) -> None:
        self.is_there = True

    def has_gone(self) -> bool:
        """Whether they hung up."""
        return not self.is_there


class _InTurn(FlowControl):
    """Nothing more is read while requests wait in line for those before them."""

    def __init__(self, transport: Any, protocol: GuardedProtocol) -> None:
        super().__init__(transport)
        self._protocol = protocol

    def resume_reading(self) -> None:
        """Read on, when nobody waits."""
        if not self._protocol.pipeline:
            super().resume_reading()
