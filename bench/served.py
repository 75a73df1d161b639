"""`gatepost serve` in a process of its own, run as a user runs it, and a thin client for it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.stores import Filled
from tests.ports import free_port

PROGRAM = Path(sys.executable).with_name("gatepost")
HOST = "127.0.0.1"
_PATIENCE_S = 30
_TOKEN = "/identity/connect/token"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class NotServedError(RuntimeError):
    """The server did not start, or did not answer as it should."""


class Answer(NamedTuple):
    """An answer, and how long it took from the first byte sent to the last one read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Caller:
    """One kept connection. It stays below 0.1 ms, so that it does not hide what is measured."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=_PATIENCE_S)
        self.headers: dict[str, str] = {}

    def call(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and read all of its answer."""
        sent = self.headers | dict(headers or {})
        start = time.perf_counter()
        self._connection.request(method, path, body, sent)
        reply = self._connection.getresponse()
        got = reply.read()
        seconds = time.perf_counter() - start
        cookies = tuple(reply.headers.get_all("Set-Cookie", ()))
        return Answer(reply.status, dict(reply.headers), got, seconds, cookies)

    def token(self, filled: Filled) -> str:
        """An access token of the tenant's administration client."""
        answer = self.call("POST", _TOKEN, token_form(filled), _FORM)
        if answer.status != 200:
            raise NotServedError(f"a token request got {answer.status}: {answer.body!r}")
        return str(answer.json()["access_token"])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Running(NamedTuple):
    """A server that is up."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"


def token_form(filled: Filled) -> str:
    """The body of a client-credentials request."""
    return urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": filled.client_id,
            "client_secret": filled.secret,
        }
    )


def start(
    filled: Filled, *options: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Running:
    """Start a server on the store without waiting for it; its log goes to a file."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GATEPOST_")}
    environment["GATEPOST_DATABASE_URL"] = filled.url
    environment["GATEPOST_MASTER_KEY_FILE"] = str(filled.key_file)
    environment |= {f"GATEPOST_{name}": value for name, value in settings.items()}
    with (filled.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(port), *options],
            cwd=filled.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return Running(process, port)


def stop(running: Running) -> None:
    """Stop a server gracefully."""
    running.process.terminate()
    running.process.wait(_PATIENCE_S)


def wait_for_listener(running: Running) -> None:
    """Wait until the port accepts; a request then waits for the first worker."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and running.process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, running.port)) == 0:
                return
        time.sleep(0.002)
    raise NotServedError("the server did not come up; its words are in serve.log")


def wait_until_ready(filled: Filled, running: Running) -> None:
    """Wait until the server has said that it listens, which it does when all workers do."""
    wait_for_listener(running)
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and running.process.poll() is None:
        if b"listening on " in (filled.folder / "serve.log").read_bytes():
            return
        time.sleep(0.01)
    raise NotServedError("the server did not say that it listens")


@contextmanager
def serving(
    filled: Filled, *options: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Running]:
    """A server on the store until the block ends; settings are named without their prefix."""
    running = start(filled, *options, settings=settings)
    try:
        wait_until_ready(filled, running)
        yield running
    finally:
        stop(running)
