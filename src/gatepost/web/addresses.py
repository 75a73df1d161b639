"""The caller's network address: forwarded headers count only from listed proxies (R-44)."""

import ipaddress
from collections.abc import Sequence

from gatepost.model.networks import Address, parsed, plain

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def caller_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The rightmost hop that is not a trusted proxy; what cannot be parsed ends the search."""
    seen = plain(peer)
    if forwarded_for is None or not _is_trusted(parsed(seen), trusted):
        return seen
    for hop in reversed(forwarded_for.split(",")[-20:]):
        address = parsed(hop.strip())
        if address is None:
            return seen
        seen = str(address)
        if not _is_trusted(address, trusted):
            return seen
    return seen


def speaks_for_many(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the connections from there may be those of many: a listed proxy, or this machine."""
    address = parsed(peer)
    return address is not None and (address.is_loopback or _is_trusted(address, trusted))


def _is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)
