"""People, whatever keeps them: addresses, roles, passwords and preferences."""

from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.people import OUTSIDE_PROVIDERS
from gatepost.model.tenants import MEMBER, VIEWER
from gatepost.ports import PageOf
from tests.stores.examples import (
    ALL,
    NOW,
    add_roles,
    add_users,
    guid,
    plus_member,
    recorded,
    refused,
    role,
    seen,
    user,
)

GOOGLE = next(iter(OUTSIDE_PROVIDERS))
PHC = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"


def test_a_user_comes_back(store: ports.Store, here: str) -> None:
    whole = user(
        email="Kim@Example.com",
        given_name="Kim 🦊",
        surname="Ångström",
        contact_email="kim@home.example",
        contact_given_name="K",
        contact_surname="Å",
        external_user_id="0f8fad5b",
        provider_user_id="abc|1",
        enabled=False,
        role_ids=plus_member(VIEWER),
        version=7,
    )
    bare = user(email=None)
    add_users(store, here, whole, bare)
    with store.reading(here) as unit:
        assert unit.directory.user(whole.id) == whole
        assert unit.directory.user(bare.id) == bare
        assert unit.directory.user(guid()) is None


def test_role_ids_come_back_each_once_in_ascending_order(store: ports.Store, here: str) -> None:
    own = role()
    add_roles(store, here, own)
    mine = user(role_ids=(VIEWER, MEMBER, own.id, VIEWER))
    add_users(store, here, mine)
    with store.reading(here) as unit:
        wanted = structs.replace(mine, role_ids=plus_member(own.id, VIEWER))
        assert unit.directory.user(mine.id) == wanted


@pytest.mark.parametrize(
    "email", ["kim@example.com", "KIM@EXAMPLE.COM", "\uff4b\uff49\uff4d@example.com"]
)
def test_an_address_is_taken_at_its_provider(store: ports.Store, here: str, email: str) -> None:
    mine = user(email="Kim@example.com")
    add_users(store, here, mine)
    before = seen(store, here)["users"]
    with recorded(store, here) as unit:
        assert unit.directory.user_with_email(mine.provider_id, email) == mine
        assert unit.directory.user_with_email(GOOGLE, email) is None
        assert not unit.directory.add_user(user(email=email))
        assert unit.directory.count_users() == 1
    assert seen(store, here)["users"] == before
    add_users(store, here, user(email=email, provider_id=GOOGLE))


def test_an_id_is_taken_in_the_tenant_only(store: ports.Store, here: str, there: str) -> None:
    mine = user()
    add_users(store, here, mine)
    with recorded(store, here) as unit:
        assert not unit.directory.add_user(user(mine.id))
        assert unit.directory.user(mine.id) == mine
    add_users(store, there, user(mine.id, email=mine.email))


def test_people_without_an_address_are_many(store: ports.Store, here: str) -> None:
    add_users(store, here, user(email=None), user(email=None), user(email=None))
    with store.reading(here) as unit:
        assert unit.directory.count_users() == 3
        assert unit.directory.user_with_email(GOOGLE, "") is None


def test_users_are_in_order_of_creation_then_id(store: ports.Store, here: str) -> None:
    ages = [(2, "b"), (1, "z"), (2, "a"), (0, "m"), (2, "B")]
    add_users(
        store,
        here,
        *(
            user(name, email=None, created_at=NOW + timedelta(microseconds=age))
            for age, name in ages
        ),
    )
    wanted = ["m", "z", "B", "a", "b"]
    with store.reading(here) as unit:
        assert [person.id for person in unit.directory.users(ALL)] == wanted
        for skip in range(7):
            for count in range(7):
                page = unit.directory.users(PageOf(skip, count))
                assert [person.id for person in page] == wanted[skip : skip + count]
        some = unit.directory.some_users(["z", "nobody", "B", "m", "z"])
        assert [person.id for person in some] == ["z", "B", "m"]
        assert unit.directory.some_users([]) == ()
        assert unit.directory.count_users() == 5


def test_save_changes_the_user_and_their_roles(store: ports.Store, here: str) -> None:
    mine = user(given_name="Kim", role_ids=(MEMBER,))
    add_users(store, here, mine)
    changed = structs.replace(
        mine,
        given_name=None,
        email="new@example.com",
        enabled=False,
        role_ids=(VIEWER,),
        updated_at=NOW + timedelta(days=1),
        version=2,
    )
    with recorded(store, here) as unit:
        assert unit.directory.save_user(changed, 1)
    with store.reading(here) as unit:
        assert unit.directory.user(mine.id) == changed
        assert unit.directory.user_with_email(mine.provider_id, "NEW@example.com") == changed
        assert mine.email is not None
        assert unit.directory.user_with_email(mine.provider_id, mine.email) is None
        assert unit.directory.count_users_in_role(MEMBER) == 0
        assert unit.directory.users_in_role(VIEWER, ALL) == (changed,)


@pytest.mark.parametrize("version_seen", [0, 2, 3])
def test_save_refuses_another_version(store: ports.Store, here: str, version_seen: int) -> None:
    mine = user(role_ids=(MEMBER,))
    add_users(store, here, mine)
    late = structs.replace(mine, given_name="Late", role_ids=(VIEWER,), version=version_seen + 1)
    with recorded(store, here) as unit:
        assert not unit.directory.save_user(late, version_seen)
        assert not unit.directory.save_user(user(), 1)
    with store.reading(here) as unit:
        assert unit.directory.users(ALL) == (mine,)


