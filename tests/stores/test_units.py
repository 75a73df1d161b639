"""Transactions, whatever runs them: whole or not at all, and never without an event (R-78)."""

from collections.abc import Callable

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.model.tenants import MEMBER
from gatepost.ports import SecretUse, Tenancy
from tests.memory_store import MemoryStore
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    HYBRID,
    NOW,
    SECRETS,
    client,
    dump,
    event,
    failing,
    found_tenant,
    guid,
    recorded,
    refused,
    role,
    secret,
    seen,
    user,
)

ROLE = role("The one role")
USER = user("the-one-user", email="kim@example.com", role_ids=(MEMBER, ROLE.id))


class Filled:
    """A tenant with one of everything."""

    def __init__(self, store: ports.Store) -> None:
        self.id = found_tenant(store)
        self.client = client(CREDENTIALS, role_ids=(MEMBER, ROLE.id), tags=("line-4",))
        self.client_id = self.client.settings.id
        with recorded(store, self.id) as unit:
            assert unit.directory.add_role(ROLE)
            assert unit.directory.add_user(USER)
            unit.directory.set_password(USER.id, "$phc", NOW, must_change=False)
            unit.directory.set_preferences(USER.id, "{}")
            assert unit.clients.add(self.client)
            unit.clients.add_secret(self.client_id, secret(), b"digest")
            kept = unit.clients.find(self.client_id)
        assert kept is not None
        self.client = kept


@pytest.fixture
def filled(store: ports.Store) -> Filled:
    """A new tenant with one of everything."""
    return Filled(store)


CHANGES: dict[str, Callable[[Tenancy, Filled], object]] = {
    "add": lambda unit, _: unit.clients.add(client()),
    "save": lambda unit, it: unit.clients.save(
        structs.replace(it.client, updated_at=NOW, version=2), 1
    ),
    "remove": lambda unit, it: unit.clients.remove(it.client_id),
    "add_secret": lambda unit, it: unit.clients.add_secret(it.client_id, secret(), b"digest"),
    "save_secret": lambda unit, it: unit.clients.save_secret(
        it.client_id, secret(id=1, description="changed")
    ),
    "remove_secret": lambda unit, it: unit.clients.remove_secret(it.client_id, 1),
    "add_role": lambda unit, _: unit.directory.add_role(role()),
    "save_role": lambda unit, _: unit.directory.save_role(structs.replace(ROLE, name="Changed")),
    "remove_role": lambda unit, _: unit.directory.remove_role(ROLE.id),
    "add_user": lambda unit, _: unit.directory.add_user(user()),
    "save_user": lambda unit, _: unit.directory.save_user(
        structs.replace(USER, surname="Changed", version=2), 1
    ),
    "remove_user": lambda unit, _: unit.directory.remove_user(USER.id),
    "set_password": lambda unit, _: unit.directory.set_password(
        USER.id, "$other", NOW, must_change=True
    ),
    "set_preferences": lambda unit, _: unit.directory.set_preferences(USER.id, "[]"),
}

