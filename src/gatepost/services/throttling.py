"""Counting guesses in the store, so that a restart or another node forgets none (R-49)."""

from collections.abc import Mapping
from datetime import timedelta

from gatepost.model import throttle
from gatepost.model.throttle import Limit
from gatepost.ports import Tenancy
from gatepost.services.world import World

Keys = Mapping[bytes, Limit]


def keys(world: World, limits: Mapping[str, Limit]) -> Keys:
    """The limits under digests: what is guessed at stands in no row."""
    return {world.secrets.digest_of("attempts", name): limit for name, limit in limits.items()}


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
