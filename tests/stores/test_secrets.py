"""Client secrets, whatever keeps them: numbers, digests, changes and counters of use."""

from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.clients import SecretDigest
from gatepost.ports import SecretUse
from tests.stores.examples import (
    LAST_MOMENT,
    NOW,
    SECRETS,
    add_clients,
    client,
    failing,
    guid,
    recorded,
    refused,
    secret,
    seen,
)

DIGEST = SECRETS.digest("open sesame")


@pytest.fixture
def owner(store: ports.Store, here: str) -> str:
    """The id of a client in the tenant `here`."""
    mine = client()
    add_clients(store, here, mine)
    return mine.settings.id


def add(store: ports.Store, tenant_id: str, client_id: str, count: int = 1) -> list[int]:
    with recorded(store, tenant_id) as unit:
        return [unit.clients.add_secret(client_id, secret(), DIGEST).id for _ in range(count)]


def test_a_secret_comes_back_under_its_number(store: ports.Store, here: str, owner: str) -> None:
    given = secret(description="Ünï 名前 🔑", expires_at=LAST_MOMENT, created_by="client:ä")
    with recorded(store, here) as unit:
        kept = unit.clients.add_secret(owner, given, DIGEST)
    assert kept == structs.replace(given, id=1)
    with store.reading(here) as unit:
        assert unit.clients.secret(owner, 1) == kept
        assert unit.clients.secrets(owner) == (kept,)
        wanted = SecretDigest(id=1, digest=DIGEST, expires_at=LAST_MOMENT)
        assert unit.clients.digests(owner) == (wanted,)


def test_absent_members_come_back_absent(store: ports.Store, here: str, owner: str) -> None:
    with recorded(store, here) as unit:
        kept = unit.clients.add_secret(owner, secret(description=None), b"\x00\xff")
    with store.reading(here) as unit:
        assert unit.clients.secret(owner, 1) == kept
        assert (kept.description, kept.expires_at, kept.first_used_at) == (None, None, None)
        assert unit.clients.digests(owner)[0].digest == b"\x00\xff"


def test_numbers_count_up_for_each_client(store: ports.Store, here: str, owner: str) -> None:
    other = client()
    add_clients(store, here, other)
    assert add(store, here, owner, 2) == [1, 2]
    assert add(store, here, other.settings.id, 1) == [1]
    assert add(store, here, owner, 9) == list(range(3, 12))
    with store.reading(here) as unit:
        assert [kept.id for kept in unit.clients.secrets(owner)] == list(range(1, 12))
        assert sorted(kept.id for kept in unit.clients.digests(owner)) == list(range(1, 12))


def test_numbers_never_return(store: ports.Store, here: str, owner: str) -> None:
    add(store, here, owner, 3)
    with recorded(store, here) as unit:
        unit.clients.remove_secret(owner, 3)
        unit.clients.remove_secret(owner, 1)
    assert add(store, here, owner) == [4]
    with recorded(store, here) as unit:
        unit.clients.remove_secret(owner, 2)
        unit.clients.remove_secret(owner, 4)
        assert unit.clients.secrets(owner) == ()
    assert add(store, here, owner) == [5]


def test_a_change_of_settings_leaves_numbers_alone(
    store: ports.Store, here: str, owner: str
) -> None:
    add(store, here, owner, 2)
    with recorded(store, here) as unit:
        kept = unit.clients.find(owner)
        assert kept is not None
        assert unit.clients.save(structs.replace(kept, version=2), 1)
        assert len(unit.clients.secrets(owner)) == 2
    assert add(store, here, owner) == [3]


def test_a_number_taken_in_a_unit_that_failed_is_given_again(
    store: ports.Store, here: str, owner: str
) -> None:
    with failing(recorded(store, here)) as unit:
        assert unit.clients.add_secret(owner, secret(), DIGEST).id == 1
    assert add(store, here, owner) == [1]


def test_nobody_has_no_secrets(store: ports.Store, here: str) -> None:
    with store.reading(here) as unit:
        assert unit.clients.secrets(guid()) == ()
        assert unit.clients.digests(guid()) == ()
        assert unit.clients.secret(guid(), 1) is None
    with refused(), recorded(store, here) as unit:
        unit.clients.add_secret(guid(), secret(), DIGEST)


