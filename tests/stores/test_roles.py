"""The tenant and its roles, whatever keeps them, and who has which role."""

from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.people import OUTSIDE_PROVIDERS
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, ROLE_TYPES, VIEWER
from gatepost.ports import PageOf
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    NOW,
    add_clients,
    add_roles,
    add_users,
    client,
    event,
    guid,
    recorded,
    role,
    seen,
    tenant,
    user,
)
from tests.stores.flow_examples import passkey

BUILT_IN = sorted(row.word for row in ROLE_TYPES)


def test_the_tenant_comes_back(store: ports.Store) -> None:
    mine = tenant(name="Mühle 🏭", alias="mühle")
    with store.writing_all() as deployment:
        assert deployment.add_tenant(mine)
        assert deployment.open(mine.id).directory.tenant() == mine
        deployment.open(mine.id).journal.append(event())
    with store.reading(mine.id) as unit:
        assert unit.directory.tenant() == mine


def test_a_role_comes_back(store: ports.Store, here: str) -> None:
    mine = role("Prüfer 检查 🔍", description="Sieht nach dem Rechten.")
    plain = role(description=None)
    add_roles(store, here, mine, plain)
    with store.reading(here) as unit:
        assert unit.directory.role(mine.id) == mine
        assert unit.directory.role(plain.id) == plain
        assert unit.directory.role(guid()) is None


def test_a_built_in_role_is_found_by_type(store: ports.Store, here: str) -> None:
    with store.reading(here) as unit:
        found = unit.directory.role_of_type(VIEWER)
        assert found is not None
        assert (found.id, found.name, found.type_id) == (VIEWER, "Viewer", VIEWER)
        assert unit.directory.role_of_type(guid()) is None


@pytest.mark.parametrize(
    "name",
    [
        "Press operator",
        "PRESS  OPERATOR",
        "\uff30\uff52\uff45\uff53\uff53 operator",
        " press\u00a0Operator ",
    ],
)
def test_names_are_compared_folded(store: ports.Store, here: str, name: str) -> None:
    mine = role("Press operator")
    add_roles(store, here, mine)
    before = seen(store, here)["roles"]
    with recorded(store, here) as unit:
        assert unit.directory.role_named(name) == mine
        assert not unit.directory.add_role(role(name))
    assert seen(store, here)["roles"] == before


def test_folding_is_that_of_the_model(store: ports.Store, here: str) -> None:
    mine = role("Straße ΣΊΣΥΦΟΣ")
    add_roles(store, here, mine)
    with recorded(store, here) as unit:
        assert unit.directory.role_named("STRASSE σίσυφος") == mine
        assert unit.directory.role_named("Strase") is None
        assert not unit.directory.add_role(role("strasse ΣΊΣΥΦΟς"))


def test_an_id_is_taken(store: ports.Store, here: str) -> None:
    mine = role("First")
    add_roles(store, here, mine)
    with recorded(store, here) as unit:
        assert not unit.directory.add_role(role("Second", mine.id))
        assert unit.directory.role(mine.id) == mine
        assert unit.directory.count_roles(None) == len(ROLE_TYPES) + 1


def test_a_type_is_taken(store: ports.Store, here: str) -> None:
    with recorded(store, here) as unit:
        assert not unit.directory.add_role(role("Other", type_id=MEMBER))
        assert unit.directory.count_roles(MEMBER) == 1


def test_only_custom_roles_are_found_by_name(store: ports.Store, here: str) -> None:
    with store.reading(here) as unit:
        assert unit.directory.role_named("Viewer") is None
    mine = role("Viewer")
    add_roles(store, here, mine)
    with store.reading(here) as unit:
        assert unit.directory.role_named("viewer") == mine


