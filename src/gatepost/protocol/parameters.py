"""The parameters of a form-encoded request (RFC 6749, 3.1 and appendix B).

Our own parser, because limits must hold before anything is split, a repeated parameter is an
error, and what is not well-formed is refused instead of repaired (security.md R-05, R-68).
"""

from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from gatepost.model.text import quoted

MAX_FIELDS = 100
MAX_NAME = 100
MAX_VALUE = 16_384


class OAuthError(NamedTuple):
    """An error as RFC 6749, 5.2 tells it; `reason` is ours, for the journal.

    `wait` is after how many seconds it may be better.
    """

    error: str
    description: str
    reason: str
    status: int = 400
    wait: int = 0


def invalid_request(description: str, reason: str) -> OAuthError:
    """The request itself is wrong."""
    return OAuthError("invalid_request", description, reason)


def parse_form(body: bytes) -> dict[str, str] | OAuthError:
    """The parameters by name. Empty ones count as not sent (RFC 6749, 3.1)."""
    pairs = parse_pairs(body)
    if isinstance(pairs, OAuthError):
        return pairs
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        shown = printable(next(name for name in names if names.count(name) > 1))
        return invalid_request(f"the parameter {shown} is there twice", "repeated_parameter")
    if "" in found.values():
        return {name: value for name, value in found.items() if value}
    return found


def parse_pairs(body: bytes) -> list[tuple[str, str]] | OAuthError:
    """The parameters in order, also empty and repeated ones."""
    raw = body.split(b"&", MAX_FIELDS) if body else []
    if len(raw) > MAX_FIELDS:
        return invalid_request(f"more than {MAX_FIELDS} parameters", "too_many_parameters")
    found: list[tuple[str, str]] = []
    for pair in filter(None, raw):
        decoded = _escaped(pair) if b"%" in pair or b"+" in pair else _plain(pair)
        if decoded is None:
            return invalid_request("the body is not well-formed form data", "malformed_form")
        name, value = decoded
        if len(name) > MAX_NAME or len(value) > MAX_VALUE:
            return invalid_request("a parameter is too long", "parameter_too_long")
        found.append(decoded)
    return found


def json_object(text: str | bytes) -> dict[str, Any] | None:
    """The members of what is written as a JSON object; None for anything else."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def printable(text: str) -> str:
    """Text fit for error_description: only the characters that RFC 6749, 5.2 allows."""
    shown = quoted(text, 60)
    kept = (c if " " <= c <= "~" and c not in '"\\' else "?" for c in shown[1:-1])
    return "'" + "".join(kept) + "'"


def _plain(pair: bytes) -> tuple[str, str] | None:
    """A parameter without escapes, as most are; None for a NUL and what should have been one."""
    if not pair.isascii() or b"\0" in pair:
        return None
    name, _, value = pair.decode("ascii").partition("=")
    return name, value


def _escaped(pair: bytes) -> tuple[str, str] | None:
    raw_name, _, raw_value = pair.partition(b"=")
    name, value = _decode(raw_name), _decode(raw_value)
    return None if name is None or value is None else (name, value)


def _decode(raw: bytes) -> str | None:
    """Percent-decoded text; None for a broken escape, bad UTF-8 or a NUL."""
    if not raw.isascii() or _has_broken_escape(raw):
        return None
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _has_broken_escape(raw: bytes) -> bool:
    hexadecimal = b"0123456789abcdefABCDEF"
    return any(
        not part[1:] or part[0] not in hexadecimal or part[1] not in hexadecimal
        for part in raw.split(b"%")[1:]
    )
