"""Counting guesses in the store, so that a restart or another node forgets none (R-49)."""

import ipaddress
from collections.abc import Mapping
from datetime import timedelta

from gatepost.model import throttle
from gatepost.model.throttle import Limit
from gatepost.ports import Tenancy
from gatepost.services.world import World

_HOME_PREFIX = 64  # what a household or a rented machine is given of IPv6
Keys = Mapping[bytes, Limit]


def keys(world: World, limits: Mapping[str, Limit]) -> Keys:
    """The limits under digests: what is guessed at stands in no row."""
    return {world.secrets.digest_of("attempts", name): limit for name, limit in limits.items()}


def network(address: str) -> str:
    """What one caller can hold many addresses of, so that they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _HOME_PREFIX), strict=False))


def count(world: World, tenancy: Tenancy, limits: Keys) -> timedelta:
    """Count one attempt for each key; how long the slowest of them says to wait."""
    now = world.clock.now()
    known = tenancy.sign_ins.attempts(list(limits))
    ends = {key: throttle.counted(known.get(key), limit, now) for key, limit in limits.items()}
    wait = max(throttle.wait_for(ends[key], limit, now) for key, limit in limits.items())
    if not wait:
        tenancy.sign_ins.save_attempts(ends)
    return wait


def give_back(world: World, tenancy: Tenancy, limits: Keys) -> None:
    """The attempt was no guess."""
    now = world.clock.now()
    known = tenancy.sign_ins.attempts(list(limits))
    tenancy.sign_ins.save_attempts(
        {key: throttle.given_back(known.get(key), limit, now) for key, limit in limits.items()}
    )
