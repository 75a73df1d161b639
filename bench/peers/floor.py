"""The least that a server in Python can do for a token: read the request, sign, and answer.

It reads no form, knows no client, keeps nothing and writes no log. Its libraries are those that the
product serves with (uvloop, httptools, cryptography), with a process and a listener for each core.
What lies between it and the bare rate of signatures is HTTP and the load.

`python -m bench.peers.floor PORT WAY`
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import httptools
import uvloop

from bench.served import HOST
from bench.signing import WAYS

_PROCESSES, _BACKLOG = 2, 1024
_BODY = b'{"access_token":"%b"}' % (b"x" * 900)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)


class Connection(asyncio.Protocol):
    """A connection on which every request is answered with a signature."""

    def __init__(self, sign: Callable[[], object]) -> None:
        self._sign = sign
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """A caller is there."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._sign()
        self._transport.write(_ANSWER)


def main() -> None:
    """Serve until told to stop."""
    port, way = int(sys.argv[1]), sys.argv[2]
    children = [_forked(listener, way) for listener in [_listener(port) for _ in range(_PROCESSES)]]

    def stop(_signal: int, _frame: object) -> None:
        for child in children:
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    for child in children:
        os.waitpid(child, 0)


def _listener(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((HOST, port))
    made.listen(_BACKLOG)
    return made


def _forked(listener: socket.socket, way: str) -> int:
    child = os.fork()
    if child == 0:
        uvloop.run(_serve(listener, way))
    return child


async def _serve(listener: socket.socket, way: str) -> None:
    sign, loop = WAYS[way](), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sign), sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    main()