NO_CHANGES: dict[str, Callable[[Tenancy, Filled], object]] = {
    "reads": lambda unit, _: dump(unit),
    "add": lambda unit, it: unit.clients.add(client(HYBRID, it.client_id)),
    "save": lambda unit, it: unit.clients.save(structs.replace(it.client, version=8), 7),
    "remove": lambda unit, _: unit.clients.remove(guid()),
    "save_secret": lambda unit, it: unit.clients.save_secret(it.client_id, secret(id=9)),
    "remove_secret": lambda unit, it: unit.clients.remove_secret(it.client_id, 9),
    "add_role": lambda unit, _: unit.directory.add_role(role(ROLE.name)),
    "save_role": lambda unit, _: unit.directory.save_role(role()),
    "remove_role": lambda unit, _: unit.directory.remove_role(guid()),
    "add_user": lambda unit, _: unit.directory.add_user(user(email=USER.email)),
    "save_user": lambda unit, _: unit.directory.save_user(structs.replace(USER, version=8), 7),
    "remove_user": lambda unit, _: unit.directory.remove_user(guid()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_with_an_event_is_kept(store: ports.Store, filled: Filled, name: str) -> None:
    before = seen(store, filled.id)
    with store.writing(filled.id) as unit:
        CHANGES[name](unit, filled)
        unit.journal.append(event())
        inside = dump(unit)
    after = seen(store, filled.id)
    assert after == inside
    changed = {key for key in after if after[key] != before[key]}
    assert changed > {"journal", "head"}


@pytest.mark.parametrize("name", CHANGES)
def test_no_event_no_change(store: ports.Store, filled: Filled, name: str) -> None:
    before = seen(store, filled.id)
    with pytest.raises(UnrecordedChange), store.writing(filled.id) as unit:
        CHANGES[name](unit, filled)
    assert seen(store, filled.id) == before


@pytest.mark.parametrize("name", CHANGES)
def test_an_exception_undoes_everything(store: ports.Store, filled: Filled, name: str) -> None:
    before = seen(store, filled.id)
    with failing(store.writing(filled.id)) as unit:
        unit.journal.append(event())
        CHANGES[name](unit, filled)
        unit.clients.note_uses([SecretUse(filled.client_id, 1, 1, NOW)])
    assert seen(store, filled.id) == before


@pytest.mark.parametrize("way_out", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_any_way_out_undoes_everything(
    store: ports.Store, filled: Filled, way_out: type[BaseException]
) -> None:
    before = seen(store, filled.id)
    with failing(recorded(store, filled.id), way_out) as unit:
        unit.directory.remove_user(USER.id)
    assert seen(store, filled.id) == before


@pytest.mark.parametrize("name", NO_CHANGES)
def test_what_changed_nothing_needs_no_event(store: ports.Store, filled: Filled, name: str) -> None:
    before = seen(store, filled.id)
    with store.writing(filled.id) as unit:
        assert NO_CHANGES[name](unit, filled) or True
    assert seen(store, filled.id) == before


@pytest.mark.parametrize("name", CHANGES)
def test_a_reading_unit_changes_nothing(store: ports.Store, filled: Filled, name: str) -> None:
    before = seen(store, filled.id)
    with refused(), store.reading(filled.id) as unit:
        CHANGES[name](unit, filled)
    assert seen(store, filled.id) == before


def test_a_reading_unit_keeps_no_books_and_no_events(store: ports.Store, filled: Filled) -> None:
    before = seen(store, filled.id)
    with refused(), store.reading(filled.id) as unit:
        unit.clients.note_uses([SecretUse(filled.client_id, 1, 1, NOW)])
    with refused(), store.reading(filled.id) as unit:
        unit.journal.append(event())
    assert seen(store, filled.id) == before


def test_an_event_alone_is_kept(store: ports.Store, here: str) -> None:
    with store.writing(here) as unit:
        link = unit.journal.append(event())
    with store.reading(here) as unit:
        assert unit.journal.entries(1, 9) == (link,)


def test_a_unit_sees_its_own_changes(store: ports.Store, filled: Filled) -> None:
    with recorded(store, filled.id) as unit:
        for name in sorted(CHANGES, key=lambda name: name.startswith("remove")):
            CHANGES[name](unit, filled)
        assert unit.clients.find(filled.client_id) is None
        assert unit.directory.user(USER.id) is None
        assert unit.directory.count_users() == 1
        assert len(unit.clients.page(HYBRID, (), ALL)) == 1


def test_after_a_failed_unit_the_store_goes_on(store: ports.Store, filled: Filled) -> None:
    for _ in range(40):
        with pytest.raises(UnrecordedChange), store.writing(filled.id) as unit:
            unit.directory.remove_user(USER.id)
    with recorded(store, filled.id) as unit:
        unit.directory.remove_user(USER.id)
    with store.reading(filled.id) as unit:
        assert unit.directory.user(USER.id) is None


@pytest.mark.parametrize("name", ["add", "add_role", "add_user"])
def test_nothing_is_added_to_a_tenant_that_is_not_there(store: ports.Store, name: str) -> None:
    nobody, adding = (
        guid(),
        {
            "add": lambda unit: unit.clients.add(client()),
            "add_role": lambda unit: unit.directory.add_role(role()),
            "add_user": lambda unit: unit.directory.add_user(user()),
        },
    )
    with store.reading(nobody) as unit:
        assert unit.directory.tenant() is None
    with refused(), store.writing_all() as deployment:
        deployment.open("").journal.append(event())
        adding[name](deployment.open(nobody))
    with store.reading(nobody) as unit:
        assert unit.clients.count_all() == 0
        assert unit.directory.count_roles(None) == unit.directory.count_users() == 0


def test_a_nested_writing_unit_is_an_error_in_memory() -> None:
    store = MemoryStore(SECRETS)
    here = found_tenant(store)
    with recorded(store, here):
        with pytest.raises(RuntimeError, match="open already"), store.writing(here):
            pass
        with pytest.raises(RuntimeError, match="open already"), store.writing_all():
            pass
    with recorded(store, here) as unit:
        assert unit.directory.add_role(role())


def test_a_unit_in_memory_is_of_no_use_when_it_is_over() -> None:
    store = MemoryStore(SECRETS)
    here = found_tenant(store)
    with store.reading(here) as unit:
        pass
    with pytest.raises(RuntimeError, match="over"):
        unit.directory.tenant()
