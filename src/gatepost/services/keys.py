"""Signing keys: made when there is none, rotated on order, read through a short-lived ring."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Event, Origin
from gatepost.model.keys import Algorithm, Phase, SigningKey, published_keys, signing_key
from gatepost.ports import Deployment
from gatepost.services.world import World

RING_AGE = timedelta(seconds=1)
LONGEST_TOKEN = timedelta(hours=1)
ANNOUNCE_FOR = timedelta(days=14)
RETAIN_FOR = LONGEST_TOKEN + timedelta(days=14)


class KeyRing:
    """The keys as they were at most a second ago, so that a token needs no read of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: tuple[SigningKey, ...] = ()
        self._signing: SigningKey | None = None
        self._read_at: datetime | None = None
        self._epoch: bytes | None = None

    def look(self) -> None:
        """Read the keys ahead of need, if they may have changed, so that nobody waits for it."""
        now, epoch = self._world.clock.now(), self._world.store.epochs.of(DEPLOYMENT)
        if epoch is None or epoch != self._epoch:
            self._read(now)
            self._epoch = epoch
        self._keep(self._keys, now)

    def keys(self) -> tuple[SigningKey, ...]:
        """All keys, read again when the last look is too old."""
        if not self._is_younger(RING_AGE):
            self._read(self._world.clock.now())
        return self._keys

    def _is_younger(self, age: timedelta) -> bool:
        now = self._world.clock.now()
        return self._read_at is not None and timedelta(0) <= now - self._read_at < age

    def _read(self, now: datetime) -> None:
        """Read the keys; while the store cannot be reached, those last known go on."""
        try:
            with self._world.store.reading_all() as deployment:
                keys = deployment.signing_keys()
        except StoreUnavailable:
            if not self._keys:
                raise
            keys = self._keys
        self._keep(keys, now)

    def _keep(self, keys: tuple[SigningKey, ...], now: datetime) -> None:
        self._keys = keys
        self._signing = signing_key(keys, now)
        self._read_at = now

    def published(self) -> tuple[SigningKey, ...]:
        """The keys that verify: announced, active and retained."""
        return published_keys(self.keys(), self._world.clock.now())

    def signing(self) -> SigningKey | None:
        """The key that signs now."""
        return signing_key(self.keys(), self._world.clock.now())

    def at_hand(self) -> SigningKey | None:
        """The key that signed at the last look, where that was a moment ago.

        While there is one, `published` reads nothing either.
        """
        return self._signing if self._is_younger(RING_AGE) else None


def ensure(world: World, algorithm: Algorithm) -> SigningKey:
    """The key that signs with the configured algorithm, made when there is none.

    A change of algorithm makes a new key at once; the old one stays to verify what it signed.
    """
    with world.store.reading_all() as deployment:
        current = signing_key(deployment.signing_keys(), world.clock.now())
    if current is not None and current.algorithm == algorithm:
        return current
    fresh = world.signer.generate(algorithm, world.clock.now())
    with world.store.writing_all() as deployment:
        current = signing_key(deployment.signing_keys(), world.clock.now())
        if current is not None and current.algorithm == algorithm:
            return current
        _take_over(world, deployment, fresh)
    return fresh


def rotate(world: World, algorithm: Algorithm, announce_for: timedelta) -> SigningKey:
    """Add a key that is announced now and signs after `announce_for`; the old one follows it."""
    now = world.clock.now()
    fresh = replace(world.signer.generate(algorithm, now), active_from=now + announce_for)
    with world.store.writing_all() as deployment:
        _take_over(world, deployment, fresh)
    return fresh


def listed(world: World) -> tuple[tuple[SigningKey, Phase], ...]:
    """All keys with the phase each is in."""
    now = world.clock.now()
    with world.store.reading_all() as deployment:
        return tuple((key, key.phase(now)) for key in deployment.signing_keys())


def _take_over(world: World, deployment: Deployment, fresh: SigningKey) -> None:
    """Keep the new key, and let those before it end their signing when it begins."""
    for key in deployment.signing_keys():
        if key.retained_from is None or key.retained_from > fresh.active_from:
            deployment.save_key_phases(
                replace(
                    key,
                    retained_from=fresh.active_from,
                    removed_from=fresh.active_from + RETAIN_FOR,
                )
            )
    deployment.add_signing_key(fresh)
    deployment.open(DEPLOYMENT).journal.append(
        Event(
            at=world.clock.now(),
            action=Action.KEY_ADDED,
            actor=OPERATOR,
            origin=Origin(world.dice.guid(), ""),
            target=fresh.kid,
            after={"Algorithm": fresh.algorithm, "ActiveFrom": fresh.active_from.isoformat()},
        )
    )
