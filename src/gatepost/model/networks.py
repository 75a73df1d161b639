"""The address of a caller, and what one caller can hold many addresses of (security.md R-44)."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MAPPED = "::ffff:"
_HOME_PREFIX = 64  # what a household or a rented machine is given of IPv6


def parsed(text: str) -> Address | None:
    """An address; one of IPv4 that an IPv6 socket shows is what it is to everybody else."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def plain(text: str) -> str:
    """An address as it is written; anything else stays as it is."""
    return str(parsed(text) or text) if text.lower().startswith(_MAPPED) else text


def network(text: str) -> str:
    """What one caller can hold many addresses of, so that they count as one."""
    found = parsed(text)
    if found is None:
        return text
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, _HOME_PREFIX), strict=False))
