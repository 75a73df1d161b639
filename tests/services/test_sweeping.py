from gatepost.services.sweeping import EVERY, Sweeper
from tests.services.world import new_world


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
