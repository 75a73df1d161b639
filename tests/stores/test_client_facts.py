"""What a card of a client is made of is what its tenant's stores say of it, in each store."""

from collections.abc import Callable

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import StoredClient
from gatepost.model.tenants import MEMBER, VIEWER
from gatepost.ports import ClientFacts, Tenancy
from tests.stores.examples import (
    CREDENTIALS,
    HYBRID,
    LAST_MOMENT,
    add_clients,
    client,
    guid,
    recorded,
    role,
    secret,
)


def told(unit: Tenancy, tenant_id: str, client_id: str) -> ClientFacts | None:
    """The same, asked one by one."""
    known = unit.clients.find(client_id)
    if known is None:
        return None
    roles = unit.directory.some_roles(getattr(known.settings, "role_ids", ()))
    return ClientFacts(
        tenant_id,
        known,
        unit.clients.digests(client_id),
        tuple(role.id for role in roles),
        tuple(role.type_id for role in roles if role.type_id is not None),
    )


def assert_same(store: ports.Store, tenant_id: str, client_id: str) -> ClientFacts:
    """The facts, after it was seen that both ways say the same."""
    with store.reading(tenant_id) as unit:
        wanted = told(unit, tenant_id, client_id)
    found = store.client_facts(client_id)
    assert found is not None
    assert wanted is not None
    by_id = sorted(found.digests, key=lambda digest: digest.id)
    assert found._replace(digests=()) == wanted._replace(digests=())
    assert by_id == sorted(wanted.digests, key=lambda digest: digest.id)
    return found


@pytest.mark.parametrize("kind", [kind.name for kind in CLIENT_KINDS])
def test_each_kind_of_client_comes_back_whole(store: ports.Store, here: str, kind: str) -> None:
    mine = client(kind, name="Kühlhaus 📦", tags=("line-4",))
    add_clients(store, here, mine)
    found = assert_same(store, here, mine.settings.id)
    assert found.tenant_id == here
    assert found.client == mine
    assert found.digests == ()


def test_secrets_come_with_their_numbers_and_ends(store: ports.Store, here: str) -> None:
    mine = client(HYBRID)
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        for number, end in enumerate((None, LAST_MOMENT, None)):
            made = secret(expires_at=end)
            unit.clients.add_secret(mine.settings.id, made, f"digest {number}".encode())
        unit.clients.remove_secret(mine.settings.id, 1)
    found = assert_same(store, here, mine.settings.id)
    kept = sorted((it.id, it.digest, it.expires_at) for it in found.digests if it.id == 2)
    assert kept == [(2, b"digest 1", LAST_MOMENT)]
    assert {it.id for it in found.digests} == {2, 3}


def test_roles_come_with_their_types(store: ports.Store, here: str) -> None:
    own = role()
    with store.reading(here) as unit:
        viewer = unit.directory.role_of_type(VIEWER)
    assert viewer is not None
    mine = client(CREDENTIALS, role_ids=tuple(sorted((MEMBER, viewer.id, own.id))))
    with recorded(store, here) as unit:
        assert unit.directory.add_role(own)
        assert unit.clients.add(mine)
    found = assert_same(store, here, mine.settings.id)
    assert set(found.role_ids) == {MEMBER, viewer.id, own.id}
    assert set(found.role_types) == {MEMBER, VIEWER}
    with recorded(store, here) as unit:
        unit.directory.remove_role(own.id)
    assert own.id not in assert_same(store, here, mine.settings.id).role_ids


def _disabled(known: StoredClient) -> StoredClient:
    settings = structs.replace(known.settings, enabled=False)
    return structs.replace(known, settings=settings, version=2)


def _renamed(known: StoredClient) -> StoredClient:
    return structs.replace(known, settings=structs.replace(known.settings, name="New"), version=2)


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize("change", [_disabled, _renamed])
def test_a_change_is_in_them_from_its_commit_on(
    store: ports.Store, here: str, change: Callable[[StoredClient], StoredClient]
) -> None:
    mine = client(CREDENTIALS)
    add_clients(store, here, mine)
    changed = change(mine)
    with recorded(store, here) as unit:
        assert unit.clients.save(changed, 1)
    assert assert_same(store, here, mine.settings.id).client == changed
    with recorded(store, here) as unit:
        unit.clients.remove(mine.settings.id)
    assert store.client_facts(mine.settings.id) is None


@pytest.mark.requirement("R-63")
def test_of_an_unknown_client_there_are_none(store: ports.Store, here: str, there: str) -> None:
    mine, other = client(CREDENTIALS), client(HYBRID)
    add_clients(store, here, mine)
    add_clients(store, there, other)
    for unknown in (guid(), "", mine.settings.id.upper(), here, "' OR 1=1 --"):
        assert store.client_facts(unknown) is None
    assert assert_same(store, there, other.settings.id).tenant_id == there
    assert assert_same(store, here, mine.settings.id).tenant_id == here
