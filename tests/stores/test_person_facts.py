"""What a card of a person is made of is what the tenant's directory says, in each store."""

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, VIEWER
from gatepost.ports import PersonFacts, Tenancy
from tests.stores.examples import add_roles, add_users, guid, plus_member, recorded, role, user

pytestmark = pytest.mark.requirement("R-27")


def told(unit: Tenancy, user_id: str) -> PersonFacts | None:
    """The same, asked one by one."""
    known = unit.directory.user(user_id)
    if known is None:
        return None
    roles = unit.directory.some_roles(known.role_ids)
    types = tuple(role.type_id for role in roles if role.type_id is not None)
    return PersonFacts(known, tuple(role.id for role in roles), types)


def assert_same(store: ports.Store, tenant_id: str, user_id: str) -> PersonFacts:
    """The facts, after it was seen that both ways say the same."""
    with store.reading(tenant_id) as unit:
        wanted = told(unit, user_id)
    found = store.person_facts(tenant_id, user_id)
    assert found is not None
    assert found == wanted
    return found


@pytest.mark.parametrize("enabled", [True, False])
def test_a_person_comes_back_whole(store: ports.Store, here: str, enabled: bool) -> None:
    given = {
        name: f"{name} Ü📦"
        for name in (
            "given_name",
            "surname",
            "contact_email",
            "contact_given_name",
            "contact_surname",
            "external_user_id",
            "provider_user_id",
        )
    }
    mine = user(enabled=enabled, version=7, **given)
    add_users(store, here, mine)
    assert assert_same(store, here, mine.id) == (mine, (), ())


def test_a_person_of_whom_little_is_known_comes_back_too(store: ports.Store, here: str) -> None:
    mine = user(email=None)
    add_users(store, here, mine)
    assert assert_same(store, here, mine.id).user.email is None


def test_whether_there_is_a_password_is_told(store: ports.Store, here: str) -> None:
    mine, other = user(), user()
    add_users(store, here, mine, other)
    with recorded(store, here) as unit:
        unit.directory.set_password(mine.id, "$argon2id$", mine.created_at, must_change=False)
    assert assert_same(store, here, mine.id).user.has_password
    assert not assert_same(store, here, other.id).user.has_password


def test_roles_are_told_as_lists_show_them(store: ports.Store, here: str) -> None:
    with store.reading(here) as unit:
        built_in = [unit.directory.role_of_type(type_) for type_ in (VIEWER, ADMINISTRATOR)]
    own = [role(name) for name in ("Zeta", "alpha", "Mid")]
    add_roles(store, here, *own)
    held = [*own, *(it for it in built_in if it)]
    mine = user(role_ids=plus_member(*(it.id for it in held)))
    add_users(store, here, mine)
    found = assert_same(store, here, mine.id)
    assert set(found.role_types) == {VIEWER, ADMINISTRATOR, MEMBER}
    assert found.role_ids[3:] == (own[1].id, own[2].id, own[0].id)
    with recorded(store, here) as unit:
        unit.directory.remove_role(own[0].id)
    assert assert_same(store, here, mine.id).role_ids == found.role_ids[:-1]


def test_a_change_is_in_them_from_its_commit_on(store: ports.Store, here: str) -> None:
    mine = user()
    add_users(store, here, mine)
    changed = structs.replace(mine, enabled=False, surname="New", version=2)
    with recorded(store, here) as unit:
        assert unit.directory.save_user(changed, 1)
    assert assert_same(store, here, mine.id).user == changed
    with recorded(store, here) as unit:
        unit.directory.remove_user(mine.id)
    assert store.person_facts(here, mine.id) is None


@pytest.mark.requirement("R-63")
def test_of_another_tenants_person_there_are_none(
    store: ports.Store, here: str, there: str
) -> None:
    mine, other = user(), user()
    add_users(store, here, mine)
    add_users(store, there, other)
    for unknown in (guid(), "", mine.id.upper(), other.id, "' OR 1=1 --"):
        assert store.person_facts(here, unknown) is None
    assert store.person_facts(there, mine.id) is None
    assert assert_same(store, there, other.id).user == other
