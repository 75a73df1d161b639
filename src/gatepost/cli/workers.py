"""The launcher: one listener a worker, because a shared one spreads load unevenly.

A single worker runs in this process. Several are forked, each with its own socket on the same
port; one that dies is replaced, and SIGTERM stops all of them gracefully.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import uvicorn

from gatepost.app import Board, Ledger, Server, StartFault, StoreEpochs, open_house
from gatepost.cli import process
from gatepost.cli.access_log import AccessLog
from gatepost.cli.crowd import Crowd
from gatepost.cli.metrics import Beside, BesideServer
from gatepost.cli.quick import QuickProtocol
from gatepost.settings import Settings
from gatepost.web.addresses import speaks_for_many
from gatepost.web.front import Front

_BACKLOG = 4_096
_UNREAD_BYTES = 128 * 1024
"""So much of what a caller does not read the system keeps, twice; left alone it takes megabytes."""

KEEP_ALIVE_S = 15
"""So long an idle connection is kept."""

_GRACE_S = 8
_RESPAWN_PAUSE_S = 0.5
_TURN_S = 0.0002
"""How long a thread may go on when another waits: requests are not to wait for the book-keeping."""

_STOPS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("gatepost.workers")


class Plan(NamedTuple):
    """A port that is ours, how many workers are to listen on it, and one for metrics beside it."""

    host: str
    port: int
    workers: int
    socket: socket.socket
    metrics: "Plan | None" = None


class _Seat(NamedTuple):
    """A worker's number among those of its node, and what they share."""

    number: int
    ledger: Ledger
    epochs: StoreEpochs | None = None


