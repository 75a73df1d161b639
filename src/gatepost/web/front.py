"""The ASGI application: finds the endpoint, reads the body within limits, answers in a thread.

Everything that every answer needs (correlation id, security headers, limits, the last catch) is
here once, so that no endpoint can forget it.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

from gatepost.model.errors import Code, Refused, StoreUnavailable
from gatepost.model.events import Origin
from gatepost.ports import Dice
from gatepost.web.addresses import Network, caller_address
from gatepost.web.http import Call, Headers, Reply, path_segments

BODY_TIMEOUT_S = 20
THREADS = 16
HASHING_THREADS = 4
MOST_WAITING = 1_000
MOST_HASHING = 68
MAX_HEADER_BYTES = 32 * 1024
_MAX_LOGGED_PATH = 500
_UNFIT = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
# After these the rest of the request may still be on its way: nobody is to wait for it.
_CLOSING = frozenset({408, 413, 431})
_SECURITY: Headers = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_HSTS: Headers = (("Strict-Transport-Security", "max-age=31536000"),)
_SINGLE_HEADERS = frozenset(
    {"authorization", "content-type", "content-length", "host", "accept-verbosity"}
)

_Made = TypeVar("_Made")
Explain = Callable[[Refused, Origin], Reply]


class Endpoint(NamedTuple):
    """What answers a call: a handler, how much body it takes, and how it words a refusal.

    `hashes` is one that hashes passwords: those have threads of their own, so that a flood of
    guesses makes nobody else wait (R-47). `at_hand` answers on the event loop what needs no
    store, and gives None for all else.
    """

    handle: Callable[[Call], Reply]
    explain: Explain
    body_limit: int = 0
    hashes: bool = False
    at_hand: Callable[[Call], Reply | None] | None = None


class _Sent(NamedTuple):
    """An answer on its way out."""

    reply: Reply
    headers: tuple[tuple[bytes, bytes], ...]


class Door(Protocol):
    """One front: it knows whether a path is its own, and what answers there."""

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a path, or None when the path is another door's."""


