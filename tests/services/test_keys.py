"""Signing keys: one signs, announced ones do not yet, retained ones still verify (R-73)."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from gatepost.crypto.sealing import SealBroken
from gatepost.model.errors import StoreUnavailable
from gatepost.model.keys import Phase
from gatepost.services import key_schedule, keys
from gatepost.services.key_schedule import rules_of
from gatepost.services.keys import KeyRing
from tests.services.world import Bench, new_world

pytestmark = pytest.mark.requirement("R-73")

RULES = rules_of("ES256", 14, 90, 14)
AT_ONCE = timedelta(0)


@pytest.fixture
def world() -> Bench:
    return new_world()


def phases(world: Bench) -> list[Phase]:
    return [phase for _, phase in keys.listed(world)]


def test_ensuring_twice_makes_one_key(world: Bench) -> None:
    assert keys.ensure(world, "ES256") == keys.ensure(world, "ES256")
    assert phases(world) == [Phase.ACTIVE]


def test_another_algorithm_is_no_reason_to_make_a_key_at_the_start(world: Bench) -> None:
    old = keys.ensure(world, "ES256")
    assert keys.ensure(world, "RS256") == old
    assert phases(world) == [Phase.ACTIVE]


def test_a_key_is_announced_then_signs_then_verifies_then_goes(world: Bench) -> None:
    old = keys.ensure(world, "ES256")
    ring = KeyRing(world)
    new = key_schedule.rotate(world, RULES)
    world.set_clock.forward(seconds=2)
    assert phases(world) == [Phase.ACTIVE, Phase.ANNOUNCED]
    assert {key.kid for key in ring.published()} == {old.kid, new.kid}
    signing = ring.signing()
    assert signing is not None
    assert signing.kid == old.kid
    world.set_clock.forward(days=14)
    signing = ring.signing()
    assert signing is not None
    assert signing.kid == new.kid
    assert phases(world) == [Phase.RETAINED, Phase.ACTIVE]
    world.set_clock.moment = new.active_from + RULES.retain_for
    assert phases(world) == [Phase.REMOVED, Phase.ACTIVE]
    assert [key.kid for key in ring.published()] == [new.kid]


def test_no_moment_is_without_a_key_that_signs(world: Bench) -> None:
    keys.ensure(world, "ES256")
    ring = KeyRing(world)
    new = key_schedule.rotate(world, RULES, timedelta(days=1))
    for moment in (new.active_from - timedelta(microseconds=1), new.active_from):
        world.set_clock.moment = moment
        assert ring.signing() is not None


def test_a_ring_sees_a_new_key_within_a_second(world: Bench) -> None:
    keys.ensure(world, "ES256")
    ring = KeyRing(world)
    assert len(ring.published()) == 1
    key_schedule.rotate(world, RULES, AT_ONCE)
    world.set_clock.forward(seconds=1)
    assert len(ring.published()) == 2


def test_a_ring_reads_again_when_the_clock_goes_back(world: Bench) -> None:
    keys.ensure(world, "ES256")
    ring = KeyRing(world)
    assert len(ring.published()) == 1
    world.set_clock.forward(hours=-2)
    key_schedule.rotate(world, RULES, AT_ONCE)
    assert len(ring.published()) == 2


def test_a_private_key_is_sealed_and_bound_to_its_id(world: Bench) -> None:
    key = keys.ensure(world, "ES256")
    other = key_schedule.rotate(world, RULES, AT_ONCE)
    assert b"PRIVATE" not in key.sealed_private
    swapped = replace(key, sealed_private=other.sealed_private)
    with pytest.raises(SealBroken):
        world.signer.sign(replace(swapped, kid=key.kid), "at+jwt", b"{}")


def test_a_ring_goes_on_with_what_it_knows_while_the_store_is_away(world: Bench) -> None:
    keys.ensure(world, "ES256")
    ring = KeyRing(world)
    known = ring.published()

    class Away:
        def reading_all(self) -> None:
            raise StoreUnavailable("away")

    ring._world = world._replace(store=Away())  # type: ignore[arg-type]
    world.set_clock.forward(minutes=1)
    assert ring.published() == known
    empty = KeyRing(world._replace(store=Away()))  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        empty.published()
