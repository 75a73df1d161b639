"""Refusals that are counted keep what was known of them."""

import pytest

from gatepost.model.events import ANONYMOUS, Action, Event, Origin
from gatepost.services.refusals import MOST_IN_A_MINUTE, RefusalBook
from tests.services.world import Bench, found, new_world

KNOWN = {"Sent": "https://app.example.com/CB", "Registered": ["https://app.example.com/cb"]}


def last_of(world: Bench, tenant_id: str) -> Event:
    """The newest event of a tenant."""
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.journal.entries(0, 1_000)[-1].event


@pytest.mark.requirement("R-76")
def test_a_count_stands_beside_what_is_known() -> None:
    world = new_world()
    tenant_id = found(world).tenant.id
    book = RefusalBook(world)
    event = Event(
        at=world.clock.now(),
        action=Action.AUTHORIZATION_REFUSED,
        actor=ANONYMOUS,
        origin=Origin("op", "192.0.2.9"),
        target="client",
        after=dict(KNOWN),
    )
    for _ in range(MOST_IN_A_MINUTE + 2):
        book.remember(tenant_id, event)
    assert last_of(world, tenant_id).after == KNOWN
    world.set_clock.forward(minutes=1)
    book.remember(tenant_id, event)
    assert last_of(world, tenant_id).after == KNOWN | {"NotWrittenBefore": 2}
    for _ in range(MOST_IN_A_MINUTE + 1):
        book.remember(tenant_id, event)
    book.keep()
    assert last_of(world, tenant_id).after == KNOWN | {"NotWrittenBefore": 1}
    assert event.after == KNOWN