def reserve(host: str, port: int, count: int) -> Plan:
    """Take the port before anything else is done, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = _bound(family, host, port, shared=False)
    if count == 1:
        _listen(probe, host, port)
        return Plan(host, probe.getsockname()[1], count, probe)
    taken = probe.getsockname()[1]
    probe.close()
    return Plan(host, taken, count, _bound(family, host, taken, shared=True))


def run(plan: Plan, settings: Settings, public_url: str, ready: Callable[[], None]) -> None:
    """Serve until told to stop."""
    process.open_as_many_as_allowed()
    process.leave_no_dump()
    process.keep_heaps_small()
    if plan.workers == 1:
        _work(plan, (settings, public_url), ready, _Seat(0, Ledger()))
        return
    _Crew(plan, settings, public_url, ready).run()


class _Announcing(BesideServer):
    """A server that says when it is ready."""

    ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready()


class _Crew:
    """Several workers and the process that looks after them."""

    def __init__(
        self, plan: Plan, settings: Settings, public_url: str, ready: Callable[[], None]
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._public_url = public_url
        self._ready = ready
        self._board = Board(plan.workers)
        self._ledger = Ledger(plan.workers)
        self._pids: dict[int, int] = {}
        self._stopping = False
        self._ready_from, self._ready_to = os.pipe()
        self._alive_from, self._alive_to = os.pipe()

    def run(self) -> None:
        """Start the workers, replace those that die, stop them when told to."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        threading.Thread(target=self._announce, name="announce", daemon=True).start()
        for number in range(self._plan.workers):
            self._spawn(number)
        while self._pids:
            self._wait_for_one()

    def _announce(self) -> None:
        """Say that all is ready when each worker has said so for itself."""
        for _ in range(self._plan.workers):
            os.read(self._ready_from, 1)
        if not self._stopping:
            self._ready()

    def _wait_for_one(self) -> None:
        pid, status = os.wait()
        number = self._pids.pop(pid, None)
        if number is not None:
            self._ledger.bury(number)
        if self._stopping or number is None:
            return
        _log.error("worker %s ended with status %s; starting another", pid, status)
        time.sleep(_RESPAWN_PAUSE_S)
        self._spawn(number)

    def _spawn(self, number: int) -> None:
        """Fork a worker; a signal waits meanwhile, so that none is started behind its back."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        pid = -1 if self._stopping else os.fork()
        if pid == 0:
            self._be_worker(number)
        if pid > 0:
            self._pids[pid] = number
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)

    def _be_worker(self, number: int) -> NoReturn:
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
            os.close(self._alive_to)
            threading.Thread(target=self._follow, name="follow", daemon=True).start()
            what = (self._settings, self._public_url)
            seat = _Seat(number, self._ledger, StoreEpochs(self._board, number))
            _work(_with_own_sockets(self._plan), what, lambda: _tell(self._ready_to), seat)
            status = 0
        except BaseException:  # noqa: BLE001  (a fork must end here, whatever happened)
            _log.exception("worker could not serve")
        finally:
            os._exit(status)

    def _follow(self) -> None:
        """Stop when the process that looks after us is gone: its end of the pipe closes with it."""
        os.read(self._alive_from, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _stop(self, _signal: int, _frame: Any) -> None:
        self._stopping = True
        for pid in tuple(self._pids):
            os.kill(pid, signal.SIGTERM)


def _work(plan: Plan, what: tuple[Settings, str], ready: Callable[[], None], seat: _Seat) -> None:
    """One worker, from start to graceful stop."""
    settings, public_url = what
    server = Server(open_house(settings, seat.epochs), public_url, seat.ledger, seat.number)
    # uvicorn raises the signal again after its shutdown; ours must live on to close the store.
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _already_stopping)
    access_log = AccessLog(settings.log_format, server.counting.take)
    server.front.note = access_log.note
    server.start()
    access_log.start()
    sys.setswitchinterval(_TURN_S)
    process.rest_what_stays()
    try:
        config = _config(server.front, settings)
        announcing = _Announcing(config, server.leave, settings.drain_seconds)
        announcing.ready, announcing.lagged = ready, server.counting.note_lag
        if plan.metrics is not None:
            front = server.metrics_front()
            front.note = access_log.note
            announcing.beside = Beside(_config(front, settings), plan.metrics.socket)
        announcing.run(sockets=[plan.socket])
    finally:
        server.stop()
        access_log.stop()


def _config(front: Front, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        front,
        loop="uvloop",
        http=_protocol(settings),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=_BACKLOG,
    )


def _protocol(settings: Settings) -> type[QuickProtocol]:
    """HTTP for this worker, with the crowd that it lets in."""
    trusted = settings.trusted_proxies
    crowd = Crowd(settings.connections_per_address, lambda peer: speaks_for_many(peer, trusted))
    return type("WorkerProtocol", (QuickProtocol,), {"crowd": crowd})


def _already_stopping(_signal: int, _frame: Any) -> None:
    """The server has stopped; the rest of the shutdown goes on."""


def _tell(writing: int) -> None:
    os.write(writing, b"+")


def _with_own_sockets(plan: Plan) -> Plan:
    """The plan with sockets of this process alone; those of the launcher are closed."""
    own = _bound(plan.socket.family, plan.host, plan.port, shared=True)
    plan.socket.close()
    metrics = _with_own_sockets(plan.metrics) if plan.metrics else None
    return plan._replace(socket=own, metrics=metrics)


def _bound(family: socket.AddressFamily, host: str, port: int, *, shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD_BYTES)  # handed on to each caller
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind((host, port))
    except OSError as fault:
        made.close()
        raise _taken(host, port, fault) from None
    return made


def _listen(bound: socket.socket, host: str, port: int) -> None:
    """Listen at once: until then another may bind the same port, and both would start."""
    try:
        bound.listen(_BACKLOG)
    except OSError as fault:
        bound.close()
        raise _taken(host, port, fault) from None


def _taken(host: str, port: int, fault: OSError) -> StartFault:
    return StartFault(
        f"Cannot listen on {host} port {port}: {fault.strerror}. "
        "Choose another with --host or --port."
    )