def test_roles_are_listed_built_in_first_then_by_name(store: ports.Store, here: str) -> None:
    words = ["zebra", "Alpha", "beta", "Älter", "alpha 2", "\uff23"]
    add_roles(store, here, *(role(word) for word in words))
    wanted = [*BUILT_IN, "Alpha", "alpha 2", "beta", "\uff23", "zebra", "Älter"]
    with store.reading(here) as unit:
        assert [item.name for item in unit.directory.roles(None, ALL)] == wanted
        for skip in range(13):
            page = unit.directory.roles(None, PageOf(skip, 3))
            assert [item.name for item in page] == wanted[skip : skip + 3]
        assert unit.directory.roles(None, PageOf(0, 0)) == ()
        assert unit.directory.count_roles(None) == len(wanted)
        ids = [item.id for item in unit.directory.roles(None, ALL)]
        some = unit.directory.some_roles([ids[9], ids[1], guid(), ids[6], ids[1]])
        assert [item.id for item in some] == [ids[1], ids[6], ids[9]]
        assert unit.directory.some_roles(iter(())) == ()


def test_roles_of_a_type(store: ports.Store, here: str) -> None:
    add_roles(store, here, role())
    with store.reading(here) as unit:
        assert [item.id for item in unit.directory.roles(MEMBER, ALL)] == [MEMBER]
        assert unit.directory.roles(MEMBER, PageOf(1, 5)) == ()
        assert unit.directory.count_roles(MEMBER) == 1
        assert unit.directory.roles(guid(), ALL) == ()
        assert unit.directory.count_roles(guid()) == 0


def test_save_changes_name_and_description(store: ports.Store, here: str) -> None:
    mine, other = role("Mine", description="old"), role("Other")
    add_roles(store, here, mine, other)
    changed = structs.replace(mine, name="MINE!", description=None)
    with recorded(store, here) as unit:
        assert unit.directory.save_role(changed)
    with store.reading(here) as unit:
        assert unit.directory.role(mine.id) == changed
        assert unit.directory.role_named("mine!") == changed
        assert unit.directory.role_named("Mine") is None
        assert unit.directory.role(other.id) == other


def test_save_may_change_case_but_not_take_a_name(store: ports.Store, here: str) -> None:
    mine, other = role("Mine"), role("Other")
    add_roles(store, here, mine, other)
    with recorded(store, here) as unit:
        assert unit.directory.save_role(structs.replace(mine, name="MINE"))
        assert not unit.directory.save_role(structs.replace(mine, name="oTHER"))
        assert not unit.directory.save_role(role("Nobody"))
    with store.reading(here) as unit:
        kept = unit.directory.role(mine.id)
        assert kept is not None
        assert kept.name == "MINE"
        assert unit.directory.count_roles(None) == len(ROLE_TYPES) + 2


def test_built_in_roles_and_others_do_not_take_each_others_names(
    store: ports.Store, here: str
) -> None:
    mine = role("Mine")
    add_roles(store, here, mine, role("Viewer"))
    with recorded(store, here) as unit:
        built_in, viewer = unit.directory.role(MEMBER), unit.directory.role(VIEWER)
        assert built_in is not None
        assert viewer is not None
        assert unit.directory.save_role(structs.replace(built_in, name="mine"))
        assert unit.directory.save_role(structs.replace(mine, name="Administrator"))
        assert not unit.directory.save_role(structs.replace(built_in, name=viewer.name.upper()))
        kept = unit.directory.role(MEMBER)
        assert kept is not None
        assert kept.name == "mine"


def test_a_removed_role_disappears_from_everybody(store: ports.Store, here: str) -> None:
    gone = role()
    add_roles(store, here, gone)
    person = user(role_ids=(MEMBER, gone.id))
    machine = client(CREDENTIALS, role_ids=(MEMBER, gone.id))
    add_users(store, here, person)
    add_clients(store, here, machine)
    with recorded(store, here) as unit:
        unit.directory.remove_role(gone.id)
        unit.directory.remove_role(guid())
    with store.reading(here) as unit:
        assert unit.directory.role(gone.id) is None
        assert unit.directory.count_roles(None) == len(ROLE_TYPES)
        kept = unit.directory.user(person.id)
        assert kept == structs.replace(person, role_ids=(MEMBER,))
        settings = structs.replace(machine.settings, role_ids=(MEMBER,))
        found = unit.clients.find(machine.settings.id)
        assert found == structs.replace(machine, settings=settings)
        assert unit.directory.users_in_role(gone.id, ALL) == ()
        assert unit.directory.count_clients_in_role(gone.id) == 0


