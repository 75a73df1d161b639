"""A look at the keys that fails is made again, however quiet the store is afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from gatepost.model.errors import StoreUnavailable
from gatepost.services import key_schedule, keys
from gatepost.services.keys import KeyRing
from tests.services.world import new_world

pytestmark = pytest.mark.requirement("R-73")


def test_a_look_that_fails_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = new_world()
    keys.ensure(world, "ES256")
    ring = KeyRing(world)
    epochs = iter(bytes([number]) for number in (1, 2, 2, 2))
    monkeypatch.setattr(world.store.epochs, "of", lambda _tenant_id: next(epochs))
    ring.look()
    reads: list[str] = []
    reading = world.store.reading_all

    def failing() -> Any:
        reads.append("failed")
        raise StoreUnavailable("away for a moment")

    @contextmanager
    def counted() -> Iterator[Any]:
        reads.append("read")
        with reading() as deployment:
            yield deployment

    world.set_clock.forward(seconds=1)
    key_schedule.settle(world, "RS256", timedelta(days=1))
    monkeypatch.setattr(world.store, "reading_all", failing)
    ring.look()
    monkeypatch.setattr(world.store, "reading_all", counted)
    ring.look()
    ring.look()
    assert reads == ["failed", "read"]
    signing = ring.signing()
    assert signing is not None
    assert signing.algorithm == "RS256"
