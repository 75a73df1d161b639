"""Clients, whatever keeps them: adding, finding, paging, counting."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.tenants import MEMBER
from gatepost.ports import PageOf
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    HYBRID,
    NOW,
    add_clients,
    add_roles,
    client,
    found_tenant,
    guid,
    ids_of,
    plus_member,
    recorded,
    role,
    seen,
)

KINDS = [kind.name for kind in CLIENT_KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_comes_back_as_it_went_in(store: ports.Store, here: str, kind: str) -> None:
    mine = client(kind, tags=("zeta", "Äpfel 🍏", "alpha"), enabled=False, name="Ünïcode  名前 𝄞")
    add_clients(store, here, mine)
    with store.reading(here) as unit:
        assert unit.clients.get(kind, mine.settings.id) == mine
        assert unit.clients.find(mine.settings.id) == mine
        assert unit.clients.page(kind, (), ALL) == (mine,)
        assert unit.clients.some(kind, [mine.settings.id], ()) == (mine,)


@pytest.mark.parametrize("kind", ["hybrid", "authorization_code"])
def test_lists_and_absent_members_come_back(store: ports.Store, here: str, kind: str) -> None:
    mine = client(
        kind,
        redirect_uris=("https://b.example.com/%2Fcb?x=1", "https://a.example.com/"),
        post_logout_redirect_uris=("com.example.app:/out",),
        client_uri=None,
        logo_uri="https://example.com/logo.svg",
        allow_offline_access=True,
    )
    add_clients(store, here, mine)
    with store.reading(here) as unit:
        assert unit.clients.find(mine.settings.id) == mine


def test_origins_come_back_in_their_order(store: ports.Store, here: str) -> None:
    origins = ("https://z.example.com", "http://localhost:3000", "https://a.example.com")
    mine = client("authorization_code", allowed_cors_origins=origins)
    add_clients(store, here, mine)
    with store.reading(here) as unit:
        assert unit.clients.find(mine.settings.id) == mine


def test_role_ids_come_back_each_once_in_ascending_order(store: ports.Store, here: str) -> None:
    one, other = role(), role()
    add_roles(store, here, one, other)
    given = (other.id, MEMBER, one.id, MEMBER)
    mine = client(CREDENTIALS, role_ids=given)
    add_clients(store, here, mine)
    settings = structs.replace(mine.settings, role_ids=plus_member(one.id, other.id))
    with store.reading(here) as unit:
        assert unit.clients.find(mine.settings.id) == structs.replace(mine, settings=settings)


@pytest.mark.parametrize("kind", KINDS)
def test_get_asks_for_the_kind(store: ports.Store, here: str, kind: str) -> None:
    mine = client(kind)
    add_clients(store, here, mine)
    with store.reading(here) as unit:
        assert [k for k in KINDS if unit.clients.get(k, mine.settings.id)] == [kind]
        assert [k for k in KINDS if unit.clients.some(k, [mine.settings.id], ())] == [kind]
        assert [k for k in KINDS if unit.clients.page(k, (), ALL)] == [kind]
        assert [k for k in KINDS if unit.clients.count(k, ())] == [kind]


def test_what_is_missing_is_none(store: ports.Store, here: str) -> None:
    with store.reading(here) as unit:
        assert unit.clients.get(HYBRID, guid()) is None
        assert unit.clients.find(guid()) is None
        assert unit.clients.page(HYBRID, (), ALL) == ()
        assert unit.clients.some(HYBRID, [guid()], ()) == ()
        assert unit.clients.some(HYBRID, [], ()) == ()
        assert unit.clients.count(HYBRID, ()) == unit.clients.count_all() == 0


def test_an_id_is_taken_in_the_tenant_by_any_kind(store: ports.Store, here: str) -> None:
    mine = client(HYBRID)
    add_clients(store, here, mine)
    before = seen(store, here)["clients"]
    with recorded(store, here) as unit:
        assert not unit.clients.add(client(HYBRID, mine.settings.id))
        assert not unit.clients.add(client(CREDENTIALS, mine.settings.id, tags=("new",)))
    assert seen(store, here)["clients"] == before


def test_an_id_is_taken_in_the_deployment(store: ports.Store, here: str, there: str) -> None:
    mine = client(HYBRID)
    add_clients(store, here, mine)
    with recorded(store, there) as unit:
        assert not unit.clients.add(client(HYBRID, mine.settings.id))
        assert unit.clients.count_all() == unit.clients.count(HYBRID, ()) == 0
        assert unit.clients.find(mine.settings.id) is None


def test_ids_differ_by_case(store: ports.Store, here: str) -> None:
    word = f"a{guid()}"
    add_clients(store, here, client(id_=word), client(id_=word.upper()))
    with store.reading(here) as unit:
        assert ids_of(unit.clients.page(HYBRID, (), ALL)) == [word, word.upper()]


def test_an_id_is_free_again_after_removal(store: ports.Store, here: str, there: str) -> None:
    mine = client(HYBRID)
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        unit.clients.remove(mine.settings.id)
    add_clients(store, there, mine)
    with store.reading(here) as unit:
        assert unit.clients.find(mine.settings.id) is None
    with store.reading(there) as unit:
        assert unit.clients.find(mine.settings.id) == mine


def test_pages_are_in_order_of_creation_then_id(store: ports.Store, here: str) -> None:
    stem = guid()
    ages = [(2, "b"), (1, "z"), (2, "a"), (0, "m"), (2, "B"), (3, "0")]
    add_clients(
        store,
        here,
        *(
            client(id_=f"{stem}{name}", created_at=NOW + timedelta(microseconds=age))
            for age, name in ages
        ),
    )
    wanted = [f"{stem}{name}" for name in ("m", "z", "B", "a", "b", "0")]
    with store.reading(here) as unit:
        assert ids_of(unit.clients.page(HYBRID, (), ALL)) == wanted
        for skip in range(8):
            for count in range(8):
                page = unit.clients.page(HYBRID, (), PageOf(skip, count))
                assert ids_of(page) == wanted[skip : skip + count]


def test_tags_must_all_be_there(store: ports.Store, here: str) -> None:
    both = client(tags=("line-4", "press"))
    one = client(tags=("line-4",))
    other = client(tags=("press", "Line-4"))
    add_clients(store, here, both, one, other, client(CREDENTIALS, tags=("line-4", "press")))
    with store.reading(here) as unit:
        for tags, wanted in (
            ((), [both, one, other]),
            (("line-4",), [both, one]),
            (("Line-4",), [other]),
            (("press", "line-4"), [both]),
            (("press", "press"), [both, other]),
            (("press", "absent"), []),
        ):
            assert unit.clients.page(HYBRID, tags, ALL) == tuple(wanted)
            assert unit.clients.count(HYBRID, tags) == len(wanted)
            ids = [other.settings.id, one.settings.id, both.settings.id]
            assert unit.clients.some(HYBRID, ids, tags) == tuple(reversed(wanted))
        assert unit.clients.page(HYBRID, ("press",), PageOf(1, 5)) == (other,)
        assert unit.clients.count_all() == 4


def test_some_keeps_the_order_named_and_names_nobody_twice(store: ports.Store, here: str) -> None:
    mine = [client(), client(), client()]
    add_clients(store, here, *mine)
    first, second, third = ids_of(tuple(mine))
    with store.reading(here) as unit:
        found = unit.clients.some(HYBRID, [third, guid(), first, third, second], ())
        assert ids_of(found) == [third, first, second]


def test_counts_follow(store: ports.Store, here: str) -> None:
    mine = [client(), client(), client(CREDENTIALS)]
    add_clients(store, here, *mine)
    with recorded(store, here) as unit:
        unit.clients.remove(mine[0].settings.id)
        unit.clients.remove(mine[0].settings.id)
        unit.clients.remove(guid())
        assert unit.clients.count(HYBRID, ()) == 1
    with store.reading(here) as unit:
        assert unit.clients.count(HYBRID, ()) == 1
        assert unit.clients.count(CREDENTIALS, ()) == 1
        assert unit.clients.count_all() == 2


@pytest.mark.parametrize(
    "at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, microsecond=1, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_moments_are_kept_to_the_microsecond_in_utc(store: ports.Store, at: datetime) -> None:
    here = found_tenant(store)
    mine = client(created_at=at)
    add_clients(store, here, mine)
    with store.reading(here) as unit:
        found = unit.clients.find(mine.settings.id)
    assert found == mine
    assert found is not None
    assert found.created_at.utcoffset() == found.updated_at.utcoffset() == timedelta(0)
