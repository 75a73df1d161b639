"""Nobody grants what they do not hold, and the last administrator stays (R-65)."""

from collections.abc import Callable

import pytest

from gatepost.model.callers import Caller
from gatepost.model.client_kinds import CLIENT_CREDENTIALS, HYBRID
from gatepost.model.errors import Code, Refused
from gatepost.model.people import LOCAL_PROVIDER, OUTSIDE_PROVIDERS
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, VIEWER
from gatepost.ports import PageOf
from gatepost.services import client_secrets, clients, roles, users
from gatepost.services.principals import mark, standing
from gatepost.services.roles import RoleDraft
from gatepost.services.world import Act
from tests.flows import new_grant
from tests.services.world import (
    Bench,
    act_of,
    add_client,
    administrator,
    found,
    new_world,
    remove_user,
    role_id,
)
from tests.stores.examples import event
from tests.stores.flow_examples import passkey

pytestmark = pytest.mark.requirement("R-65")


@pytest.fixture
def world() -> Bench:
    return new_world()


@pytest.fixture
def tenant_id(world: Bench) -> str:
    return found(world).tenant.id


def first_user(world: Bench, tenant_id: str) -> str:
    return users.find(world, tenant_id, (), PageOf(0, 1)).users[0].id


def first_client(world: Bench, tenant_id: str) -> str:
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.clients.page(CLIENT_CREDENTIALS.name, (), PageOf(0, 1))[0].settings.id


def add_administrator(world: Bench, act: Act) -> str:
    user_id = add_without_password(world, act)
    users.set_password(world, act, user_id, "a password of their own", one_time=True)
    return user_id


def add_without_password(world: Bench, act: Act, provider: str = LOCAL_PROVIDER) -> str:
    members = {
        "provider_id": provider,
        "contact_email": f"{world.dice.guid()}@example.com",
        "role_ids": (role_id(world, act.tenant_id, ADMINISTRATOR),),
    }
    return users.add(world, act, members).id


def add_with_passkey(world: Bench, act: Act) -> str:
    user_id = add_without_password(world, act)
    with world.store.writing(act.tenant_id) as tenancy:
        assert tenancy.sign_ins.add_passkey(passkey(user_id))
        tenancy.journal.append(event())
    return user_id


def add_elsewhere(world: Bench, act: Act) -> str:
    return add_without_password(world, act, next(iter(OUTSIDE_PROVIDERS)))


