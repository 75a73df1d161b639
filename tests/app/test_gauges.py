"""What one worker stands at, as its gauges say it."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from gatepost.app import gauges, watch
from gatepost.app.gauges import Outlook, Queue
from gatepost.app.house import House
from gatepost.app.ledger import Ledger, Share
from gatepost.app.watch import Watch
from gatepost.model import measures
from gatepost.model.errors import StoreUnavailable
from gatepost.model.keys import SigningKey
from gatepost.model.measures import Series
from gatepost.services import key_schedule, keys
from gatepost.services.keys import KeyRing
from gatepost.services.sweeping import Sweeper
from gatepost.web.front import Front
from gatepost.web.health import Standing
from gatepost.web.threads import Load
from tests.services.world import Bench, found, new_world
from tests.stores.examples import signing_key

SCHEDULED = key_schedule.rules_of("RS256", 14, 90, 1)
ON_ORDER = key_schedule.rules_of("RS256", 14, 0, 1)
WEEK, MONTH = (measures.SECRETS, "7d"), (measures.SECRETS, "30d")


class Said:
    """A share that is read back."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self.share: Share = self._ledger.share(0)
        self.share.live()

    def gauges(self) -> Mapping[Series, float]:
        """What the gauges stand at."""
        return self._ledger.gauges()[0]

    def counted(self) -> Mapping[Series, list[int]]:
        """What was counted."""
        return self._ledger.counted()


class Sight:
    """Stands for the watch: what it saw."""

    def __init__(self, *seen: SigningKey) -> None:
        self.seen_at: float | None = 12.5
        self.keys = seen


def test_the_age_of_the_key_is_from_when_it_began_to_sign() -> None:
    world, said = new_world(), Said()
    now = world.clock.now()
    old = signing_key(kid="a", active_from=now - timedelta(days=91), retained_from=now)
    current = signing_key(
        kid="b",
        active_from=now - timedelta(days=2),
        retained_from=now + timedelta(days=5),
    )
    coming = signing_key(kid="c", active_from=now + timedelta(days=5))
    seen = cast("Watch", Sight(old, current, coming))
    gauges.sight(seen, world.clock, SCHEDULED)(said.share)
    assert said.gauges() == {
        (measures.STORE_AGE,): 12.5,
        (measures.KEYS, "announced"): 1,
        (measures.KEYS, "active"): 1,
        (measures.KEYS, "retained"): 1,
        (measures.KEY_AGE,): timedelta(days=2).total_seconds(),
        (measures.KEY_LEFT,): timedelta(days=5).total_seconds(),
        (measures.KEY_SCHEDULE,): timedelta(days=90).total_seconds(),
    }


def test_without_a_key_or_a_look_nothing_is_made_up() -> None:
    world, said = new_world(), Said()
    blind = Sight()
    blind.seen_at = None
    gauges.sight(cast("Watch", blind), world.clock, ON_ORDER)(said.share)
    assert {name for name, *_ in said.gauges()} == {measures.KEYS}
    only = signing_key(active_from=world.clock.now())
    gauges.sight(cast("Watch", Sight(only)), world.clock, ON_ORDER)(said.share)
    assert (measures.KEY_LEFT,) not in said.gauges()
    assert said.gauges()[measures.KEY_AGE,] == 0


def test_what_threads_refused_is_counted_once() -> None:
    said = Said()
    loads = {"call": Load(2, 7, 1_000, 0)}

    class Busy:
        """Stands for the front."""

        def loads(self) -> dict[str, Load]:
            """What its threads have to do."""
            return loads

    say = gauges.calls(cast("Front", Busy()))
    say(said.share)
    for refused in (3, 3, 5):
        loads["call"] = Load(16, 984, 1_000, refused)
        say(said.share)
    assert said.counted() == {(measures.CALLS_REFUSED, "call"): [5]}
    assert said.gauges() == {
        (measures.CALLS, "call", "busy"): 16,
        (measures.CALLS, "call", "waiting"): 984,
        (measures.CALLS_LIMIT, "call"): 1_000,
    }


def test_queues_are_told_with_the_limit_that_they_have() -> None:
    said = Said()
    gauges.queues({"a": Queue(lambda: 3), "b": Queue(lambda: 4, 10)})(said.share)
    assert said.gauges() == {
        (measures.QUEUE, "a"): 3,
        (measures.QUEUE, "b"): 4,
        (measures.QUEUE_LIMIT, "b"): 10,
    }