def test_save_refuses_an_address_that_is_taken(store: ports.Store, here: str) -> None:
    mine, other = user(email="kim@example.com"), user(email="lee@example.com")
    add_users(store, here, mine, other)
    with recorded(store, here) as unit:
        taken = structs.replace(mine, email="LEE@example.com", version=2)
        assert not unit.directory.save_user(taken, 1)
        own = structs.replace(mine, email="KIM@example.com", version=2)
        assert unit.directory.save_user(own, 1)
        elsewhere = structs.replace(own, email="lee@example.com", provider_id=GOOGLE, version=3)
        assert unit.directory.save_user(elsewhere, 2)
        assert unit.directory.save_user(structs.replace(elsewhere, email=None, version=4), 3)
        assert unit.directory.user(other.id) == other


def test_unknown_roles_are_refused(store: ports.Store, here: str, there: str) -> None:
    mine, foreign = user(), role()
    add_users(store, here, mine)
    add_roles(store, there, foreign)
    before = seen(store, here)
    for role_id in (guid(), foreign.id):
        with refused(), recorded(store, here) as unit:
            unit.directory.add_user(user(role_ids=(role_id,)))
        with refused(), recorded(store, here) as unit:
            unit.directory.save_user(structs.replace(mine, role_ids=(role_id,), version=2), 1)
    assert seen(store, here) == before


def test_remove_takes_everything_along(store: ports.Store, here: str) -> None:
    mine, rest = user(role_ids=(MEMBER,)), user(role_ids=(MEMBER,))
    add_users(store, here, mine, rest)
    with recorded(store, here) as unit:
        unit.directory.set_password(mine.id, PHC, NOW, must_change=True)
        unit.directory.set_preferences(mine.id, "{}")
        unit.directory.remove_user(mine.id)
        unit.directory.remove_user(mine.id)
        unit.directory.remove_user(guid())
    with store.reading(here) as unit:
        assert unit.directory.users(ALL) == (rest,)
        assert unit.directory.count_users() == unit.directory.count_users_in_role(MEMBER) == 1
        assert unit.directory.password(mine.id) is None
        assert unit.directory.preferences(mine.id) is None
    add_users(store, here, user(mine.id, email=mine.email))
    with store.reading(here) as unit:
        assert unit.directory.password(mine.id) is None
        assert unit.directory.preferences(mine.id) is None
        assert unit.directory.count_users_in_role(MEMBER) == 1


def test_a_password_is_kept_and_replaced(store: ports.Store, here: str) -> None:
    mine, other = user(has_password=True), user()
    add_users(store, here, mine, other)
    with recorded(store, here) as unit:
        assert unit.directory.password(mine.id) is None
        kept = unit.directory.user(mine.id)
        assert kept is not None
        assert not kept.has_password
        unit.directory.set_password(mine.id, PHC, NOW, must_change=False)
        unit.directory.set_password(mine.id, PHC + "é", NOW, must_change=True)
    with store.reading(here) as unit:
        assert unit.directory.password(mine.id) == PHC + "é"
        assert unit.directory.password(other.id) is None
        assert [person.has_password for person in unit.directory.users(ALL)] == [True, False]
        (found,) = unit.directory.some_users([mine.id])
        assert found.has_password
        assert mine.email is not None
        assert unit.directory.user_with_email(mine.provider_id, mine.email) == found


def test_a_password_for_one_sign_in_is_known(store: ports.Store, here: str) -> None:
    mine = user()
    add_users(store, here, mine)
    with recorded(store, here) as unit:
        assert unit.directory.password_is_one_time(mine.id) is False
        unit.directory.set_password(mine.id, PHC, NOW, must_change=True)
        assert unit.directory.password_is_one_time(mine.id) is True
        unit.directory.set_password(mine.id, PHC, NOW, must_change=False)
        assert unit.directory.password_is_one_time(mine.id) is False
        assert unit.directory.password_is_one_time(guid()) is False


def test_a_password_outlives_a_change_of_the_user(store: ports.Store, here: str) -> None:
    mine = user()
    add_users(store, here, mine)
    with recorded(store, here) as unit:
        unit.directory.set_password(mine.id, PHC, NOW, must_change=False)
        assert unit.directory.save_user(structs.replace(mine, version=2), 1)
        assert unit.directory.password(mine.id) == PHC
        kept = unit.directory.user(mine.id)
        assert kept is not None
        assert kept.has_password


def test_preferences_are_kept_and_replaced(store: ports.Store, here: str) -> None:
    mine = user()
    add_users(store, here, mine)
    text = '{ "b": 1, "a" : [ "ü🦊" , 1.50 ] }'
    with recorded(store, here) as unit:
        assert unit.directory.preferences(mine.id) is None
        unit.directory.set_preferences(mine.id, "{}")
        unit.directory.set_preferences(mine.id, text)
    with store.reading(here) as unit:
        assert unit.directory.preferences(mine.id) == text


def test_nobody_has_no_password_and_no_preferences(store: ports.Store, here: str) -> None:
    with store.reading(here) as unit:
        assert unit.directory.password(guid()) is None
        assert unit.directory.preferences(guid()) is None
    with refused(), recorded(store, here) as unit:
        unit.directory.set_password(guid(), PHC, NOW, must_change=False)
    with refused(), recorded(store, here) as unit:
        unit.directory.set_preferences(guid(), "{}")
