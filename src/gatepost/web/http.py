"""A call as handlers see it, a reply as they give it, and what may be read from either."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.model.measures import Series
from gatepost.model.text import quoted

Headers = tuple[tuple[str, str], ...]
JSON: Headers = (("Content-Type", "application/json"),)
NO_STORE: Headers = (("Cache-Control", "no-store"),)
_encoder = msgspec.json.Encoder()


class Call(NamedTuple):
    """One request, whole."""

    method: str
    segments: tuple[str, ...]
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    origin: Origin


class Reply(NamedTuple):
    """One answer, whole; `counted` is what is counted of it beside its route and status."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    counted: Series | None = None


def json_reply(
    status: int, value: Any, headers: Headers = NO_STORE, counted: Series | None = None
) -> Reply:
    """An answer in JSON; the content type is exactly `application/json` (facts.md section 4)."""
    return Reply(status, _encoder.encode(value), JSON + headers, counted)


def path_segments(raw_path: bytes) -> tuple[str, ...]:
    """The path in its parts, each decoded by itself.

    One slash at the end is forgiven; an encoded slash does not split. A NUL, and what is not
    UTF-8, becomes U+FFFD, which stands in no route and no id, so that such a path leads nowhere.
    """
    parts = raw_path.split(b"?", 1)[0].removesuffix(b"/").split(b"/")[1:]
    texts = (unquote_to_bytes(part).decode(errors="replace") for part in parts)
    return tuple(text.replace("\0", "\ufffd") for text in texts)


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """The query in order; refuses what is not well-formed or too much."""
    pairs = [pair for pair in query.split(b"&", _MAX_PAIRS) if pair]
    if len(pairs) > _MAX_PAIRS:
        raise _bad_query(f"The query has more than {_MAX_PAIRS} parameters.")
    decoded = []
    for pair in pairs:
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        try:
            decoded.append((unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()))
        except UnicodeDecodeError:
            raise _bad_query("The query is not well-formed UTF-8.") from None
        if "\0" in decoded[-1][1]:
            raise _bad_query(f"The parameter {quoted(decoded[-1][0])} has the character U+0000.")
    return decoded


def whole_number(name: str, text: str, bounds: tuple[int, int]) -> int:
    """A parameter that is a whole number within bounds, both included."""
    low, high = bounds
    usual = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not usual or not low <= int(text) <= high:
        raise Refused(
            Code.INVALID_QUERY,
            f"The parameter {name} is {quoted(text)}.",
            f"Send a whole number from {low} to {high}.",
        )
    return int(text)


_MAX_PAIRS = 1_100
_MAX_DIGITS = 10


def _bad_query(reason: str) -> Refused:
    return Refused(Code.INVALID_QUERY, reason, "Correct the query string of the address.")
