"""Clients, whatever keeps them: changing and removing, and the roles that they have."""

from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.tenants import MEMBER
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    HYBRID,
    NOW,
    add_clients,
    add_roles,
    client,
    guid,
    recorded,
    refused,
    role,
    secret,
    seen,
)


def test_save_replaces_settings_tags_and_roles(store: ports.Store, here: str) -> None:
    mine = client(CREDENTIALS, tags=("old", "kept"), role_ids=(MEMBER,))
    own = role()
    add_roles(store, here, own)
    add_clients(store, here, mine)
    settings = structs.replace(
        mine.settings, name="Renamed", enabled=False, tags=("kept", "new"), role_ids=(own.id,)
    )
    at = NOW + timedelta(days=1)
    changed = structs.replace(mine, settings=settings, updated_at=at, version=2)
    with recorded(store, here) as unit:
        assert unit.clients.save(changed, 1)
    with store.reading(here) as unit:
        assert unit.clients.find(mine.settings.id) == changed
        assert unit.clients.page(CREDENTIALS, ("old",), ALL) == ()
        assert unit.clients.page(CREDENTIALS, ("new", "kept"), ALL) == (changed,)
        assert unit.directory.clients_in_role(MEMBER, ALL) == ()
        assert unit.directory.clients_in_role(own.id, ALL) == (changed,)
        assert unit.directory.enabled_clients_in_role(own.id) == 0


@pytest.mark.parametrize("version_seen", [0, 2, 3])
def test_save_refuses_another_version(store: ports.Store, here: str, version_seen: int) -> None:
    mine = client(tags=("old",))
    add_clients(store, here, mine)
    settings = structs.replace(mine.settings, name="Late", tags=("late",))
    with recorded(store, here) as unit:
        late = structs.replace(mine, settings=settings, version=version_seen + 1)
        assert not unit.clients.save(late, version_seen)
    with store.reading(here) as unit:
        assert unit.clients.find(mine.settings.id) == mine
        assert unit.clients.page(HYBRID, ("late",), ALL) == ()


def test_the_second_of_two_who_saw_one_version_is_refused(store: ports.Store, here: str) -> None:
    mine = client()
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        assert unit.clients.save(structs.replace(mine, version=2), 1)
    with recorded(store, here) as unit:
        assert not unit.clients.save(structs.replace(mine, version=2), 1)


def test_save_of_nobody_is_refused(store: ports.Store, here: str) -> None:
    with recorded(store, here) as unit:
        assert not unit.clients.save(client(), 1)
        assert unit.clients.count_all() == 0


def test_remove_takes_secrets_and_roles_along(store: ports.Store, here: str) -> None:
    mine, rest = client(CREDENTIALS, role_ids=(MEMBER,)), client(CREDENTIALS, role_ids=(MEMBER,))
    add_clients(store, here, mine, rest)
    with recorded(store, here) as unit:
        for item in (mine, rest):
            unit.clients.add_secret(item.settings.id, secret(), b"digest")
    with recorded(store, here) as unit:
        unit.clients.remove(mine.settings.id)
    with store.reading(here) as unit:
        assert unit.clients.secrets(mine.settings.id) == ()
        assert unit.clients.digests(mine.settings.id) == ()
        assert unit.clients.secret(mine.settings.id, 1) is None
        assert unit.directory.clients_in_role(MEMBER, ALL) == (rest,)
        assert unit.directory.count_clients_in_role(MEMBER) == 1
        assert len(unit.clients.secrets(rest.settings.id)) == 1


def test_a_client_of_the_same_id_inherits_nothing(store: ports.Store, here: str) -> None:
    mine = client(CREDENTIALS, role_ids=(MEMBER,), tags=("old",))
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        unit.clients.add_secret(mine.settings.id, secret(), b"digest")
        unit.clients.remove(mine.settings.id)
    heir = client(CREDENTIALS, mine.settings.id)
    add_clients(store, here, heir)
    with recorded(store, here) as unit:
        assert unit.clients.find(mine.settings.id) == heir
        assert unit.clients.secrets(mine.settings.id) == ()
        assert unit.clients.page(CREDENTIALS, ("old",), ALL) == ()
        assert unit.directory.count_clients_in_role(MEMBER) == 0


def test_unknown_roles_are_refused(store: ports.Store, here: str) -> None:
    mine = client(CREDENTIALS)
    add_clients(store, here, mine)
    before = seen(store, here)
    settings = structs.replace(mine.settings, role_ids=(guid(),))
    with refused(), recorded(store, here) as unit:
        unit.clients.add(client(CREDENTIALS, role_ids=(guid(),)))
    with refused(), recorded(store, here) as unit:
        unit.clients.save(structs.replace(mine, settings=settings, version=2), 1)
    assert seen(store, here) == before


def test_roles_of_another_tenant_are_refused(store: ports.Store, here: str, there: str) -> None:
    foreign = role()
    add_roles(store, there, foreign)
    with refused(), recorded(store, here) as unit:
        unit.clients.add(client(CREDENTIALS, role_ids=(foreign.id,)))
    with store.reading(there) as unit:
        assert unit.directory.count_clients_in_role(foreign.id) == 0