def test_save_changes_description_and_expiry_only(
    store: ports.Store, here: str, owner: str
) -> None:
    add(store, here, owner, 2)
    use_it(store, here, SecretUse(owner, 1, 3, NOW))
    with recorded(store, here) as unit:
        first, second = unit.clients.secrets(owner)
        given = structs.replace(
            first,
            description="summer",
            expires_at=NOW,
            created_by="nobody",
            created_at=NOW + timedelta(days=9),
            use_count=0,
            first_used_at=None,
            last_used_at=None,
        )
        unit.clients.save_secret(owner, given)
    wanted = structs.replace(first, description="summer", expires_at=NOW)
    with store.reading(here) as unit:
        assert unit.clients.secrets(owner) == (wanted, second)
        by_id = {kept.id: kept for kept in unit.clients.digests(owner)}
        assert by_id[1] == SecretDigest(id=1, digest=DIGEST, expires_at=NOW)
    with recorded(store, here) as unit:
        unit.clients.save_secret(owner, structs.replace(wanted, description=None, expires_at=None))
        cleared = unit.clients.secret(owner, 1)
    assert cleared == structs.replace(wanted, description=None, expires_at=None)


def test_save_and_remove_of_what_is_missing_do_nothing(
    store: ports.Store, here: str, owner: str
) -> None:
    add(store, here, owner)
    before = seen(store, here)["secrets"]
    with recorded(store, here) as unit:
        unit.clients.save_secret(owner, secret(id=7))
        unit.clients.save_secret(guid(), secret(id=1))
        unit.clients.remove_secret(owner, 7)
        unit.clients.remove_secret(guid(), 1)
    assert seen(store, here)["secrets"] == before


def test_remove_takes_the_digest_along(store: ports.Store, here: str, owner: str) -> None:
    add(store, here, owner, 2)
    with recorded(store, here) as unit:
        unit.clients.remove_secret(owner, 1)
    with store.reading(here) as unit:
        assert [kept.id for kept in unit.clients.secrets(owner)] == [2]
        assert [kept.id for kept in unit.clients.digests(owner)] == [2]
        assert unit.clients.secret(owner, 1) is None


def use_it(store: ports.Store, tenant_id: str, *uses: SecretUse) -> None:
    with store.writing(tenant_id) as unit:
        unit.clients.note_uses(uses)


def test_uses_add_up_without_an_event(store: ports.Store, here: str, owner: str) -> None:
    add(store, here, owner, 2)
    soon, late = NOW + timedelta(microseconds=1), LAST_MOMENT
    journal = seen(store, here)["journal"]
    use_it(store, here, SecretUse(owner, 1, 2, soon))
    use_it(store, here, SecretUse(owner, 1, 40, late), SecretUse(owner, 2, 1, NOW))
    with store.reading(here) as unit:
        first, second = unit.clients.secrets(owner)
    assert (first.first_used_at, first.last_used_at, first.use_count) == (soon, late, 42)
    assert (second.first_used_at, second.last_used_at, second.use_count) == (NOW, NOW, 1)
    assert seen(store, here)["journal"] == journal


def test_last_use_never_goes_back(store: ports.Store, here: str, owner: str) -> None:
    add(store, here, owner)
    late = NOW + timedelta(hours=1)
    use_it(store, here, SecretUse(owner, 1, 1, late), SecretUse(owner, 1, 1, NOW))
    with store.reading(here) as unit:
        kept = unit.clients.secret(owner, 1)
    assert kept is not None
    assert (kept.first_used_at, kept.last_used_at, kept.use_count) == (late, late, 2)


def test_uses_of_what_is_gone_are_dropped(store: ports.Store, here: str, owner: str) -> None:
    add(store, here, owner)
    before = seen(store, here)
    use_it(store, here, SecretUse(guid(), 1, 1, NOW))
    use_it(store, here)
    assert seen(store, here) == before
    # the client was used all the same
    use_it(store, here, SecretUse(owner, 9, 1, NOW))
    assert seen(store, here)["secrets"] == before["secrets"]


def test_no_digest_is_shown(store: ports.Store, here: str, owner: str) -> None:
    add(store, here, owner)
    with store.reading(here) as unit:
        shown = repr((unit.clients.digests(owner), unit.clients.secrets(owner)))
    assert repr(DIGEST) not in shown
    assert DIGEST.hex() not in shown


@pytest.mark.requirement("D-02")
def test_a_digest_is_made_anew_where_it_is_as_it_was(
    store: ports.Store, here: str, owner: str
) -> None:
    add(store, here, owner, 2)
    with store.writing(here) as unit:
        assert unit.clients.renew_digest(owner, 1, DIGEST, b"new")
        assert not unit.clients.renew_digest(owner, 1, DIGEST, b"newer")
        assert not unit.clients.renew_digest(owner, 3, DIGEST, b"new")
        assert not unit.clients.renew_digest(guid(), 1, DIGEST, b"new")
    with store.reading(here) as unit:
        kept = {known.id: known.digest for known in unit.clients.digests(owner)}
        assert kept == {1: b"new", 2: DIGEST}
        assert [known.use_count for known in unit.clients.secrets(owner)] == [0, 0]