class Threads:
    """Worker threads with a bounded queue: beyond it a call is refused at once (R-47)."""

    def __init__(self, name: str, number: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._most = most
        self._under_way = 0

    async def run(self, work: Callable[[], Reply]) -> Reply:
        """The reply, made in a thread; all calls come from the one event loop."""
        if self._under_way >= self._most:
            raise _busy()
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Wait for the work that is under way."""
        self._pool.shutdown(wait=True)


class Front:
    """The whole application as ASGI."""

    def __init__(
        self, doors: Sequence[Door], dice: Dice, trusted: Sequence[Network], *, https: bool
    ) -> None:
        self._doors = doors
        self._dice = dice
        self._trusted = trusted
        self._headers = _SECURITY + (_HSTS if https else ())
        self._calls = Threads("call", THREADS, MOST_WAITING)
        self._hashing = Threads("hash", HASHING_THREADS, MOST_HASHING)
        self._log = logging.getLogger("gatepost.http")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI's entry."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)

    def close(self) -> None:
        """Wait for the calls that are being answered."""
        self._calls.close()
        self._hashing.close()

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        operation_id = self._dice.guid()
        peer = scope["client"][0] if scope.get("client") else ""
        headers, repeated = _headers(scope["headers"])
        address = caller_address(peer, headers.get("x-forwarded-for"), self._trusted)
        origin = Origin(operation_id, address)
        method = scope["method"]
        segments = path_segments(scope["raw_path"])
        endpoint = self._find(method, segments)
        try:
            _check_headers(scope["headers"], repeated)
            body = await _read_body(receive, headers, endpoint.body_limit)
            call = Call(method, segments, scope["query_string"], headers, body, origin)
            reply = await self._answered(endpoint, call)
        except Refused as refused:
            reply = endpoint.explain(refused, origin)
        except _Gone:
            return
        self._log.info(
            "%s %s %s",
            method,
            scope["path"][:_MAX_LOGGED_PATH],
            reply.status,
            extra={"operation_id": operation_id, "address": address},
        )
        sent = self._on_the_wire(reply, origin) or self._on_the_wire(
            endpoint.explain(_fault(operation_id), origin), origin
        )
        if sent is not None:
            await self._send(send, sent, bodiless=method == "HEAD")

    def _find(self, method: str, segments: tuple[str, ...]) -> Endpoint:
        for door in self._doors:
            endpoint = door.find(method, segments)
            if endpoint is not None:
                return endpoint
        raise LookupError("the last door answers every path")

    async def _answered(self, endpoint: Endpoint, call: Call) -> Reply:
        """The answer at hand, or the one that is made in a thread."""
        if endpoint.at_hand is not None:
            reply = self._answer(endpoint, endpoint.at_hand, call)
            if reply is not None:
                return reply
        threads = self._hashing if endpoint.hashes else self._calls
        return await threads.run(lambda: self._answer(endpoint, endpoint.handle, call))

    def _answer(
        self, endpoint: Endpoint, handle: Callable[[Call], _Made], call: Call
    ) -> Reply | _Made:
        """Run a handler and turn whatever it raises into an answer (R-59, R-72, R-79)."""
        try:
            return handle(call)
        except Refused as refused:
            return endpoint.explain(refused, call.origin)
        except StoreUnavailable as fault:
            self._log.warning(
                "store unavailable: %s", fault, extra={"operation_id": call.origin.operation_id}
            )
            return endpoint.explain(_UNAVAILABLE, call.origin)
        except Exception:  # noqa: BLE001  (the last catch: whatever it was, it becomes a 500)
            self._log.exception(
                "unexpected fault", extra={"operation_id": call.origin.operation_id}
            )
            return endpoint.explain(_fault(call.origin.operation_id), call.origin)

    def _on_the_wire(self, reply: Reply, origin: Origin) -> _Sent | None:
        """The answer with all its headers as bytes; None where one of them could be none."""
        own = [*reply.headers, *self._headers, ("Operation-Id", origin.operation_id)]
        if reply.status in _CLOSING:
            own.append(("Connection", "close"))
        if any(_UNFIT.search(value) for _, value in own):
            self._log.error("a header of an answer is not fit to be sent", extra=origin._asdict())
            return None
        headers = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in own)
        return _Sent(reply, headers)

    async def _send(self, send: Any, sent: _Sent, *, bodiless: bool) -> None:
        reply, headers = sent.reply, list(sent.headers)
        if reply.status != 204 and (reply.body or not bodiless):
            headers.append((b"content-length", str(len(reply.body)).encode()))
        start = {"type": "http.response.start", "status": reply.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if bodiless else reply.body})


_UNAVAILABLE = Refused(
    Code.STORE_UNAVAILABLE,
    "The server cannot reach its store just now.",
    "Try again in a moment.",
)


def _busy() -> Refused:
    return Refused(
        Code.STORE_UNAVAILABLE, "The server has too much to do just now.", "Try again in a moment."
    )


def _fault(support_id: str) -> Refused:
    return Refused(
        Code.INTERNAL,
        "Something went wrong on the server.",
        f"Tell your administrator this support id: {support_id}.",
    )


class _Gone(Exception):
    """The caller hung up before the request was whole."""


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> tuple[dict[str, str], str | None]:
    """The headers by name, and the name of one that may stand only once but is repeated."""
    found: dict[str, str] = {}
    repeated = None
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in found and name in _SINGLE_HEADERS:
            repeated = name
        found[name] = f"{found[name]},{value}" if name in found else value
    return found, repeated


async def _read_body(receive: Any, headers: dict[str, str], limit: int) -> bytes:
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:18]) > limit > 0:
        raise _too_large(limit)
    if limit and headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(
            Code.UNSUPPORTED_MEDIA_TYPE,
            "The body is compressed.",
            "Send the body without Content-Encoding.",
        )
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                size += len(message.get("body", b""))
                if size > max(limit, _IGNORED_BODY):
                    raise _too_large(limit)
                chunks.append(message.get("body", b""))
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise Refused(
            Code.BODY_TIMEOUT,
            f"The body did not arrive within {BODY_TIMEOUT_S} seconds.",
            "Send the request again, faster.",
        ) from None


_IGNORED_BODY = 65_536


def _too_large(limit: int) -> Refused:
    return Refused(
        Code.BODY_TOO_LARGE,
        f"The body is larger than {limit} bytes." if limit else "No body is expected here.",
        "Send a smaller body.",
    )


def _check_headers(raw: Sequence[tuple[bytes, bytes]], repeated: str | None) -> None:
    if sum(len(name) + len(value) for name, value in raw) > MAX_HEADER_BYTES:
        raise Refused(
            Code.HEADERS_TOO_LARGE,
            f"The headers are larger than {MAX_HEADER_BYTES} bytes.",
            "Send fewer or shorter headers.",
        )
    if repeated:
        raise Refused(
            Code.MALFORMED_BODY, f"The header {repeated} is there more than once.", "Send it once."
        )
