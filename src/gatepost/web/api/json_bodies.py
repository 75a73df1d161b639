"""Reading a JSON body strictly: media type, encoding, depth, duplicates, numbers that JSON lacks.

The standard library's decoder is used because it shows duplicate members; it is given only what
passed a scan for depth, so that no body can exhaust the stack (security.md R-55, R-68).
"""

import json
import math
from typing import Any

from gatepost.model.errors import Code, Refused
from gatepost.model.text import quoted
from gatepost.web.http import Call

MAX_DEPTH = 32
BODY_LIMIT = 256 * 1024
_OPENING, _CLOSING, _QUOTE, _BACKSLASH = b"{[", b"}]", 0x22, 0x5C


def read_json(call: Call) -> Any:
    """The body's value."""
    _check_media_type(call.headers.get("content-type", ""))
    if not call.body:
        raise _malformed("The body is empty.")
    if not _is_shallow(call.body):
        raise _malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")
    try:
        text = call.body.decode()
        return json.loads(
            text, object_pairs_hook=_members, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _malformed(f"The body is not JSON: {error.msg} at {where}.") from None
    except ValueError as error:
        if isinstance(error, _NotJson):
            raise _malformed(str(error)) from None
        raise _malformed("The body has a number with too many digits.") from None


def read_object(call: Call) -> dict[str, Any]:
    """The body's value, which must be an object."""
    value = read_json(call)
    if not isinstance(value, dict):
        raise _malformed("The body is not a JSON object.")
    return value


class _NotJson(ValueError):
    """Something that the decoder lets pass and JSON does not."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _NotJson(f"The member {quoted(name)} is there twice.")
        found[name] = value
    return found


def _no_constant(text: str) -> Any:
    raise _NotJson(f"{text} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _NotJson(f"The number {quoted(text)} is too large.")
    return number


def _is_shallow(body: bytes) -> bool:
    depth, in_string, skip = 0, False, False
    for byte in body:
        if skip:
            skip = False
        elif in_string:
            skip = byte == _BACKSLASH
            in_string = byte != _QUOTE
        elif byte == _QUOTE:
            in_string = True
        elif byte in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                return False
        elif byte in _CLOSING:
            depth -= 1
    return True


def _check_media_type(header: str) -> None:
    media_type, _, parameters = header.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if media_type.strip().lower() == "application/json" and charset in {"", "charset=utf-8"}:
        return
    raise Refused(
        Code.UNSUPPORTED_MEDIA_TYPE,
        f"The content type is {quoted(header)}." if header else "The content type is missing.",
        "Send the body as Content-Type: application/json in UTF-8.",
    )


def _malformed(reason: str) -> Refused:
    return Refused(Code.MALFORMED_BODY, reason, "Send one JSON value of the documented form.")
