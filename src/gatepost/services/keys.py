"""Signing keys: read through a short-lived ring, and the first of them made.

What changes them afterwards is in `key_schedule`.
"""

from datetime import datetime, timedelta

from gatepost.model.errors import StoreUnavailable
from gatepost.model.events import DEPLOYMENT, OPERATOR, Action, Actor
from gatepost.model.keys import Algorithm, Phase, SigningKey, published_keys, signing_key
from gatepost.model.sign_ins import ABSOLUTE_LIMIT
from gatepost.ports import Deployment
from gatepost.services.world import World, unasked_event

RING_AGE = timedelta(seconds=1)
LONGEST_TOKEN = timedelta(hours=1)
LONGEST_VERIFIED = max(LONGEST_TOKEN, ABSOLUTE_LIMIT) + timedelta(minutes=5)
"""How long we may have to verify what we signed: an id token is a hint while its sign-in lives.

The minutes are for a node whose clock is behind, which signs with the old key a little longer.
"""


class KeyRing:
    """The keys as they were at most a second ago, so that a token needs no read of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: tuple[SigningKey, ...] = ()
        self._signing: SigningKey | None = None
        self._read_at: datetime | None = None
        self._epoch: bytes | None = None
        self._missing: int | None = None

    def look(self) -> None:
        """Read the keys ahead of need, if they may have changed, so that nobody waits for it.

        Without the master key that is in use a process must not serve: it would not find what
        others keep under it (docs/decisions/0027).
        """
        now, epoch = self._world.clock.now(), self._world.store.epochs.of(DEPLOYMENT)
        if epoch is None or epoch != self._epoch:
            self._epoch = epoch if self._read(now) else None
        self._keep(self._keys, now)
        if self._missing is not None:
            raise StoreUnavailable(
                f"master key {self._missing} is in use, and this process does not have it; "
                "put the newest key file in its place and restart"
            )

    def keys(self) -> tuple[SigningKey, ...]:
        """All keys, read again when the last look is too old."""
        if not self._is_younger(RING_AGE):
            self._read(self._world.clock.now())
        return self._keys

    def _is_younger(self, age: timedelta) -> bool:
        now = self._world.clock.now()
        return self._read_at is not None and timedelta(0) <= now - self._read_at < age

    def _read(self, now: datetime) -> bool:
        """Whether the keys were read; while the store cannot be reached, the last known go on."""
        try:
            with self._world.store.reading_all() as deployment:
                keys, check = deployment.signing_keys(), deployment.key_check()
        except StoreUnavailable:
            if not self._keys:
                raise
            self._keep(self._keys, now)
            return False
        if check is not None:
            self._missing = None if self._world.secrets.write_under(check[0]) else check[0]
        self._keep(keys, now)
        return True

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
    """The key that signs, made with this algorithm when there is none."""
    with world.store.reading_all() as deployment:
        current = signing_key(deployment.signing_keys(), world.clock.now())
    if current is not None:
        return current
    fresh = world.signer.generate(algorithm, world.clock.now())
    with world.store.writing_all() as deployment:
        current = signing_key(deployment.signing_keys(), world.clock.now())
        if current is not None:
            return current
        deployment.add_signing_key(fresh)
        note(world, deployment, Action.KEY_ADDED, fresh)
    return fresh


def listed(world: World) -> tuple[tuple[SigningKey, Phase], ...]:
    """All keys with the phase each is in."""
    now = world.clock.now()
    with world.store.reading_all() as deployment:
        return tuple((key, key.phase(now)) for key in deployment.signing_keys())


def note(
    world: World, deployment: Deployment, action: Action, key: SigningKey, by: Actor = OPERATOR
) -> None:
    """Write into the deployment's journal what became of a key."""
    told = {"Algorithm": key.algorithm, "ActiveFrom": key.active_from.isoformat()}
    is_new = action is Action.KEY_ADDED
    noted = unasked_event(
        world,
        by,
        action,
        key.kid,
        before=None if is_new else told,
        after=told if is_new else None,
    )
    deployment.open(DEPLOYMENT).journal.append(noted)
