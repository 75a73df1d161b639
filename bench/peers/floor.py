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

import httptools
import uvloop

from bench.served import HOST
from bench.signing import WAYS

_PROCESSES = 2
_BODY = b'{"access_token":"%b"}' % (b"x" * 900)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)


class Connection(asyncio.Protocol):
    """A connection on which every request is answered with a signature."""

    def __init__(self, sign: Callable[[], object]) -> None:
        self._sign = sign
        self._parser = httptools.HttpRequestParser(self)
        self._transport = asyncio.WriteTransport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller is there."""
        assert isinstance(transport, asyncio.WriteTransport)
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
    children = [_forked(port, way) for _ in range(_PROCESSES)]

    def stop(_signal: int, _frame: object) -> None:
        for child in children:
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    for child in children:
        os.waitpid(child, 0)


def _forked(port: int, way: str) -> int:
    child = os.fork()
    if child == 0:
        uvloop.run(_serve(port, way))
    return child


async def _serve(port: int, way: str) -> None:
    sign = WAYS[way]()
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind((HOST, port))
    server = await asyncio.get_running_loop().create_server(lambda: Connection(sign), sock=own)
    await server.serve_forever()


if __name__ == "__main__":
    main()
