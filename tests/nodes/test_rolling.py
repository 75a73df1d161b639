"""Nodes are restarted one after the other while requests go on, and none of them fails."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.cli.program import Place, postgresql_place
from tests.nodes.cluster import PUBLIC_URL, folder_of, seen
from tests.nodes.relay import Relay, relaying
from tests.ports import free_port

CALLERS = 4
PAUSE_S = 0.02
HEADS = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"


class Tally(NamedTuple):
    """What the callers met."""

    good: list[str]
    bad: list[str]


@pytest.mark.parametrize(
    ("restarts", "drain", "asks"),
    [(6, "1", True), (4, "0", False)],
    ids=["a relay that asks who is ready", "a relay that tries the next when refused"],
)
def test_restarts_fail_no_request(restarts: int, drain: str, asks: bool, tmp_path: Path) -> None:
    place = postgresql_place(tmp_path).with_settings(GATEPOST_PUBLIC_URL=PUBLIC_URL)
    told = place.init()
    place = place.with_settings(GATEPOST_DRAIN_SECONDS=drain)
    ports = [free_port(), free_port()]
    places = [folder_of(place, number) for number in (0, 1)]
    with (
        relaying(ports, checks=asks) as relay,
        _Node(places[0], ports[0]) as one,
        _Node(places[1], ports[1]) as other,
        _callers(relay, told, keep_alive=asks) as tally,
    ):
        for turn in range(restarts):
            assert seen(lambda: relay.ready() == 2)
            assert seen(partial(_is_past, tally, len(tally.good) + CALLERS))
            (one, other)[turn % 2].restart()
    assert tally.bad == []
    assert len(tally.good) > restarts * CALLERS


def test_who_has_just_connected_is_answered_and_told_to_close(tmp_path: Path) -> None:
    place = postgresql_place(tmp_path)
    place.init()
    with place.with_settings(GATEPOST_DRAIN_SECONDS="2").serving("--workers", "2") as node:
        port = int(node.url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
        stopping = threading.Thread(target=node.stop)
        stopping.start()
        # each call comes to one of the two workers, and both are to know that they leave
        assert seen(lambda: {_status(port, "/health/ready") for _ in range(16)} == {503})
        assert _status(port, "/health/live") == 200
        for connection in silent:
            with connection:
                connection.sendall(HEADS + b"\r\n")
                answer = connection.recv(65_536)
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert b"\r\nconnection: close\r\n" in answer
                while connection.recv(65_536):
                    pass
        stopping.join()
    assert node.process.returncode == 0


class _Node(AbstractContextManager["_Node"]):
    """A node that is served on a port of its own, again and again."""

    def __init__(self, place: Place, port: int) -> None:
        self._place = place
        self._port = port
        self._stack = ExitStack()
        self._start()

    def restart(self) -> None:
        """Stop as an operator does, and start again."""
        assert self._running.stop() == 0
        self._stack.close()
        self._start()

    def _start(self) -> None:
        serving = self._place.serving("--port", str(self._port), "--workers", "2")
        self._running = self._stack.enter_context(serving)

    def __exit__(self, *_fault: object) -> None:
        self._stack.close()


@contextmanager
def _callers(relay: Relay, told: dict[str, str], *, keep_alive: bool) -> Iterator[Tally]:
    """Callers that ask for tokens and read with them, until the block ends."""
    tally, over = Tally([], []), threading.Event()
    form = {
        "grant_type": "client_credentials",
        "client_id": told["AdminClientId"],
        "client_secret": told["AdminClientSecret"],
    }
    roles = f"/api/v1/Tenants/{told['TenantId']}/Roles"

    def call() -> None:
        kept = httpx.Limits(max_keepalive_connections=2 if keep_alive else 0)
        with httpx.Client(base_url=relay.url, timeout=20, limits=kept) as http:
            while not over.wait(PAUSE_S):
                try:
                    token = http.post("/identity/connect/token", data=form)
                    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
                    read = http.get(roles, headers=bearer)
                    statuses = [token.status_code, read.status_code]
                    (tally.good if statuses == [200, 200] else tally.bad).append(str(statuses))
                except (httpx.HTTPError, ValueError, KeyError) as fault:
                    tally.bad.append(repr(fault))

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _is_past(tally: Tally, number: int) -> bool:
    return len(tally.good) > number


def _status(port: int, path: str) -> int:
    return httpx.get(f"http://127.0.0.1:{port}{path}").status_code
