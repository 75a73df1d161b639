from datetime import datetime

import pytest

from gatepost.model.errors import StoreUnavailable
from gatepost.services.sweeping import BATCH, EVERY, LEASE, ROUNDS, Chore, Sweeper
from tests.services.world import Bench, new_world


def test_it_sweeps_once_a_minute() -> None:
    world = new_world()
    sweeper = Sweeper(world)
    key = b"key"

    def expire() -> None:
        with world.store.writing("") as nobody:
            nobody.sign_ins.save_attempts({key: world.clock.now()})

    def is_kept() -> bool:
        with world.store.reading("") as nobody:
            return key in nobody.sign_ins.attempts([key])

    expire()
    assert sweeper.sweep_when_due() == 1
    assert not is_kept()
    expire()
    assert sweeper.sweep_when_due() == 0
    assert is_kept()
    world.set_clock.forward(seconds=EVERY.total_seconds() + 1)
    assert sweeper.sweep_when_due() == 1


def _is_swept_by(world: Bench, sweeper: Sweeper) -> bool:
    with world.store.writing("") as nobody:
        nobody.sign_ins.save_attempts({b"key": world.clock.now()})
    return sweeper.sweep_when_due() == 1


def test_of_many_one_sweeps_until_it_is_gone() -> None:
    world = new_world()
    first, *others = (Sweeper(world) for _ in range(4))
    assert _is_swept_by(world, first)
    assert [other.sweep_when_due() for other in others] == [0, 0, 0]
    for _ in range(3):
        world.set_clock.forward(seconds=EVERY.total_seconds())
        assert not any(_is_swept_by(world, other) for other in others)
        assert _is_swept_by(world, first)
    world.set_clock.forward(seconds=LEASE.total_seconds())
    assert _is_swept_by(world, others[0])
    assert not _is_swept_by(world, others[1])
    assert not _is_swept_by(world, first)


def test_what_is_more_is_swept_by_the_same_one() -> None:
    world = new_world()
    asked: list[str] = []

    def also(name: str) -> Sweeper:
        def sweep(_now: datetime) -> int:
            asked.append(name)
            return 1

        return Sweeper(world, (sweep,))

    first, second = also("first"), also("second")
    assert first.sweep_when_due() == 1
    assert second.sweep_when_due() == 0
    assert asked == ["first"]


def test_more_than_some_batches_go_on_at_the_next_call() -> None:
    world = new_world()
    sweeper = Sweeper(world)
    more = 5
    with world.store.writing("") as nobody:
        keys = (b"%d" % n for n in range(BATCH * ROUNDS + more))
        nobody.sign_ins.save_attempts(dict.fromkeys(keys, world.clock.now()))
    assert sweeper.sweep_when_due() == BATCH * ROUNDS
    assert sweeper.sweep_when_due() == more
    assert sweeper.sweep_when_due() == 0


def test_a_chore_that_fails_keeps_no_other_from_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    world = new_world()
    asked: list[str] = []

    def failing(fault: Exception) -> Chore:
        def chore(_now: datetime) -> int:
            raise fault

        return chore

    def good(_now: datetime) -> int:
        asked.append("good")
        return 2

    chores = (failing(ValueError("odd row")), failing(StoreUnavailable("away")), good)
    sweeper = Sweeper(world, chores)
    assert sweeper.sweep_when_due() == 2
    assert asked == ["good"]
    said = [record.getMessage() for record in caplog.records if record.name == "gatepost.sweeper"]
    assert said == [
        "something is left for the next minute",
        "something is left for the next minute: away",
    ]
