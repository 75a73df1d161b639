"""How far people have come on the way in, asked of each store a page at a time."""

import pytest

from gatepost import ports
from gatepost.model.people import InvitationStatus
from gatepost.ports import PageOf
from tests.stores.examples import add_users, recorded, user

ACCEPTED, NOBODY = InvitationStatus.ACCEPTED, InvitationStatus.NO_INVITATION


def ids(store: ports.Store, tenant_id: str, status: InvitationStatus, page: PageOf) -> list[str]:
    """Who has come so far, with the count seen to be of all of them."""
    with store.reading(tenant_id) as unit:
        found = [each.id for each in unit.directory.users_of(status, page)]
        every = unit.directory.users_of(status, PageOf(0, 1_000))
        assert unit.directory.count_users_of(status) == len(every)
        assert {each.invitation_status for each in every} <= {status}
    return found


@pytest.mark.requirement("R-63", "R-71")
def test_people_come_in_order_and_in_pages(store: ports.Store, here: str, there: str) -> None:
    people = [user() for _ in range(7)]
    add_users(store, here, *people)
    add_users(store, there, other := user())
    with recorded(store, here) as unit:
        for each in people[::2]:
            unit.directory.set_password(each.id, "$argon2id$", each.created_at, must_change=False)
    with recorded(store, there) as unit:
        unit.directory.set_password(other.id, "$argon2id$", other.created_at, must_change=False)
    known, unknown = [each.id for each in people[::2]], [each.id for each in people[1::2]]
    assert ids(store, here, ACCEPTED, PageOf(0, 10)) == known
    assert ids(store, here, ACCEPTED, PageOf(1, 2)) == known[1:3]
    assert ids(store, here, NOBODY, PageOf(0, 10)) == unknown
    assert ids(store, here, NOBODY, PageOf(2, 10)) == unknown[2:]
    assert ids(store, here, InvitationStatus.SENT, PageOf(0, 10)) == []
    assert ids(store, there, ACCEPTED, PageOf(0, 10)) == [other.id]
