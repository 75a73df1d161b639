"""Six rotations in two minutes of a set clock, fifty tokens a second at two nodes, verifiers that
keep the key set for ten seconds: nothing fails to verify (security guide, L-12).
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from gatepost.model.keys import KeyRules
from gatepost.services import key_schedule, keys
from gatepost.services.key_schedule import KeySchedule
from gatepost.services.keys import RING_AGE, KeyRing
from gatepost.services.sweeping import Sweeper
from tests.services.world import Bench, new_world

pytestmark = pytest.mark.requirement("R-73", "L-12")

STEP = timedelta(milliseconds=20)
MINUTES = timedelta(minutes=2)
CACHED = timedelta(seconds=10)
LIVES = timedelta(seconds=12)
RULES = KeyRules(
    "ES256",
    announce_for=CACHED + RING_AGE,
    active_for=timedelta(seconds=19),
    retain_for=LIVES + RING_AGE,
)


class Verifier:
    """An application that fetches the key set when its copy is ten seconds old, and never sooner.

    Not even for a key that it does not know: that is what announcing is for.
    """

    def __init__(self, world: Bench, ring: KeyRing, age: timedelta) -> None:
        self._world = world
        self._ring = ring
        self._fetched_at = world.clock.now() - age
        self._keys: dict[str, Any] = {}
        self.failures = 0
        self.known_since: dict[str, datetime] = {}

    def verify(self, token: str) -> None:
        """Verify with another library's code."""
        now = self._world.clock.now()
        if not self._keys or now - self._fetched_at >= CACHED:
            shown = jwt.PyJWKSet([key.public_jwk for key in self._ring.published()])
            self._keys = {key.key_id: key for key in shown.keys if key.key_id}
            self._fetched_at = now
            for kid in self._keys:
                self.known_since.setdefault(kid, now)
        key = self._keys.get(jwt.get_unverified_header(token)["kid"])
        try:
            assert key is not None
            jwt.decode(token, key, ["ES256"], options={"verify_exp": False, "verify_iat": False})
        except (AssertionError, jwt.InvalidTokenError):
            self.failures += 1


class Load:
    """Two nodes that sign, and tokens on their way until they expire."""

    def __init__(self, rules: KeyRules = RULES) -> None:
        self.world = new_world()
        keys.ensure(self.world, "ES256")
        self.nodes = [KeyRing(self.world) for _ in range(2)]
        ages = (timedelta(seconds=2 * n) for n in range(5))
        self.verifiers = [Verifier(self.world, self.nodes[0], age) for age in ages]
        self.schedules = [KeySchedule(self.world, rules) for _ in range(2)]
        self.tokens: deque[tuple[datetime, str]] = deque()
        self.first_use: dict[str, datetime] = {}
        self.refused_here = 0
        self.signed = 0

    def run(self, until: timedelta) -> None:
        """Go on until so much time has gone by."""
        end = self.world.clock.now() + until
        while self.world.clock.now() < end:
            self.world.set_clock.moment += STEP
            if self.signed % 50 == 0:
                for schedule in self.schedules:
                    schedule.act(self.world.clock.now())
            self.sign()
            self.verify()

    def sign(self) -> None:
        """A token by one node and then the other."""
        now, ring = self.world.clock.now(), self.nodes[self.signed % 2]
        key = ring.signing()
        assert key is not None
        self.first_use.setdefault(key.kid, now)
        token = self.world.signer.sign(key, "at+jwt", b"{}")
        self.tokens.append((now + LIVES, token))
        self.signed += 1

    def verify(self) -> None:
        """The newest token, and the oldest that has not expired: here and at an application."""
        now = self.world.clock.now()
        while self.tokens[0][0] <= now:
            self.tokens.popleft()
        for _, token in (self.tokens[0], self.tokens[-1]):
            self.verifiers[self.signed % len(self.verifiers)].verify(token)
            here = self.nodes[(self.signed + 1) % 2].published()
            self.refused_here += self.world.signer.verify(here, "at+jwt", token) is None

    @property
    def failures(self) -> int:
        """What did not verify, anywhere."""
        return self.refused_here + sum(each.failures for each in self.verifiers)


def test_no_token_fails_to_verify_while_keys_rotate() -> None:
    load = Load()
    load.run(MINUTES)
    assert load.signed == 6_000
    assert len(load.first_use) >= 7, "the first key and six that followed"
    assert load.failures == 0


def test_each_key_was_seen_by_every_verifier_before_its_first_use() -> None:
    load = Load()
    load.run(timedelta(seconds=60))
    kids = list(load.first_use)[1:]
    assert len(kids) >= 2
    for verifier in load.verifiers:
        for kid in kids:
            assert verifier.known_since[kid] < load.first_use[kid]


def test_a_key_that_is_announced_for_too_short_a_time_fails_somewhere() -> None:
    """So that the zero above says something."""
    load = Load(RULES._replace(announce_for=timedelta(seconds=1)))
    load.run(timedelta(seconds=40))
    assert load.failures > 0


def test_a_key_that_goes_too_early_fails_somewhere() -> None:
    load = Load(RULES._replace(retain_for=timedelta(seconds=1)))
    load.run(timedelta(seconds=40))
    assert load.failures > 0


def test_an_emergency_fails_what_was_signed_before_and_nothing_after() -> None:
    load = Load()
    load.run(timedelta(seconds=5))
    key_schedule.replace_all(load.world, "ES256")
    load.world.set_clock.forward(seconds=RING_AGE.total_seconds())
    load.verify()
    assert load.refused_here == 2
    before = load.refused_here
    load.tokens.clear()
    for _ in range(10):
        load.sign()
        load.verify()
    assert load.refused_here == before


def test_the_sweeper_of_one_node_acts_for_both() -> None:
    load = Load()
    sweepers = [Sweeper(load.world, (schedule.act,)) for schedule in load.schedules]
    for _ in range(10):
        load.world.set_clock.forward(seconds=60)
        for sweeper in sweepers:
            sweeper.sweep_when_due()
        load.sign()
    assert len(load.first_use) > 3
