"""The caller's network address: forwarded headers count only from listed proxies (R-44)."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def caller_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The rightmost hop that is not a trusted proxy; what cannot be parsed ends the search."""
    if forwarded_for is None or not _is_trusted(peer, trusted):
        return peer
    seen = peer
    for hop in reversed(forwarded_for.split(",")[-20:]):
        address = _parsed(hop.strip())
        if address is None:
            return seen
        seen = address
        if not _is_trusted(address, trusted):
            return address
    return seen


def speaks_for_many(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the connections from there may be those of many: a listed proxy, or this machine."""
    try:
        parsed = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return parsed.is_loopback or _is_trusted(peer, trusted)


def _parsed(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)
