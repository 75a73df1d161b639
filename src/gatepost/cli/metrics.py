"""The listener for metrics, where GATEPOST_METRICS_LISTEN names one: the same limits, one page."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import uvicorn

from gatepost.app import StartFault
from gatepost.cli.leaving import LeavingServer
from gatepost.settings import PREFIX

TICK_NS = 100_000_000
"""So far apart are the ticks of the server library, and ours while a server drains."""

_log = logging.getLogger("gatepost.metrics")


class Beside(NamedTuple):
    """What is served on a socket of its own, beside the application."""

    config: uvicorn.Config
    socket: socket.socket


class BesideServer(LeavingServer):
    """A server with a second listener, which ends with it; it goes on while the server drains.

    `lagged` is told how late each tick of the server was: so long does a request wait unread.
    """

    beside: Beside | None = None
    lagged: Callable[[int], None] = staticmethod(lambda _nanoseconds: None)
    _ticked: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen on both."""
        await super().startup(sockets)
        if self.started and self.beside is not None:
            config, own = self.beside
            config.load()

            def protocol() -> Any:
                return config.http_protocol_class(  # type: ignore[call-arg]
                    config=config, server_state=self.server_state, app_state={}
                )

            loop = asyncio.get_running_loop()
            self.servers.append(
                await loop.create_server(protocol, sock=own, backlog=config.backlog)
            )

    async def on_tick(self, counter: int) -> bool:
        """The server's own tick, ten times a second."""
        now = time.monotonic_ns()
        if self._ticked is not None:
            self.lagged(max(now - self._ticked - TICK_NS, 0))
        ends = await super().on_tick(counter)
        self._ticked = time.monotonic_ns()
        return ends


def announce(host: str, port: int) -> None:
    """Say where the metrics are: in the log, because who starts a server waits for one line."""
    _log.info("metrics at http://%s:%s/metrics", f"[{host}]" if ":" in host else host, port)


def taken(fault: StartFault) -> StartFault:
    """The port of this listener cannot be had."""
    what = str(fault).partition(". ")[0]
    return StartFault(f"{what}. Set {PREFIX}METRICS_LISTEN to another address.")
