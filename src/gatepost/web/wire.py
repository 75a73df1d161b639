"""Between the wire and the handlers: headers and bodies within limits, replies as bytes."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.web.http import Headers, Reply

BODY_TIMEOUT_S = 12
MAX_HEADER_BYTES = 32 * 1024
_IGNORED_BODY = 65_536
_UNFIT = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_SECURITY: Headers = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_HSTS: Headers = (("Strict-Transport-Security", "max-age=31536000"),)
_SINGLE_HEADERS = frozenset(
    {"authorization", "content-type", "content-length", "host", "accept-verbosity"}
)
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}

_USUAL = {name.encode(): name for name in _SINGLE_HEADERS | {"accept", "connection", "user-agent"}}

RawHeaders = Sequence[tuple[bytes, bytes]]


class Gone(Exception):
    """The caller hung up before the request was whole."""


class Sent(NamedTuple):
    """An answer on its way out."""

    reply: Reply
    headers: tuple[tuple[bytes, bytes], ...]


class Read(NamedTuple):
    """The headers by name, and what is wrong with them."""

    headers: Mapping[str, str]
    fault: Refused | None


def read_headers(raw: RawHeaders) -> Read:
    """The headers by name; too many, or twice one that may stand once, is a fault."""
    found: dict[str, str] = {}
    fault, size = None, 0
    for raw_name, raw_value in raw:
        size += len(raw_name) + len(raw_value)
        if size > MAX_HEADER_BYTES:
            break
        name = _USUAL.get(raw_name) or raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1")
        if name not in found:
            found[name] = value
            continue
        if name in _SINGLE_HEADERS:
            fault = Refused(
                Code.MALFORMED_BODY, f"The header {name} is there more than once.", "Send it once."
            )
        found[name] = f"{found[name]},{value}"
    if size > MAX_HEADER_BYTES:
        fault = Refused(
            Code.HEADERS_TOO_LARGE,
            f"The headers are larger than {MAX_HEADER_BYTES} bytes.",
            "Send fewer or shorter headers.",
        )
    return Read(found, fault)


def check_length(headers: Mapping[str, str], limit: int) -> None:
    """Refuse a body that is announced as too large, or as compressed."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:18]) > limit > 0:
        raise _too_large(limit)
    if limit and headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(
            Code.UNSUPPORTED_MEDIA_TYPE,
            "The body is compressed.",
            "Send the body without Content-Encoding.",
        )


async def read_body(receive: Any, limit: int) -> bytes:
    """The whole body, within a size and a time."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                size += len(message.get("body", b""))
                check_size(size, limit)
                chunks.append(message.get("body", b""))
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise Refused(
            Code.BODY_TIMEOUT,
            f"The body did not arrive within {BODY_TIMEOUT_S} seconds.",
            "Send the request again, faster.",
        ) from None


def check_size(size: int, limit: int) -> None:
    """Refuse a body that is too large; where none is expected, a small one is ignored."""
    if size > max(limit, _IGNORED_BODY):
        raise _too_large(limit)


async def send(send: Any, sent: Sent, *, bodiless: bool, closes: bool) -> None:
    """Hand an answer to the server library; one that `closes` is the last on its connection."""
    reply, headers = sent.reply, list(sent.headers)
    if closes:
        headers.append((b"connection", b"close"))
    if reply.status != 204 and (reply.body or not bodiless):
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else reply.body})


class Wire:
    """How answers look on the wire; the headers that every answer has are here."""

    def __init__(self, *, https: bool) -> None:
        self._always = _SECURITY + (_HSTS if https else ())

    def sent(self, reply: Reply, operation_id: str) -> Sent | None:
        """The answer with all its headers as bytes; None where one of them could be none."""
        encoded = _encoded((*reply.headers, *self._always, ("Operation-Id", operation_id)))
        return None if encoded is None else Sent(reply, encoded)

    def message(self, reply: Reply, operation_id: str, before: bytes) -> bytes | None:
        """The whole answer as one message of HTTP/1.1, with header lines `before` its own.

        For answers whose headers are few and hold nothing secret: their lines are kept.
        """
        lines = _lines(reply.headers + self._always)
        if lines is None:
            return None
        own = f"operation-id: {operation_id}\r\ncontent-length: {len(reply.body)}\r\n\r\n"
        return b"".join((_STATUS_LINES[reply.status], before, lines, own.encode(), reply.body))


@lru_cache(maxsize=64)
def _lines(headers: Headers) -> bytes | None:
    encoded = _encoded(headers)
    return None if encoded is None else b"".join(b"%b: %b\r\n" % pair for pair in encoded)


def _encoded(headers: Headers) -> tuple[tuple[bytes, bytes], ...] | None:
    if any(_UNFIT.search(value) for _, value in headers):
        return None
    return tuple((name.lower().encode(), value.encode("latin-1")) for name, value in headers)


def _too_large(limit: int) -> Refused:
    return Refused(
        Code.BODY_TOO_LARGE,
        f"The body is larger than {limit} bytes." if limit else "No body is expected here.",
        "Send a smaller body.",
    )