@pytest.mark.parametrize(
    ("add", "counts"),
    [
        (add_administrator, True),
        (add_with_passkey, True),
        (add_without_password, False),
        (add_elsewhere, False),
    ],
)
def test_only_who_can_sign_in_is_another_administrator(
    world: Bench, tenant_id: str, add: Callable[[Bench, Act], str], counts: bool
) -> None:
    act, person = administrator(world, tenant_id), first_user(world, tenant_id)
    add(world, act)
    if counts:
        users.replace_roles(world, act, person, ())
        return
    for change in (
        lambda: users.replace_roles(world, act, person, ()),
        lambda: remove_user(world, act, person),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert refused.value.code is Code.LAST_ADMINISTRATOR
        assert "who can sign in" in refused.value.reason
    assert role_id(world, tenant_id, ADMINISTRATOR) in users.get(world, tenant_id, person).role_ids


def test_who_cannot_sign_in_yet_may_go_while_another_can(world: Bench, tenant_id: str) -> None:
    act = administrator(world, tenant_id)
    invited = add_without_password(world, act)
    users.replace_roles(world, act, invited, ())
    assert users.get(world, tenant_id, invited).role_ids == (role_id(world, tenant_id, MEMBER),)


def test_the_last_administrating_person_stays(world: Bench, tenant_id: str) -> None:
    act, person = administrator(world, tenant_id), first_user(world, tenant_id)
    with pytest.raises(Refused) as roles_taken:
        users.replace_roles(world, act, person, ())
    with pytest.raises(Refused) as removed:
        remove_user(world, act, person)
    assert roles_taken.value.code == removed.value.code == Code.LAST_ADMINISTRATOR
    assert role_id(world, tenant_id, ADMINISTRATOR) in users.get(world, tenant_id, person).role_ids
    add_administrator(world, act)
    users.replace_roles(world, act, person, ())
    assert users.get(world, tenant_id, person).role_ids == (role_id(world, tenant_id, MEMBER),)


def test_a_client_may_go_while_a_person_administers(world: Bench, tenant_id: str) -> None:
    act = administrator(world, tenant_id)
    clients.remove(world, act, CLIENT_CREDENTIALS, first_client(world, tenant_id))
    assert users.get(world, tenant_id, first_user(world, tenant_id)).role_ids


def test_nobody_removes_themselves(world: Bench, tenant_id: str) -> None:
    act = administrator(world, tenant_id)
    me = add_administrator(world, act)
    app = add_client(world, act, HYBRID).client.settings.id
    with world.store.reading(tenant_id) as tenancy:
        stands = standing(tenancy, me, app)
    assert stands is not None
    roles, types = frozenset(stands.role_ids), frozenset(stands.role_types)
    token_mark = mark(stands.incarnation, new_grant(world, tenant_id, me, app).id)
    caller = Caller(tenant_id, "user", me, app, roles, types, token_mark)
    with pytest.raises(Refused) as refused:
        remove_user(world, act._replace(caller=caller), me)
    assert refused.value.code is Code.OWN_ACCOUNT


@pytest.mark.parametrize("wanted", [ADMINISTRATOR, VIEWER])
def test_a_member_grants_nothing_it_lacks(world: Bench, tenant_id: str, wanted: str) -> None:
    act = administrator(world, tenant_id)
    member = role_id(world, tenant_id, MEMBER)
    mine = act_of(world, tenant_id, add_client(world, act).client.settings.id)
    client = add_client(world, act).client.settings.id
    asked = (role_id(world, tenant_id, wanted),)
    with pytest.raises(Refused) as refused:
        clients.replace_roles(world, mine, client, asked)
    assert refused.value.code is Code.ROLE_NOT_HELD
    assert clients.roles_of(world, tenant_id, client) == (member,)


def test_what_is_held_already_may_stay(world: Bench, tenant_id: str) -> None:
    act = administrator(world, tenant_id)
    viewer, member = (role_id(world, tenant_id, type_id) for type_id in (VIEWER, MEMBER))
    client = add_client(world, act, role_ids=(viewer,)).client.settings.id
    mine = act_of(world, tenant_id, add_client(world, act).client.settings.id)
    changed = clients.replace_roles(world, mine, client, (viewer,))
    assert set(getattr(changed.settings, "role_ids", ())) == {viewer, member}


def test_a_role_of_another_tenant_is_unknown(world: Bench, tenant_id: str) -> None:
    foreign = role_id(world, found(world).tenant.id, VIEWER)
    act = administrator(world, tenant_id)
    with pytest.raises(Refused) as refused:
        add_client(world, act, role_ids=(foreign,))
    assert refused.value.code is Code.INVALID_MEMBER


def test_the_member_role_is_always_there(world: Bench, tenant_id: str) -> None:
    act = administrator(world, tenant_id)
    added = add_client(world, act)
    assert getattr(added.client.settings, "role_ids", ()) == (role_id(world, tenant_id, MEMBER),)


@pytest.mark.requirement("R-27", "R-79")
@pytest.mark.parametrize("loss", ["disabled", "removed", "role", "secret"])
def test_who_may_no_more_changes_no_more(world: Bench, tenant_id: str, loss: str) -> None:
    """The request was let in before the loss, and comes to write after it."""
    act = administrator(world, tenant_id)
    role = role_id(world, tenant_id, ADMINISTRATOR)
    doomed_id = add_client(world, act, role_ids=(role,)).client.settings.id
    doomed = act_of(world, tenant_id, doomed_id)
    place = (world, act, CLIENT_CREDENTIALS, doomed_id)
    losses: dict[str, Callable[[], object]] = {
        "disabled": lambda: clients.change(*place, {"enabled": False}),
        "removed": lambda: clients.remove(*place),
        "role": lambda: clients.replace_roles(world, act, doomed_id, ()),
        "secret": lambda: client_secrets.remove(*place, 1),
    }
    losses[loss]()
    attempts: list[Callable[[], object]] = [
        lambda: add_client(world, doomed),
        lambda: clients.remove(world, doomed, CLIENT_CREDENTIALS, act.caller.id),
        lambda: add_administrator(world, doomed),
        lambda: roles.add(world, doomed, RoleDraft(name="Backdoor")),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code in {Code.INVALID_TOKEN, Code.ROLE_MISSING}
    with world.store.reading(tenant_id) as tenancy:
        assert tenancy.directory.role_named("Backdoor") is None
        assert tenancy.directory.count_users() == 1
