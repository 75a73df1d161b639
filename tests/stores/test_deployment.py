"""What crosses tenants, whatever keeps it: tenants, the key check, signing keys."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.errors import UnrecordedChange
from gatepost.model.events import DEPLOYMENT, Action
from gatepost.model.keys import SigningKey
from tests.stores.examples import (
    NOW,
    add_clients,
    client,
    event,
    failing,
    guid,
    recorded,
    refused,
    seen,
    signing_key,
    tenant,
)


def add_keys(store: ports.Store, *keys: SigningKey) -> None:
    with store.writing_all() as deployment:
        for key in keys:
            deployment.add_signing_key(key)
        deployment.open(DEPLOYMENT).journal.append(event(action=Action.KEY_ADDED))


def keys_of(store: ports.Store) -> dict[str, SigningKey]:
    with store.reading_all() as deployment:
        return {key.kid: key for key in deployment.signing_keys()}


def test_an_empty_store_has_nothing(empty_store: ports.Store) -> None:
    with empty_store.reading_all() as deployment:
        assert deployment.tenants() == ()
        assert deployment.signing_keys() == ()
        assert deployment.key_check() is None
        assert deployment.tenant_of_client(guid()) is None


def test_tenants_are_in_order_of_creation_then_id(empty_store: ports.Store) -> None:
    ages = [(2, "b"), (1, "z"), (2, "a"), (0, "m"), (2, "B")]
    tenants = [
        tenant(id_, created_at=NOW + timedelta(microseconds=age), name=f"Ünï {id_} 🏭")
        for age, id_ in ages
    ]
    with empty_store.writing_all() as deployment:
        assert all(deployment.add_tenant(item) for item in tenants)
        deployment.open("m").journal.append(event())
    with empty_store.reading_all() as deployment:
        found = deployment.tenants()
    assert [item.id for item in found] == ["m", "z", "B", "a", "b"]
    assert set(found) == set(tenants)


def test_a_tenant_id_is_taken(store: ports.Store, here: str) -> None:
    before = seen(store, here)["tenant"]
    with store.writing_all() as deployment:
        deployment.open(DEPLOYMENT).journal.append(event())
        assert not deployment.add_tenant(tenant(here, name="Another"))
    assert seen(store, here)["tenant"] == before


def test_the_tenant_of_a_client(store: ports.Store, here: str, there: str) -> None:
    mine, other = client(), client("device_code")
    add_clients(store, here, mine)
    add_clients(store, there, other)
    with store.reading_all() as deployment:
        assert deployment.tenant_of_client(mine.settings.id) == here
        assert deployment.tenant_of_client(other.settings.id) == there
        assert deployment.tenant_of_client(guid()) is None
    with recorded(store, here) as unit:
        unit.clients.remove(mine.settings.id)
    with store.reading_all() as deployment:
        assert deployment.tenant_of_client(mine.settings.id) is None


def test_a_key_comes_back(store: ports.Store) -> None:
    key = signing_key(
        algorithm="ES256",
        public_jwk={"kty": "EC", "x": "ü-_", "crv": "P-256"},
        sealed_private=bytes(range(256)),
        active_from=datetime(1970, 1, 1, tzinfo=UTC),
        retained_from=NOW,
        removed_from=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    )
    plain = signing_key()
    add_keys(store, key, plain)
    kept = keys_of(store)
    assert kept[key.kid] == key
    assert kept[plain.kid] == plain
    assert type(kept[key.kid].sealed_private) is bytes


def test_a_key_is_added_once(store: ports.Store) -> None:
    key = signing_key()
    add_keys(store, key)
    with refused():
        add_keys(store, structs.replace(key, sealed_private=b"another"))
    assert keys_of(store)[key.kid] == key


def test_only_the_phases_of_a_key_change(store: ports.Store) -> None:
    key, other = signing_key(), signing_key()
    add_keys(store, key, other)
    changed = structs.replace(
        key,
        active_from=NOW + timedelta(days=1),
        retained_from=NOW + timedelta(days=2),
        removed_from=NOW + timedelta(days=3),
    )
    with store.writing_all() as deployment:
        deployment.save_key_phases(
            structs.replace(
                changed, sealed_private=b"?", public_jwk={}, algorithm="PS256", created_at=NOW
            )
        )
        deployment.save_key_phases(signing_key())
        deployment.open(DEPLOYMENT).journal.append(event())
    assert keys_of(store)[key.kid] == changed
    assert keys_of(store)[other.kid] == other
    back = structs.replace(changed, retained_from=None, removed_from=None)
    with store.writing_all() as deployment:
        deployment.save_key_phases(back)
        deployment.open(DEPLOYMENT).journal.append(event())
    assert keys_of(store)[key.kid] == back


def test_removed_keys_are_still_listed(store: ports.Store) -> None:
    key = signing_key(removed_from=datetime(1970, 1, 2, tzinfo=UTC))
    add_keys(store, key)
    assert keys_of(store)[key.kid] == key


def test_the_key_check_is_kept_once_and_without_an_event(empty_store: ports.Store) -> None:
    with empty_store.writing_all() as deployment:
        deployment.set_key_check(b"\x00first\xff")
        assert deployment.key_check() == b"\x00first\xff"
    with refused(), empty_store.writing_all() as deployment:
        deployment.set_key_check(b"second")
    with empty_store.reading_all() as deployment:
        assert deployment.key_check() == b"\x00first\xff"


def test_a_key_is_removed_with_an_event(store: ports.Store) -> None:
    key, other = signing_key(), signing_key()
    add_keys(store, key, other)
    with store.writing_all() as deployment:
        assert deployment.remove_signing_key(key.kid)
        assert not deployment.remove_signing_key(key.kid)
        deployment.open(DEPLOYMENT).journal.append(event(action=Action.KEY_REMOVED))
    assert key.kid not in keys_of(store)
    assert keys_of(store)[other.kid] == other
    with pytest.raises(UnrecordedChange), store.writing_all() as deployment:
        assert deployment.remove_signing_key(other.kid)
    assert keys_of(store)[other.kid] == other


def test_a_new_master_key_is_noted_and_then_used(empty_store: ports.Store) -> None:
    first, second, third = b"\x01a", b"\x02b", b"\x03c"
    with empty_store.reading_all() as deployment:
        assert deployment.key_checks() == ()
    with empty_store.writing_all() as deployment:
        deployment.set_key_check(first)
        deployment.note_key_check(second)
        deployment.note_key_check(b"\x02another")
    with empty_store.reading_all() as deployment:
        assert deployment.key_check() == first
        assert deployment.key_checks() == (first, second)
    with pytest.raises(UnrecordedChange), empty_store.writing_all() as deployment:
        deployment.use_key(second)
    for value in (second, third):
        with empty_store.writing_all() as deployment:
            deployment.use_key(value)
            deployment.open(DEPLOYMENT).journal.append(event(action=Action.MASTER_KEY_USED))
    with empty_store.reading_all() as deployment:
        assert deployment.key_check() == third
        assert deployment.key_checks() == (first, second, third)


def test_a_master_key_that_comes_into_use_moves_the_epoch(empty_store: ports.Store) -> None:
    with empty_store.writing_all() as deployment:
        deployment.set_key_check(b"\x01a")
    look = getattr(empty_store, "look", lambda: None)
    look()
    before = empty_store.epochs.of(DEPLOYMENT)
    with empty_store.writing_all() as deployment:
        deployment.use_key(b"\x02b")
        deployment.open(DEPLOYMENT).journal.append(event(action=Action.MASTER_KEY_USED))
    look()
    assert empty_store.epochs.of(DEPLOYMENT) != before


def test_changes_of_the_deployment_need_an_event(store: ports.Store) -> None:
    founded, key, known = tenant(), signing_key(), signing_key()
    add_keys(store, known)
    with pytest.raises(UnrecordedChange), store.writing_all() as deployment:
        assert deployment.add_tenant(founded)
    with pytest.raises(UnrecordedChange), store.writing_all() as deployment:
        deployment.add_signing_key(key)
    with pytest.raises(UnrecordedChange), store.writing_all() as deployment:
        deployment.save_key_phases(structs.replace(known, removed_from=NOW))
    with store.reading_all() as deployment:
        assert deployment.open(founded.id).directory.tenant() is None
        assert founded not in deployment.tenants()
    assert key.kid not in keys_of(store)
    assert keys_of(store)[known.kid] == known


def test_an_event_in_any_tenancy_of_the_unit_is_enough(store: ports.Store, here: str) -> None:
    founded = tenant()
    with store.writing_all() as deployment:
        assert deployment.add_tenant(founded)
        deployment.open(here).journal.append(event())
    assert seen(store, founded.id)["tenant"] == founded


def test_tenancies_share_the_unit(store: ports.Store, here: str, there: str) -> None:
    one, other = client(), client()
    before = seen(store, here), seen(store, there)
    with failing(store.writing_all()) as deployment:
        for tenant_id, item in ((here, one), (there, other)):
            assert deployment.open(tenant_id).clients.add(item)
            deployment.open(tenant_id).journal.append(event())
            assert deployment.tenant_of_client(item.settings.id) == tenant_id
    assert (seen(store, here), seen(store, there)) == before


def test_an_opened_tenancy_sees_its_tenant_only(store: ports.Store, here: str, there: str) -> None:
    mine = client()
    add_clients(store, here, mine)
    with store.reading_all() as deployment:
        assert deployment.open(here).clients.find(mine.settings.id) == mine
        assert deployment.open(there).clients.find(mine.settings.id) is None
