"""Counting guesses in the store, so that a restart or another node forgets none (R-49)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gatepost.model import throttle
from gatepost.model.throttle import Limit
from gatepost.ports import Tenancy
from gatepost.services.world import World

_Key = tuple[bytes, ...]
Keys = Mapping[_Key, Limit]


def keys(world: World, limits: Mapping[str, Limit]) -> Keys:
    """The limits under digests: what is guessed at stands in no row."""
    return {world.secrets.digests_of("attempts", name): limit for name, limit in limits.items()}


def count(world: World, tenancy: Tenancy, limits: Keys) -> timedelta:
    """Count one attempt for each key; how long the slowest of them says to wait."""
    now, known = world.clock.now(), _known(tenancy, limits)
    ends = {key: throttle.counted(_latest(key, known), of, now) for key, of in limits.items()}
    wait = max(throttle.wait_for(ends[key], limit, now) for key, limit in limits.items())
    if not wait:
        _save(tenancy, ends, known)
    return wait


def give_back(world: World, tenancy: Tenancy, limits: Keys) -> None:
    """The attempt was no guess."""
    now, known = world.clock.now(), _known(tenancy, limits)
    ends = {key: throttle.given_back(_latest(key, known), of, now) for key, of in limits.items()}
    _save(tenancy, ends, known)


def _known(tenancy: Tenancy, limits: Keys) -> Mapping[bytes, datetime]:
    return tenancy.sign_ins.attempts([digest for key in limits for digest in key])


def _latest(key: _Key, known: Mapping[bytes, datetime]) -> datetime | None:
    """A counter may stand under several master keys; the one that is furthest counts."""
    return max((known[digest] for digest in key if digest in known), default=None)


def _save(tenancy: Tenancy, ends: Mapping[_Key, datetime], known: Mapping[bytes, datetime]) -> None:
    kept = {
        digest: end
        for key, end in ends.items()
        for digest in key
        if digest in known or digest == key[0]
    }
    tenancy.sign_ins.save_attempts(kept)
