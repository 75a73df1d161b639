"""Made-up words made again: cut, joined, repeated and exchanged with each other, by chance.

What hypothesis makes is well thought out and slow to make. Most examples of L-19 are some of its
own with a few places changed. What is changed keeps its type, so that a parser is fed what it may
get.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

PIECES = (
    *("&", "=", "%", "%00", "%zz", "+", ";", "/", "//", "..", ".", ":", "?", "#", "@", "[", "]"),
    *("http://", "https://", "localhost", "127.0.0.1", "[::1]", "a.example", ":8443", ":99999"),
    *("client_id=", "grant_type", "refresh_token", "openid", "Basic ", "Bearer ", "e30", "eyJ"),
    *("{", "}", '"', "\\u0000", "\\ud800", "null", "1e999", "-0", "[]", "true", "\u202e", "\ud800"),
    *("2026-01-01T00:00:00Z", "9999-12-31", "T24:00", "+14:00", "0", "-1", "kid", "alg", "none"),
)
"""What means something to one of our parsers."""

_NUMBERS = (0, -1, 1, 59, 60, 3_600, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30)
_FRACTIONS = (0.0, -0.0, 0.5, 1e308, -1e308, 5e-324)
_MOST_TIMES = 40


def changed(value: Any, other: Any, chance: Random) -> Any:
    """The value with one to three places changed, some of them by what stands in the other."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        value = _changed(value, other, chance)
    return value


def _changed(value: Any, other: Any, chance: Random) -> Any:
    match value:
        case str():
            return _text(value, other if isinstance(other, str) else "", chance)
        case bytes():
            return _octets(value, other if isinstance(other, bytes) else b"", chance)
        case bool() | None:
            return value
        case int():
            return chance.choice(_NUMBERS)
        case float():
            return chance.choice(_FRACTIONS)
        case dict():
            return _members(value, other if isinstance(other, dict) else {}, chance)
        case tuple() | list():
            return type(value)(_items(value, other, chance))
    return value


def _text(text: str, other: str, chance: Random) -> str:
    at, to = _places(len(text), chance)
    match chance.randrange(6):
        case 0:
            return text[:at] + text[to:]
        case 1:
            return text[:at] + chance.choice(PIECES) + text[at:]
        case 2:
            return text[:at] + text[at:to] * chance.randrange(2, _MOST_TIMES) + text[to:]
        case 3:
            return text[:at] + other[chance.randrange(len(other) + 1) :]
        case 4:
            return text[:at] + chr(chance.choice((0, 9, 10, 13, 32, 127, 133, 255, 65_533)))
        case _:
            return text[:at] + text[at:to].swapcase() + text[to:]


def _octets(octets: bytes, other: bytes, chance: Random) -> bytes:
    at, to = _places(len(octets), chance)
    match chance.randrange(5):
        case 0:
            return octets[:at] + octets[to:]
        case 1:
            piece = chance.choice(PIECES).encode(errors="surrogatepass")
            return octets[:at] + piece + octets[at:]
        case 2:
            return octets[:at] + octets[at:to] * chance.randrange(2, _MOST_TIMES) + octets[to:]
        case 3:
            return octets[:at] + other[chance.randrange(len(other) + 1) :]
        case _:
            return octets[:at] + bytes((chance.randrange(256),)) + octets[at + 1 :]


def _members(members: Mapping[Any, Any], other: Mapping[Any, Any], chance: Random) -> Any:
    found = dict(members)
    if other and chance.random() < 0.4:
        name = chance.choice(list(other))
        return found | {name: other[name]}
    if not found:
        return found
    name = chance.choice(list(found))
    if chance.random() < 0.2:
        del found[name]
    else:
        found[name] = _changed(found[name], other.get(name), chance)
    return found


def _items(items: Sequence[Any], other: Any, chance: Random) -> Sequence[Any]:
    """A list may be longer or shorter, a tuple has its places."""
    found = list(items)
    if not found:
        return found
    at = chance.randrange(len(found))
    if isinstance(items, list) and chance.random() < 0.3:
        return found[:at] + found[at + 1 :] + [found[at]] * chance.randrange(3)
    theirs = other[at] if isinstance(other, type(items)) and at < len(other) else None
    found[at] = _changed(found[at], theirs, chance)
    return found


def _places(length: int, chance: Random) -> tuple[int, int]:
    at = chance.randrange(length + 1)
    return at, min(length, at + chance.randrange(1, 12))
