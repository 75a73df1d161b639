"""How many secrets of the whole deployment expire soon, whatever keeps them."""

from datetime import timedelta

import pytest

from gatepost import ports
from tests.stores.examples import NOW, add_clients, client, found_tenant, recorded, secret

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
MOMENT = timedelta(microseconds=1)
ENDS = (NOW + WEEK, NOW + MONTH)
EXPIRIES = {
    "never": (None, (0, 0)),
    "over": (NOW - DAY, (0, 0)),
    "over just now": (NOW, (0, 0)),
    "in a moment": (NOW + MOMENT, (1, 1)),
    "in a week": (NOW + WEEK, (1, 1)),
    "in more": (NOW + WEEK + MOMENT, (0, 1)),
    "in a month": (NOW + MONTH, (0, 1)),
    "after it": (NOW + MONTH + MOMENT, (0, 0)),
}


def counted(store: ports.Store) -> tuple[int, ...]:
    """What the store counts."""
    with store.reading_all() as deployment:
        return deployment.count_expiring_secrets(NOW, ENDS)


def test_secrets_of_all_tenants_are_counted_by_their_end(empty_store: ports.Store) -> None:
    assert counted(empty_store) == (0, 0)
    expected = [0, 0]
    for _ in range(2):
        tenant_id = found_tenant(empty_store)
        for expiry, (within_week, within_month) in EXPIRIES.values():
            owner = client()
            add_clients(empty_store, tenant_id, owner)
            with recorded(empty_store, tenant_id) as unit:
                unit.clients.add_secret(owner.settings.id, secret(expires_at=expiry), b"digest")
            expected[0] += within_week
            expected[1] += within_month
            assert counted(empty_store) == tuple(expected)
    assert expected == [4, 8]


@pytest.mark.parametrize("count", [1, 3])
def test_there_are_as_many_counts_as_ends(empty_store: ports.Store, count: int) -> None:
    with empty_store.reading_all() as deployment:
        ends = [NOW + DAY * number for number in range(count)]
        assert deployment.count_expiring_secrets(NOW, ends) == (0,) * count
