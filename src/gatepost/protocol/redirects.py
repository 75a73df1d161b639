"""Where an answer may be sent: registered addresses, compared byte for byte (security.md R-01)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

# RFC 8252, 7.3: only on a loopback literal may the port differ; localhost is a name and may not.
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?([/?].*)?\Z")
_MAX_PORT = 65535
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)")
_OWN_PORTS = {"https": ":443", "http": ":80"}


class Target(NamedTuple):
    """An address that was found registered. Nothing else is ever redirected to (D-09)."""

    client_id: str
    uri: str


class Difference(NamedTuple):
    """How an address that was sent differs from the nearest registered one, for the journal."""

    nearest: str
    position: int


def is_registered(registered: Sequence[str], asked: str) -> bool:
    """Whether the address is one of these; the port of a loopback literal may vary (R-02)."""
    if asked in registered:
        return True
    free = _without_port(asked)
    return free is not None and any(_without_port(uri) == free for uri in registered)


def difference(registered: Sequence[str], asked: str) -> Difference | None:
    """The registered address that agrees longest, and where the two part."""
    if not registered:
        return None
    nearest = max(registered, key=lambda uri: _agreement(uri, asked))
    return Difference(nearest, _agreement(nearest, asked))


def origin(uri: str) -> str:
    """Scheme, host and port of an address; the scheme alone where there is no host."""
    match = _ORIGIN.match(uri)
    return match[0] if match else uri.partition(":")[0] + ":"


def browser_origin(uri: str) -> str:
    """The same as browsers tell it: in lower case, and without the port that is usual anyway."""
    return origin(uri).lower().removesuffix(_OWN_PORTS.get(uri.partition(":")[0], ""))


def source(uri: str) -> str:
    """The address as a content policy names it (CSP 3, 2.3.1), which knows no IPv6 host."""
    found = origin(uri)
    is_named = found.startswith(("https://", "http://")) and "[" not in found
    return found if is_named else uri.partition(":")[0] + ":"


def _without_port(uri: str) -> tuple[str, str] | None:
    match = _LOOPBACK.match(uri)
    if match is None or int(match[2] or 0) > _MAX_PORT:
        return None
    return match[1], match[3] or ""


def _agreement(one: str, other: str) -> int:
    length = min(len(one), len(other))
    return next((i for i in range(length) if one[i] != other[i]), length)
