"""No method of a tenant's stores shows or changes anything of another tenant (R-63, D-16).

The table has a row for each method of the protocols, or the first test fails.
"""

from typing import Protocol

import pytest

from gatepost import ports
from gatepost.model.tenants import MEMBER
from gatepost.ports import SecretUse
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    NOW,
    client,
    dump,
    event,
    found_tenant,
    guid,
    plus_member,
    recorded,
    role,
    secret,
    user,
)
from tests.stores.flow_examples import digest_of
from tests.stores.isolation_flows import fill_flows, flows_of
from tests.stores.isolation_rows import (
    EMAIL,
    MARK,
    REFUSED,
    SHARED_ROLE,
    SHARED_USER,
    Row,
    Scene,
)
from tests.stores.isolation_table import JOURNAL, TABLES
from tests.stores.portal_examples import password_link

pytestmark = pytest.mark.requirement("R-63", "D-16")

ROWS = [
    pytest.param(row, id=f"{protocol.__name__}.{name}")
    for protocol, rows in TABLES.items()
    for name, row in rows.items()
]


def methods_of(protocol: type) -> set[str]:
    """The names that a protocol declares or inherits."""
    return {name for name in dir(protocol) if not name.startswith("_")}


def stores_of_a_tenancy() -> set[object]:
    """The protocols of what hangs on a tenancy."""
    return {
        vars(ports.Tenancy)[name].fget.__annotations__["return"]
        for name in methods_of(ports.Tenancy)
    }


def missing(protocol: type, rows: dict[str, Row]) -> set[str]:
    """The methods without a row, and the rows without a method."""
    return methods_of(protocol) ^ set(rows)


@pytest.mark.parametrize("protocol", TABLES, ids=lambda protocol: protocol.__name__)
def test_every_method_has_a_row(protocol: type) -> None:
    assert missing(protocol, TABLES[protocol]) == set()


def test_every_store_of_a_tenancy_has_a_table() -> None:
    assert stores_of_a_tenancy() == set(TABLES)


def test_a_new_method_would_be_missed() -> None:
    class Grown(Protocol):
        """A protocol that got a method."""

        def head(self) -> None:
            """An old one."""

        def new(self) -> None:
            """The new one."""

    assert missing(Grown, {"head": JOURNAL["head"]}) == {"new"}


def test_no_method_of_a_tenants_stores_takes_a_tenant() -> None:
    for protocol in TABLES:
        for name in methods_of(protocol):
            names = getattr(protocol, name).__code__.co_varnames
            assert not [word for word in names if "tenant" in word]


def seen(store: ports.Store, tenant_id: str) -> object:
    """Everything that can be seen of a tenant, and what is found by the shared ids."""
    with store.reading(tenant_id) as unit:
        return dump(unit), flows_of(unit)


def fill(store: ports.Store, tenant_id: str, mark: str, *, size: int) -> tuple[str, str, str]:
    """Give a tenant a shared and own things that bear a mark; the ids of the last own ones."""
    last = ("", "", "")
    with recorded(store, tenant_id) as unit:
        for number in range(size):
            shared = number == 0
            own = role(f"{mark} role {number or ''}", SHARED_ROLE if shared else None)
            person = user(
                SHARED_USER if shared else None,
                surname=mark,
                email=EMAIL if shared else f"{number}@example.com",
                role_ids=(MEMBER, own.id),
            )
            machine = client(CREDENTIALS, name=mark, tags=("line-4",), role_ids=(MEMBER, own.id))
            last = (machine.settings.id, own.id, person.id)
            assert unit.directory.add_role(own)
            assert shared or unit.directory.reserve_id("user", person.id)
            assert unit.directory.add_user(person)
            unit.directory.set_password(person.id, f"${mark}", NOW, must_change=False)
            unit.directory.set_preferences(person.id, f'"{mark}"')
            link = password_link(person.id, email=mark)
            unit.directory.set_password_link(link, digest_of(tenant_id, "link", str(number or "")))
            assert unit.clients.add(machine)
            unit.clients.add_secret(
                last[0], secret(description=mark, expires_at=NOW), mark.encode()
            )
            unit.clients.note_uses([SecretUse(last[0], 0, 1, NOW)])
        fill_flows(unit, tenant_id, mark, client_id=last[0])
        unit.journal.append(event(target=mark, reason=mark))
    return last


@pytest.fixture
def scene(store: ports.Store) -> Scene:
    """A tenant that has three of everything, a twin that has one, and an empty one."""
    first, twin, empty = (found_tenant(store) for _ in range(3))
    client_id, role_id, user_id = fill(store, first, MARK, size=3)
    fill(store, twin, "twin", size=1)
    return Scene(first, twin, empty, client_id, role_id, user_id)


def call_in(store: ports.Store, tenant_id: str, row: Row, scene: Scene) -> object:
    """The result of a call in a writing unit, or that it was refused."""
    try:
        with store.writing(tenant_id) as unit:
            found = row.call(unit, scene)
            unit.journal.append(event())
    except Exception:  # noqa: BLE001  (each store has its own)
        return REFUSED
    return found


@pytest.mark.parametrize("row", ROWS)
def test_an_empty_tenant_sees_and_changes_nothing(
    store: ports.Store, scene: Scene, row: Row
) -> None:
    with recorded(store, scene.empty):
        pass
    others = seen(store, scene.first), seen(store, scene.twin)
    found = call_in(store, scene.empty, row, scene)
    assert found == row.empty
    assert MARK not in repr(found)
    assert (seen(store, scene.first), seen(store, scene.twin)) == others


@pytest.mark.parametrize("row", ROWS)
def test_a_twin_sees_and_changes_its_own(store: ports.Store, scene: Scene, row: Row) -> None:
    others = seen(store, scene.first), seen(store, scene.empty)
    found = call_in(store, scene.twin, row, scene)
    assert found == row.twin
    assert MARK not in repr(found)
    assert (seen(store, scene.first), seen(store, scene.empty)) == others


@pytest.mark.parametrize("row", ROWS)
def test_an_opened_tenancy_keeps_apart_too(store: ports.Store, scene: Scene, row: Row) -> None:
    others = seen(store, scene.first), seen(store, scene.empty)
    try:
        with store.writing_all() as deployment:
            deployment.open(scene.first).clients.find(scene.client_id)
            found: object = row.call(deployment.open(scene.twin), scene)
            deployment.open(scene.twin).journal.append(event())
    except Exception:  # noqa: BLE001  (each store has its own)
        found = REFUSED
    assert found == row.twin
    assert (seen(store, scene.first), seen(store, scene.empty)) == others


def test_nothing_of_the_first_is_in_what_others_see(store: ports.Store, scene: Scene) -> None:
    assert MARK in repr(seen(store, scene.first))
    for tenant_id in (scene.twin, scene.empty, guid()):
        shown = repr(seen(store, tenant_id))
        assert MARK not in shown
        assert scene.first not in shown
        assert scene.client_id not in shown


def test_what_the_twin_removes_stays_with_the_first(store: ports.Store, scene: Scene) -> None:
    before = seen(store, scene.first)
    with recorded(store, scene.twin) as unit:
        unit.directory.remove_role(SHARED_ROLE)
        unit.directory.remove_user(SHARED_USER)
        for kept in unit.clients.page(CREDENTIALS, (), ALL):
            unit.clients.remove(kept.settings.id)
    assert seen(store, scene.first) == before
    with store.reading(scene.first) as unit:
        kept_user = unit.directory.user(SHARED_USER)
        assert kept_user is not None
        assert kept_user.role_ids == plus_member(SHARED_ROLE)
