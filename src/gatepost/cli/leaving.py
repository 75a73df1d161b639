"""How a worker stops, so that nobody loses a request who was let in.

First it says so: it is not ready any more, and each answer asks for the connection to be closed.
After the time to drain it takes no new connections, but those that are on their way. Who is
connected has a moment to send a request; what is under way is finished.
"""

import asyncio
import ctypes
import select
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn

_TICK_S = 0.1
_LOOK_S = 0.01
_QUIET_LOOKS = 5
_MOST_LOOKS = 100
_LINGER_LOOKS = 25
_CLOSE = (b"connection", b"close")

_SO_ATTACH_FILTER = 26
# A packet that asks for a connection (SYN without ACK) is dropped; every other one is let through.
_NO_NEW_CONNECTIONS = b"".join(
    struct.pack("=HBBI", *step)
    for step in (
        (0x30, 0, 0, 13),
        (0x54, 0, 0, 0x12),
        (0x15, 0, 1, 0x02),
        (0x06, 0, 0, 0),
        (0x06, 0, 0, 0xFFFFFFFF),
    )
)


class LeavingServer(uvicorn.Server):
    """A server that leaves in order; `leave` is told when it begins to."""

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None], drain_s: float) -> None:
        super().__init__(config)
        self._leave = leave
        self._drain_s = drain_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave."""
        self._leave()
        self.config.encoded_headers.append(_CLOSE)
        await self._answer_on()
        await self._let_in_the_last(sockets or [])
        for server in self.servers:
            server.close()
        await self._hear_the_last()
        await super().shutdown(sockets)

    async def _answer_on(self) -> None:
        """Serve as before, for as long as others may not know yet that we leave."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._drain_s
        await self.on_tick(0)
        while loop.time() < end and not self.force_exit:
            await asyncio.sleep(_TICK_S)
            await self.on_tick(0)

    async def _let_in_the_last(self, sockets: Sequence[socket.socket]) -> None:
        """A connection that waits to be accepted would be reset when its listener closes."""
        for listener in sockets:
            _take_no_new(listener)
        quiet = 0
        for _ in range(_MOST_LOOKS):
            quiet = 0 if _somebody_waits(sockets) else quiet + 1
            if quiet == _QUIET_LOOKS:
                return
            await asyncio.sleep(_LOOK_S)

    async def _hear_the_last(self) -> None:
        """Who has just connected is about to send a request."""
        for _ in range(_LINGER_LOOKS):
            if self.force_exit or not self.server_state.connections:
                return
            await asyncio.sleep(_LOOK_S)


def _take_no_new(listener: socket.socket) -> None:
    """Whoever asks from now on gets no answer, asks again in a second, and is refused then.

    Where the system cannot do so, a connection may still come in the moment of closing.
    """
    steps = ctypes.create_string_buffer(_NO_NEW_CONNECTIONS, len(_NO_NEW_CONNECTIONS))
    program = struct.pack("@HP", len(_NO_NEW_CONNECTIONS) // 8, ctypes.addressof(steps))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def _somebody_waits(sockets: Sequence[socket.socket]) -> bool:
    return bool(select.select(sockets, [], [], 0)[0])
