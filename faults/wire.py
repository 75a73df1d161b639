"""A caller's connection: it is kept, opened anew when it broke, and each request is an attempt."""

import http.client
import select
import socket
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from bench.served import Answer, Caller
from faults.journal import Attempt

PATIENCE_S = 15.0
GOOD = range(200, 400)
_BROKEN = (OSError, http.client.HTTPException)
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Unanswered(Exception):
    """There was no answer: refused, broken off, or too late."""


class Wire(Caller):
    """A connection to the server that survives its restarts."""

    def __init__(self, port: int, patience: float = PATIENCE_S) -> None:
        super().__init__(port)
        self._connection.timeout = patience
        self._used_at = time.monotonic()

    def call(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and read its answer. As any careful client does, a kept connection that
        the server has closed meanwhile is not used."""
        self._leave_if_closed()
        began = time.monotonic()
        try:
            return super().call(method, path, body, headers)
        except _BROKEN as fault:
            self._connection.close()
            rested, took = began - self._used_at, time.monotonic() - began
            said = f"{type(fault).__name__}: {fault}, {took:.3f} s after the request"
            raise Unanswered(f"{said} and {rested:.3f} s of rest") from fault
        finally:
            self._used_at = time.monotonic()

    def _leave_if_closed(self) -> None:
        own: socket.socket | None = self._connection.sock
        if own is not None and select.select([own], [], [], 0)[0]:
            self._connection.close()


class Told(Wire):
    """The same, and every request is told to somebody who writes it down."""

    def __init__(self, port: int, caller: int, tell: Callable[[Attempt], None]) -> None:
        super().__init__(port)
        self._caller = caller
        self._tell = tell
        self.deed = "?"
        """What the requests are for, from now on."""
        self.turn = 0

    def call(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request to which anything from 200 to 399 is a good answer."""
        return self.ask(method, path, (body, headers or _NOTHING), GOOD)

    def ask(
        self,
        method: str,
        path: str,
        what: tuple[str | None, Mapping[str, str]],
        good: Collection[int],
    ) -> Answer:
        """Send a request, and tell whether the answer's status is one of those."""
        began = time.monotonic()
        try:
            answer = super().call(method, path, *what)
        except Unanswered as fault:
            self._tell(self._attempt(began, 0, fault=str(fault)))
            raise
        is_good = answer.status in good
        attempt = self._attempt(
            began,
            answer.status,
            is_good=is_good,
            retry_after=any(name.lower() == "retry-after" for name in answer.headers),
            fault="" if is_good else answer.body[:200].decode(errors="replace"),
        )
        self._tell(attempt)
        return answer

    def _attempt(self, began: float, status: int, **more: Any) -> Attempt:
        now = time.monotonic()
        return Attempt(
            **{"caller": self._caller, "deed": self.deed, "is_good": False, **more},
            turn=self.turn,
            began=began,
            ended=now,
            status=status,
        )
