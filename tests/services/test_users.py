"""Who counts as the same person, and what of a person may change."""

import pytest

from gatepost.model.errors import Code, Refused
from gatepost.model.people import LOCAL_PROVIDER, OUTSIDE_PROVIDERS
from gatepost.services import users
from tests.services.world import administrator, found, new_world

OUTSIDE = next(iter(OUTSIDE_PROVIDERS))
ADDRESS = {"contact_email": "kim@example.com"}


@pytest.mark.parametrize("provider", [LOCAL_PROVIDER, *OUTSIDE_PROVIDERS])
def test_an_address_is_one_persons_at_a_provider(provider: str) -> None:
    world = new_world()
    act = administrator(world, found(world).tenant.id)
    first = users.add(world, act, {"provider_id": provider, **ADDRESS})
    assert first.email == "kim@example.com"
    with pytest.raises(Refused) as refused:
        users.add(world, act, {"provider_id": provider, "contact_email": "KIM@example.com"})
    assert refused.value.code is Code.DUPLICATE_USER


def test_an_address_may_be_known_to_two_providers() -> None:
    world = new_world()
    act = administrator(world, found(world).tenant.id)
    for provider in (LOCAL_PROVIDER, *OUTSIDE_PROVIDERS):
        users.add(world, act, {"provider_id": provider, **ADDRESS})


def test_people_with_an_id_at_their_provider_may_share_a_mailbox() -> None:
    world = new_world()
    act = administrator(world, found(world).tenant.id)
    for number in ("a", "b"):
        members = {"provider_id": OUTSIDE, "provider_user_id": number, **ADDRESS}
        assert users.add(world, act, members).email is None


def test_a_local_persons_sign_in_name_follows_the_contact_address() -> None:
    world = new_world()
    act = administrator(world, found(world).tenant.id)
    user = users.add(world, act, {"provider_id": LOCAL_PROVIDER, **ADDRESS})
    changed = users.change(world, act, user.id, {"contact_email": "lee@example.com"})
    assert changed.email == "lee@example.com"
    assert users.with_email(world, act.tenant_id, "LEE@example.com") == changed
