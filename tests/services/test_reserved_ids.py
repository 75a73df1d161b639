"""An id is one tenant's for good, so that `sub` and `client_id` never mean somebody else (R-83)."""

from collections.abc import Callable

import pytest

from gatepost.model.client_kinds import CLIENT_CREDENTIALS, HYBRID
from gatepost.model.errors import Code, Refused
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.services import clients, tenants, users
from gatepost.services.tenants import Founding, operator_act
from gatepost.services.world import Act
from tests.services.world import Bench, add_client, found, new_world, remove_user

pytestmark = pytest.mark.requirement("R-83")
ID = "5f0a3c5e-8b43-4a53-9a3e-3f0c5b6a1d01"
Add = Callable[[Bench, Act], object]


def a_user(world: Bench, act: Act) -> object:
    address = f"{world.dice.guid()}@example.com"
    members = {"id": ID, "provider_id": LOCAL_PROVIDER, "contact_email": address}
    return users.add(world, act, members)


def a_machine(world: Bench, act: Act) -> object:
    return add_client(world, act, CLIENT_CREDENTIALS, id=ID)


def an_application(world: Bench, act: Act) -> object:
    return add_client(world, act, HYBRID, id=ID)


def a_tenant(world: Bench, _act: Act) -> object:
    return tenants.found(world, Founding(tenant_id=world.dice.guid(), admin_client_id=ID))


def take_away(world: Bench, act: Act, add: Add) -> None:
    if add is a_user:
        remove_user(world, act, ID)
    else:
        kind = HYBRID if add is an_application else CLIENT_CREDENTIALS
        clients.remove(world, act, kind, ID)


@pytest.fixture
def world() -> Bench:
    """An empty world."""
    return new_world()


def act_in_new_tenant(world: Bench) -> Act:
    return operator_act(found(world).tenant.id, "test")


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (a_user, a_user, Code.DUPLICATE_USER),
        (a_machine, a_machine, Code.CLIENT_ID_TAKEN),
        (a_machine, an_application, Code.CLIENT_ID_TAKEN),
        (an_application, a_machine, Code.CLIENT_ID_TAKEN),
        (a_machine, a_tenant, Code.CLIENT_ID_TAKEN),
    ],
)
def test_no_other_tenant_gets_an_id_that_was_used(
    world: Bench, first: Add, second: Add, code: Code, removed: bool
) -> None:
    here, there = act_in_new_tenant(world), act_in_new_tenant(world)
    first(world, here)
    if removed:
        take_away(world, here, first)
    with pytest.raises(Refused) as refused:
        second(world, there)
    assert refused.value.code is code
    assert f"{ID} is in use, or was used before" in refused.value.reason
    assert here.tenant_id not in refused.value.reason


@pytest.mark.parametrize("add", [a_user, a_machine, an_application])
def test_the_same_tenant_may_use_it_again(world: Bench, add: Add) -> None:
    here = act_in_new_tenant(world)
    add(world, here)
    take_away(world, here, add)
    add(world, here)


def test_a_client_and_a_person_may_have_the_same(world: Bench) -> None:
    here, there = act_in_new_tenant(world), act_in_new_tenant(world)
    a_user(world, here)
    a_machine(world, there)
    with pytest.raises(Refused):
        a_user(world, there)


def test_the_first_administrator_and_client_are_nobody_elses(world: Bench) -> None:
    first = found(world)
    there = act_in_new_tenant(world)
    with world.store.reading(first.tenant.id) as tenancy:
        person = tenancy.directory.user_with_email(LOCAL_PROVIDER, first.admin_email)
    assert person is not None
    for kind, id_ in (("user", person.id), ("client", first.admin_client_id)):
        with world.store.writing(there.tenant_id) as tenancy:
            assert not tenancy.directory.reserve_id("user" if kind == "user" else "client", id_)


def test_what_was_refused_is_not_kept(world: Bench) -> None:
    here, there = act_in_new_tenant(world), act_in_new_tenant(world)
    members = {"provider_id": LOCAL_PROVIDER, "contact_email": "kim@example.com"}
    users.add(world, here, members)
    with pytest.raises(Refused):
        users.add(world, here, {**members, "id": ID})
    a_user(world, there)