def test_a_role_of_a_removed_ones_id_belongs_to_nobody(store: ports.Store, here: str) -> None:
    gone = role()
    add_roles(store, here, gone)
    add_users(store, here, user(role_ids=(gone.id,)))
    with recorded(store, here) as unit:
        unit.directory.remove_role(gone.id)
        assert unit.directory.add_role(gone)
        assert unit.directory.count_users_in_role(gone.id) == 0


def test_people_in_a_role(store: ports.Store, here: str) -> None:
    ages = [3, 1, 2]
    people = [
        user(created_at=NOW + timedelta(seconds=age), role_ids=(ADMINISTRATOR,), enabled=age != 1)
        for age in ages
    ]
    add_users(store, here, *people, user(role_ids=(MEMBER,)), user())
    wanted = tuple(sorted(people, key=lambda person: person.created_at))
    with store.reading(here) as unit:
        directory = unit.directory
        assert directory.users_in_role(ADMINISTRATOR, ALL) == wanted
        assert directory.users_in_role(ADMINISTRATOR, PageOf(1, 1)) == wanted[1:2]
        assert directory.users_in_role(ADMINISTRATOR, PageOf(3, 1)) == ()
        assert directory.count_users_in_role(ADMINISTRATOR) == 3
        assert directory.enabled_users_in_role(ADMINISTRATOR) == 2
        assert directory.able_users_in_role(ADMINISTRATOR) == 0
        assert directory.users_in_role(guid(), ALL) == ()
        assert directory.count_users_in_role(guid()) == 0
        assert directory.enabled_users_in_role(guid()) == 0


def test_who_can_sign_in_here_of_a_role(store: ports.Store, here: str) -> None:
    outside = next(iter(OUTSIDE_PROVIDERS))
    by_password, by_both, off, nobody, elsewhere = people = [
        user(role_ids=(ADMINISTRATOR,)),
        user(role_ids=(ADMINISTRATOR,)),
        user(role_ids=(ADMINISTRATOR,), enabled=False),
        user(role_ids=(ADMINISTRATOR,)),
        user(role_ids=(ADMINISTRATOR,), provider_id=outside),
    ]
    add_users(store, here, *people, member := user(role_ids=(MEMBER,)))
    with store.writing(here) as unit:
        for who in (by_password, by_both, off, elsewhere, member):
            unit.directory.set_password(who.id, "$", NOW, must_change=True)
        assert unit.sign_ins.add_passkey(passkey(by_both.id))
        unit.journal.append(event())
    with store.reading(here) as unit:
        assert unit.directory.able_users_in_role(ADMINISTRATOR) == 2
        assert unit.directory.able_users_in_role(MEMBER) == 1
        assert unit.directory.able_users_in_role(guid()) == 0
    with store.writing(here) as unit:
        assert unit.sign_ins.add_passkey(passkey(nobody.id))
        unit.journal.append(event())
        assert unit.directory.able_users_in_role(ADMINISTRATOR) == 3


def test_clients_in_a_role(store: ports.Store, here: str) -> None:
    ages = [3, 1, 2]
    machines = [
        client(
            CREDENTIALS,
            created_at=NOW + timedelta(seconds=age),
            role_ids=(ADMINISTRATOR,),
            enabled=age != 1,
        )
        for age in ages
    ]
    add_clients(store, here, *machines, client(CREDENTIALS, role_ids=(MEMBER,)), client())
    wanted = tuple(sorted(machines, key=lambda machine: machine.created_at))
    with store.reading(here) as unit:
        directory = unit.directory
        assert directory.clients_in_role(ADMINISTRATOR, ALL) == wanted
        assert directory.clients_in_role(ADMINISTRATOR, PageOf(1, 1)) == wanted[1:2]
        assert directory.clients_in_role(ADMINISTRATOR, PageOf(3, 1)) == ()
        assert directory.count_clients_in_role(ADMINISTRATOR) == 3
        assert directory.enabled_clients_in_role(ADMINISTRATOR) == 2
        assert directory.clients_in_role(guid(), ALL) == ()
        assert directory.count_clients_in_role(guid()) == 0
        assert directory.enabled_clients_in_role(guid()) == 0
