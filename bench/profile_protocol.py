"""The protocol around a token: the bytes of a request given to it, the bytes of the answer taken.

The transport is ours, so no kernel is in it; the signature is ready, so that little is taken away
to see what the server library and its parser take.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from bench.profile_stand import PEER, NotAtHandError, Request, Stand, message
from gatepost.cli.quick import QuickProtocol
from gatepost.cli.workers import KEEP_ALIVE_S

_DATE = (b"date", b"Thu, 01 Jan 2026 00:00:00 GMT")


class Wire(asyncio.Transport):
    """A connection that keeps the last answer and sends it nowhere."""

    def __init__(self) -> None:
        super().__init__({"peername": (PEER, 50_000), "sockname": (PEER, 8080)})
        self.last: Any = b""

    def write(self, data: Any) -> None:
        """Keep it."""
        self.last = data

    def is_closing(self) -> bool:
        """Never."""
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""

    def close(self) -> None:
        """There is nothing to close."""


@contextmanager
def answering(stand: Stand, asked: Request) -> Iterator[tuple[Callable[[], object], "Turn"]]:
    """A call that gives the request to the protocol, and the loop's turn between the batches."""
    loop = uvloop.new_event_loop()
    state, wire = ServerState(), Wire()
    state.default_headers = [_DATE]
    config = uvicorn.Config(
        stand.server.front,
        loop="uvloop",
        http=QuickProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    protocol, sent = QuickProtocol(config, state, {}, loop), message(asked)
    protocol.connection_made(wire)
    protocol.data_received(sent)
    _turn(loop)  # what is answered goes out at the end of the loop's turn
    if not bytes(wire.last).startswith(b"HTTP/1.1 200 "):
        raise NotAtHandError("the protocol did not answer at once")
    try:
        yield lambda: protocol.data_received(sent), lambda: _turn(loop)
    finally:
        protocol.connection_lost(None)
        _turn(loop)
        loop.close()


Turn = Callable[[], None]
"""Lets the loop do away with timers that were called off."""


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_until_complete(asyncio.sleep(0))
