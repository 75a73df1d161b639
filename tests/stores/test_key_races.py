"""Processes that act on the signing keys at the same moment make one successor, on each store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from gatepost import ports
from gatepost.model.keys import Phase
from gatepost.services import key_schedule, keys
from gatepost.services.key_schedule import KeySchedule, rules_of
from gatepost.services.world import World
from tests.services.world import Bench, new_world

pytestmark = pytest.mark.requirement("R-73", "D-03")

AT_ONCE = 6
RULES = rules_of("ES256", 14, 90, 14)


@pytest.fixture
def world(empty_store: ports.Store) -> Bench:
    """A world on an empty store, a day before the next key is announced."""
    made = Bench(*new_world()._replace(store=empty_store))
    keys.ensure(made, "ES256")
    made.set_clock.forward(days=75)
    return made


def together(call: Callable[[], object]) -> None:
    """Make a call from several threads at the same moment."""
    barrier = Barrier(AT_ONCE)

    def one(_number: int) -> None:
        barrier.wait()
        call()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, range(AT_ONCE)))


def phases(world: World) -> list[Phase]:
    return [phase for _, phase in keys.listed(world)]


def test_one_first_key_is_made(empty_store: ports.Store) -> None:
    made = Bench(*new_world()._replace(store=empty_store))
    together(lambda: keys.ensure(made, "ES256"))
    assert phases(made) == [Phase.ACTIVE]


def test_one_successor_is_announced(world: Bench) -> None:
    together(lambda: KeySchedule(world, RULES).act(world.clock.now()))
    assert phases(world) == [Phase.ACTIVE]
    world.set_clock.forward(days=1)
    together(lambda: KeySchedule(world, RULES).act(world.clock.now()))
    assert phases(world) == [Phase.ACTIVE, Phase.ANNOUNCED]


def test_what_is_over_is_removed_once(world: Bench) -> None:
    world.set_clock.forward(days=1)
    KeySchedule(world, RULES).act(world.clock.now())
    world.set_clock.forward(days=14 + 15)
    gone: list[int] = []
    together(lambda: gone.append(KeySchedule(world, RULES).act(world.clock.now())))
    assert sorted(gone) == [0] * (AT_ONCE - 1) + [1]
    assert phases(world) == [Phase.ACTIVE]


def test_orders_at_one_moment_leave_one_key_that_signs(world: Bench) -> None:
    together(lambda: key_schedule.replace_all(world, "ES256"))
    assert phases(world) == [Phase.ACTIVE]
    together(lambda: key_schedule.rotate(world, RULES))
    left = keys.listed(world)
    assert [phase for _, phase in left].count(Phase.ACTIVE) == 1
