"""Who fails too often is told to wait, and for how long; others are not."""

from datetime import timedelta

import pytest

from gatepost.model.throttle import Limit
from gatepost.services import floods
from gatepost.services.floods import Flood
from tests.services.world import new_world

HERE, THERE = "192.0.2.1", "198.51.100.7"
THREE = Limit(3, timedelta(seconds=10))


def test_after_the_burst_one_waits_and_others_do_not() -> None:
    world = new_world()
    flood = Flood(world.clock, THREE, "too_many")
    assert [flood.refusal(HERE) for _ in range(3)] == [None] * 3
    refused = flood.refusal(HERE)
    assert refused is not None
    assert (refused.status, refused.reason, refused.error) == (
        429,
        "too_many",
        "temporarily_unavailable",
    )
    assert refused.wait == 11
    assert flood.refusal(THERE) is None


def test_one_may_again_after_the_time_that_was_told() -> None:
    world = new_world()
    flood = Flood(world.clock, THREE, "too_many")
    refused = [flood.refusal(HERE) for _ in range(50)][-1]
    assert refused is not None
    world.set_clock.forward(seconds=refused.wait)
    assert flood.refusal(HERE) is None
    assert flood.refusal(HERE) is not None


def test_the_addresses_of_a_household_are_one_caller() -> None:
    world = new_world()
    flood = Flood(world.clock, Limit(1, timedelta(hours=1)), "too_many")
    assert flood.refusal("2001:db8::1") is None
    assert flood.refusal("2001:db8::2") is not None
    assert flood.refusal("2001:db8:0:1::2") is None


def test_never_more_callers_are_kept_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floods, "_MOST_NETWORKS", 2)
    world = new_world()
    flood = Flood(world.clock, Limit(1, timedelta(hours=1)), "too_many")
    for last in range(5):
        assert flood.refusal(f"192.0.2.{last}") is None
    assert len(flood._ends) == 2
    assert flood.refusal("192.0.2.4") is not None