def test_only_what_is_ready_is_said_to_be() -> None:
    said = Said()
    for stands in Standing:
        gauges.standing(lambda stands=stands: stands)(said.share)  # type: ignore[misc]
        assert said.gauges()[measures.READY,] == (stands is Standing.READY)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The moment that the outlook sees, to be moved."""
    moment = [1_000.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    return moment


def test_the_sweeper_alone_tells_what_expires(moments: list[float]) -> None:
    world = new_world()
    founded: Any = found(world)
    assert founded
    first, second = Outlook(world), Outlook(world)
    sweepers = [Sweeper(world, (each.look,)) for each in (first, second)]
    for sweeper in sweepers:
        assert sweeper.sweep_when_due() == 0
    tells, silent = Said(), Said()
    first.say(tells.share)
    second.say(silent.share)
    assert silent.gauges() == {}
    assert tells.gauges().keys() == {WEEK, MONTH, (measures.SWEEP_AGE,)}
    moments[0] += gauges.OUTLOOK_GOOD_FOR_S
    first.say(tells.share)
    assert tells.gauges() == {(measures.SWEEP_AGE,): 1_000.0}


def test_the_store_is_asked_once_a_minute_however_often_is_swept(
    moments: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world()
    asked: list[float] = []
    reading_all = world.store.reading_all

    def counted() -> Any:
        asked.append(moments[0])
        return reading_all()

    monkeypatch.setattr(world.store, "reading_all", counted)
    outlook, said = Outlook(world), Said()
    for second in range(121):
        moments[0] = 1_000.0 + second
        assert outlook.look(world.clock.now()) == 0
    assert asked == [1_000.0, 1_055.0, 1_110.0]
    outlook.say(said.share)
    assert said.gauges()[measures.SWEEP_AGE,] == 1_120.0


class FlickeringStore:
    """A store that is there or not, as the test says."""

    def __init__(self, world: Bench) -> None:
        self._world = world
        self.is_there = True
        self.looks = 0
        self.epochs = world.store.epochs

    def look(self) -> None:
        """A look that succeeds or fails."""
        self.looks += 1
        if not self.is_there:
            raise StoreUnavailable("away")

    @contextmanager
    def reading_all(self) -> Iterator[Any]:
        """The same for reading."""
        self.look()
        with self._world.store.reading_all() as deployment:
            yield deployment


def watched() -> tuple[Watch, FlickeringStore, Bench]:
    """A watch over such a store, which has not looked yet."""
    world = new_world()
    store = FlickeringStore(world)
    seen_world = world._replace(store=store)  # type: ignore[arg-type]  # all that a watch asks
    house = cast("Any", type("Stand", (), {"store": store, "world": seen_world}))
    return Watch(cast("House", house), KeyRing(seen_world)), store, world


def test_a_worker_is_ready_when_it_saw_the_store_and_a_key(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gatepost.watch")
    moment = [50.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    over, store, world = watched()
    assert over.standing() is Standing.STARTING
    store.is_there = False
    over._look()
    assert over.standing() is Standing.STARTING
    store.is_there = True
    over._look()
    assert over.standing() is Standing.NO_KEY
    keys.ensure(world, "ES256")
    world.set_clock.forward(seconds=2)
    over._look()
    assert over.standing() is Standing.READY
    store.is_there = False
    over._look()
    moment[0] += watch.SIGHT_SECONDS
    assert over.standing() is Standing.READY
    moment[0] += 0.01
    assert over.standing() is Standing.STORE_LOST
    store.is_there = True
    over._look()
    assert over.standing() is Standing.READY
    assert [record.getMessage() for record in caplog.records] == [
        "the store is out of sight: away",
        "the store is in sight again",
        "the store is out of sight: away",
        "the store is in sight again",
    ]


def test_a_sight_that_is_promised_for_two_seconds_ends_before() -> None:
    assert watch.SIGHT_SECONDS + watch.LOOK_SECONDS < 2


def test_how_long_checkpoints_wait_is_told_by_who_writes_them() -> None:
    world, said = new_world(), Said()
    waits: list[timedelta | None] = [None, timedelta(0), timedelta(minutes=20)]
    for wait in waits:
        gauges.checkpoints({world.clock.now(): wait}.__getitem__, world.clock)(said.share)
        told = said.gauges().get((measures.CHECKPOINT_WAIT,))
        assert told == (None if wait is None else wait.total_seconds())
