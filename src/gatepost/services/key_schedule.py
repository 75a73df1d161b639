"""What changes signing keys: the schedule, a rotation on order, and what is done in an emergency.

Each change reads the keys again in the transaction that has the turn of the deployment, so that of
several processes that act at once one makes the successor (docs/decisions/0026).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model.events import OPERATOR, Action, Actor
from gatepost.model.keys import (
    Algorithm,
    Announce,
    KeyRules,
    Remove,
    SigningKey,
    ending,
    heir,
    next_step,
    signing_key,
    successor,
)
from gatepost.ports import Deployment
from gatepost.services import keys
from gatepost.services.keys import LONGEST_VERIFIED, note
from gatepost.services.world import World

SCHEDULE = Actor("operator", "schedule")
_STEPS_AT_ONCE = 3


class Revoked(NamedTuple):
    """The keys that are gone, and the one that signs from now on."""

    kids: tuple[str, ...]
    signing: SigningKey


def rules_of(algorithm: Algorithm, announce: int, active: int, retain: int) -> KeyRules:
    """The rules by the days that are set; an active time of 0 is on order only."""
    return KeyRules(
        algorithm,
        announce_for=timedelta(days=announce),
        active_for=timedelta(days=active) if active else None,
        retain_for=timedelta(days=retain) + LONGEST_VERIFIED,
    )


class KeySchedule:
    """Does what the rule says next; for the process that sweeps."""

    def __init__(self, world: World, rules: KeyRules) -> None:
        self._world = world
        self._rules = rules

    def act(self, _now: datetime) -> int:
        """Do what is due; the number of keys that went."""
        gone = 0
        for _ in range(_STEPS_AT_ONCE):
            with self._world.store.reading_all() as deployment:
                step = self._next(deployment)
            if step is None:
                break
            gone += self._announce() if isinstance(step, Announce) else self._remove()
        return gone

    def _announce(self) -> int:
        # The pair is made before the transaction, because it takes long.
        fresh = self._world.signer.generate(self._rules.algorithm, self._world.clock.now())
        with self._world.store.writing_all() as deployment:
            step = self._next(deployment)
            if isinstance(step, Announce):
                announced = replace(fresh, active_from=step.active_from)
                _take_over(self._world, deployment, announced, self._rules.retain_for, SCHEDULE)
        return 0

    def _remove(self) -> int:
        with self._world.store.writing_all() as deployment:
            step = self._next(deployment)
            if not isinstance(step, Remove):
                return 0
            return len(_removed(self._world, deployment, step.kids, Action.KEY_REMOVED, SCHEDULE))

    def _next(self, deployment: Deployment) -> Announce | Remove | None:
        return next_step(deployment.signing_keys(), self._world.clock.now(), self._rules)


def settle(world: World, algorithm: Algorithm, retain_for: timedelta) -> None:
    """See that a key of this algorithm signs, or is announced; else one is made that signs at once.

    Whoever changes the algorithm wants it changed; the schedule changes keys of one kind.
    """
    keys.ensure(world, algorithm)
    with world.store.reading_all() as deployment:
        if _has_turned(world, deployment, algorithm):
            return
    fresh = world.signer.generate(algorithm, world.clock.now())
    with world.store.writing_all() as deployment:
        if not _has_turned(world, deployment, algorithm):
            _take_over(world, deployment, fresh, retain_for)


def rotate(world: World, rules: KeyRules, announce_for: timedelta | None = None) -> SigningKey:
    """Add a key that is announced now and signs after a time; those before it follow it."""
    now = world.clock.now()
    wait = rules.announce_for if announce_for is None else announce_for
    fresh = replace(world.signer.generate(rules.algorithm, now), active_from=now + wait)
    with world.store.writing_all() as deployment:
        _take_over(world, deployment, fresh, rules.retain_for)
    return fresh


def replace_all(world: World, algorithm: Algorithm) -> Revoked:
    """Sign with a new key at once, and remove all others: nothing that they signed counts."""
    fresh = world.signer.generate(algorithm, world.clock.now())
    with world.store.writing_all() as deployment:
        kids = tuple(key.kid for key in deployment.signing_keys())
        gone = _removed(world, deployment, kids, Action.KEY_REVOKED)
        deployment.add_signing_key(fresh)
        note(world, deployment, Action.KEY_ADDED, fresh)
    return Revoked(gone, fresh)


def revoke(world: World, algorithm: Algorithm, kid: str) -> Revoked | None:
    """Remove one key at once; None when there is none of this id.

    Where it signed, the announced one does from now on, or else a new one.
    """
    spare = world.signer.generate(algorithm, world.clock.now())
    with world.store.writing_all() as deployment:
        known = deployment.signing_keys()
        gone = _removed(world, deployment, (kid,), Action.KEY_REVOKED)
        if not gone:
            return None
        rest = tuple(key for key in known if key.kid != kid)
        signs = heir(rest, world.clock.now())
        if signs is None:
            deployment.add_signing_key(spare)
            note(world, deployment, Action.KEY_ADDED, spare)
        elif signs not in rest:
            deployment.save_key_phases(signs)
    return Revoked(gone, signs or spare)


def _has_turned(world: World, deployment: Deployment, algorithm: Algorithm) -> bool:
    known, now = deployment.signing_keys(), world.clock.now()
    return algorithm in [
        key.algorithm for key in (signing_key(known, now), successor(known, now)) if key
    ]


def _take_over(
    world: World,
    deployment: Deployment,
    fresh: SigningKey,
    retain_for: timedelta,
    by: Actor = OPERATOR,
) -> None:
    """Keep the new key, and let those before it end their signing when it begins."""
    for key in deployment.signing_keys():
        ended = ending(key, fresh.active_from, retain_for)
        if ended != key:
            deployment.save_key_phases(ended)
    deployment.add_signing_key(fresh)
    note(world, deployment, Action.KEY_ADDED, fresh, by)


def _removed(
    world: World,
    deployment: Deployment,
    kids: tuple[str, ...],
    action: Action,
    by: Actor = OPERATOR,
) -> tuple[str, ...]:
    """Remove these keys with their private parts; those that were there."""
    known = {key.kid: key for key in deployment.signing_keys()}
    gone = tuple(kid for kid in kids if kid in known and deployment.remove_signing_key(kid))
    for kid in gone:
        note(world, deployment, action, known[kid], by)
    return gone
