"""The portal's list of clients, whatever keeps it: orders, filters, search, pages, counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from gatepost import ports
from gatepost.model.client_kinds import PORTAL
from gatepost.ports import ClientOrder, ListedClient, PageOf, SecretUse
from gatepost.storage import client_search
from tests.stores.examples import (
    ALL,
    CREDENTIALS,
    HYBRID,
    LAST_MOMENT,
    NOW,
    add_clients,
    client,
    guid,
    recorded,
    secret,
)
from tests.stores.portal_examples import names_of, query

HOUR = timedelta(hours=1)
# name, when made, when its secrets expire, when it was used, whether it is enabled
ROWS = (
    ("Delta", 2, (5, 9), 4, True),
    ("alpha", 4, (), None, True),
    ("Straße", 1, (None, 3), 6, False),
    ("BRAVO", 5, (None,), None, False),
    ("charlie", 3, (5,), 4, True),
)
ORDERS: dict[ClientOrder, list[str]] = {
    "name": ["alpha", "BRAVO", "charlie", "Delta", "Straße"],
    "created": ["Straße", "Delta", "charlie", "alpha", "BRAVO"],
    "expiry": ["Straße", "Delta", "charlie", "alpha", "BRAVO"],
    "used": ["alpha", "BRAVO", "Delta", "charlie", "Straße"],
}


@pytest.fixture
def stem(store: ports.Store, here: str) -> str:
    """What the ids of the listed clients begin with; what is equal goes by id."""
    stem = f"~{guid()}"
    in_order = sorted(ROWS, key=lambda row: ["D", "a", "S", "B", "c"].index(row[0][0]))
    ids = {"Delta": "1", "charlie": "2", "alpha": "3", "BRAVO": "4", "Straße": "5"}
    with recorded(store, here) as unit:
        for name, made, ends, used, enabled in in_order:
            kept = client(
                id_=stem + ids[name], name=name, enabled=enabled, created_at=NOW + made * HOUR
            )
            assert unit.clients.add(kept)
            for end in ends:
                expires_at = None if end is None else NOW + end * HOUR
                unit.clients.add_secret(kept.settings.id, secret(expires_at=expires_at), b"digest")
            if used is not None:
                unit.clients.note_uses([SecretUse(kept.settings.id, 0, 1, NOW + used * HOUR)])
        assert unit.clients.add(client(CREDENTIALS, name="of another kind"))
    return stem


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_goes_both_ways_and_in_pages(
    store: ports.Store, here: str, stem: str, order: ClientOrder
) -> None:
    assert stem
    with store.reading(here) as unit:
        for descending in (False, True):
            wanted = ORDERS[order][::-1] if descending else ORDERS[order]
            for skip in range(7):
                for count in range(7):
                    asked = query(PageOf(skip, count), order=order, descending=descending)
                    found = names_of(unit.clients.listed(asked))
                    assert found == wanted[skip : skip + count]


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({}, ["alpha", "BRAVO", "charlie", "Delta", "Straße"]),
        ({"enabled": True}, ["alpha", "charlie", "Delta"]),
        ({"enabled": False}, ["BRAVO", "Straße"]),
        ({"without_expiry": True}, ["alpha", "BRAVO"]),
        ({"without_expiry": True, "enabled": True}, ["alpha"]),
        ({"without_expiry": True, "expires_from": NOW}, []),
        ({"without_expiry": True, "expires_before": LAST_MOMENT}, []),
        ({"expires_from": NOW}, ["charlie", "Delta", "Straße"]),
        ({"expires_from": NOW + 5 * HOUR}, ["charlie", "Delta"]),
        ({"expires_from": NOW + 6 * HOUR}, []),
        ({"expires_before": LAST_MOMENT}, ["charlie", "Delta", "Straße"]),
        ({"expires_before": NOW + 5 * HOUR}, ["Straße"]),
        ({"expires_from": NOW + 3 * HOUR, "expires_before": NOW + 4 * HOUR}, ["Straße"]),
        ({"search": " "}, ["alpha", "BRAVO", "charlie", "Delta", "Straße"]),
        ({"search": "A"}, ["alpha"]),
        ({"search": "LI"}, []),
        ({"search": "\uff21lph"}, ["alpha"]),
        ({"search": "STRASS"}, ["Straße"]),
        ({"search": " delta.  "}, ["Delta"]),
        ({"search": "delta alpha"}, []),
        ({"search": "s", "enabled": False, "expires_before": LAST_MOMENT}, ["Straße"]),
        ({"search": "s", "enabled": True}, []),
        ({"search": "s", "without_expiry": True}, []),
        ({"search": "~", "enabled": True}, ["alpha", "charlie", "Delta"]),
        ({"search": "%"}, []),
        ({"search": "_"}, []),
        ({"search": "\\"}, []),
        ({"search": "'"}, []),
        ({"kind": CREDENTIALS}, ["of another kind"]),
        ({"kind": "device_code"}, []),
    ],
)
def test_what_is_asked_for_is_listed_and_counted(
    store: ports.Store, here: str, stem: str, members: dict[str, object], wanted: list[str]
) -> None:
    assert stem
    asked = structs.replace(query(), **members)
    with store.reading(here) as unit:
        assert names_of(unit.clients.listed(asked)) == wanted
        for most in (0, 1, 2, 99):
            assert unit.clients.count_listed(asked, most) == min(most, len(wanted))
        for skip in range(3):
            page = structs.replace(asked, page=PageOf(skip, 2))
            assert names_of(unit.clients.listed(page)) == wanted[skip : skip + 2]
            assert unit.clients.count_listed(page, 99) == len(wanted)


def test_the_beginning_of_the_id_is_found_whatever_its_case(
    store: ports.Store, here: str, stem: str
) -> None:
    with store.reading(here) as unit:
        for part in (f"{stem}1", f"{stem}1".upper(), f" {stem}1 "):
            assert names_of(unit.clients.listed(query(search=part))) == ["Delta"]
        assert len(unit.clients.listed(query(search=stem[:20]))) == len(ROWS)
        for part in (guid(), f"{stem[20:]}1", f"delta {stem}1"):
            assert unit.clients.listed(query(search=part)) == ()


@pytest.fixture(params=[1, 3, 2_000])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer than so many are read off the index of words."""
    monkeypatch.setattr(client_search, "_FEW", request.param)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("press", ["press 1", "Press 2", "Press press 3", "Hall of the press-room"]),
        ("press%", ["press 1", "Press 2", "Press press 3", "Hall of the press-room"]),
        ("press 2", ["Press 2"]),
        ("3 pr", ["Press press 3"]),
        ("hall", ["Hall of the press-room", "Halla"]),
        ("hall press", ["Hall of the press-room"]),
        ("ress", []),
        ("a\u030a", ["\u00c5land \U0001f680"]),
        ("\U0001f680", ["\U0001f680"]),
        ("%", ["%"]),
        ("_", ["_ '"]),
        ("'", ["_ '"]),
        (".", ["Dot"]),
        (".D", ["Dot"]),
        ("d", ["Dot"]),
    ],
)
def test_few_and_many_are_found_alike(
    store: ports.Store, here: str, search: str, wanted: list[str]
) -> None:
    names = [
        *("press 1", "Press 2", "Press press 3", "Hall of the press-room", "Halla"),
        *("\u00c5land \U0001f680", "\U0001f680", "%", "_ '"),
    ]
    made = [client(name=name, id_=f"~{guid()}") for name in names]
    dotted = client(name="Dot", id_=f".d{guid()}")
    add_clients(store, here, *made, dotted, client(CREDENTIALS, name=names[0]))
    with store.reading(here) as unit:
        found = unit.clients.listed(query(search=search, order="created"))
        assert names_of(found) == wanted
        pages = (query(PageOf(at, 1), search=search, order="created") for at in range(5))
        assert [name for page in pages for name in names_of(unit.clients.listed(page))] == wanted
        for most in (1, 99):
            assert unit.clients.count_listed(query(search=search), most) == min(most, len(wanted))


def listing_of(store: ports.Store, tenant_id: str, client_id: str) -> ListedClient:
    """A client as the list shows it, which both ways to it agree on."""
    with store.reading(tenant_id) as unit:
        found = unit.clients.listing(client_id)
        assert found is not None
        assert found.client == unit.clients.find(client_id)
        assert found in unit.clients.listed(query())
    return found


def test_the_nearest_expiry_follows_the_secrets(store: ports.Store, here: str) -> None:
    mine, other = client(), client()
    id_ = mine.settings.id
    add_clients(store, here, mine, other)
    with recorded(store, here) as unit:
        unit.clients.add_secret(other.settings.id, secret(expires_at=NOW), b"digest")
    wanted = []
    assert listing_of(store, here, id_).next_expiry is None
    for end in (None, 5, 3, 9):
        with recorded(store, here) as unit:
            expires_at = None if end is None else NOW + end * HOUR
            unit.clients.add_secret(id_, secret(expires_at=expires_at), b"digest")
        wanted.append(listing_of(store, here, id_).next_expiry)
    assert wanted == [None, NOW + 5 * HOUR, NOW + 3 * HOUR, NOW + 3 * HOUR]
    changes: list[tuple[Callable[[ports.Tenancy], None], int | None]] = [
        (lambda unit: unit.clients.save_secret(id_, secret(id=3, expires_at=LAST_MOMENT)), 5),
        (lambda unit: unit.clients.save_secret(id_, secret(id=1, expires_at=NOW)), 0),
        (lambda unit: unit.clients.save_secret(id_, secret(id=1)), 5),
        (lambda unit: unit.clients.remove_secret(id_, 2), 9),
        (lambda unit: unit.clients.remove_secret(id_, 3), 9),
        (lambda unit: unit.clients.remove_secret(id_, 77), 9),
        (lambda unit: unit.clients.remove_secret(id_, 4), None),
    ]
    for change, end in changes:
        with recorded(store, here) as unit:
            change(unit)
        wanted_end = None if end is None else NOW + end * HOUR
        assert listing_of(store, here, id_).next_expiry == wanted_end
    assert listing_of(store, here, other.settings.id).next_expiry == NOW


def test_changing_a_client_leaves_what_the_list_knows(store: ports.Store, here: str) -> None:
    mine = client(name="Old")
    id_ = mine.settings.id
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        unit.clients.add_secret(id_, secret(expires_at=NOW + HOUR), b"digest")
        unit.clients.note_uses([SecretUse(id_, 1, 1, NOW)])
        changed = structs.replace(mine.settings, name="New", enabled=False)
        assert unit.clients.save(structs.replace(mine, settings=changed, version=2), 1)
    found = listing_of(store, here, id_)
    assert (found.next_expiry, found.last_used_at) == (NOW + HOUR, NOW)
    with store.reading(here) as unit:
        assert names_of(unit.clients.listed(query(search="new", enabled=False))) == ["New"]
        assert unit.clients.listed(query(search="old")) == ()


@pytest.mark.parametrize("secret_id", [0, 1, 7])
def test_every_use_is_the_clients_last_use(store: ports.Store, here: str, secret_id: int) -> None:
    mine, other = client(), client()
    id_ = mine.settings.id
    add_clients(store, here, mine, other)
    with recorded(store, here) as unit:
        unit.clients.add_secret(id_, secret(), b"digest")
    assert listing_of(store, here, id_).last_used_at is None
    for used, last in ((NOW, NOW), (NOW + HOUR, NOW + HOUR), (NOW, NOW + HOUR)):
        with store.writing(here) as unit:
            unit.clients.note_uses([SecretUse(id_, secret_id, 1, used)])
        assert listing_of(store, here, id_).last_used_at == last
    with store.reading(here) as unit:
        counted = [kept.use_count for kept in unit.clients.secrets(id_)]
    assert counted == [3 if secret_id == 1 else 0]
    assert listing_of(store, here, other.settings.id).last_used_at is None


def test_the_last_use_outlives_the_secret_and_not_the_client(store: ports.Store, here: str) -> None:
    mine = client()
    id_ = mine.settings.id
    add_clients(store, here, mine)
    with recorded(store, here) as unit:
        unit.clients.add_secret(id_, secret(expires_at=NOW), b"digest")
        unit.clients.note_uses([SecretUse(id_, 1, 1, NOW)])
        unit.clients.remove_secret(id_, 1)
    assert listing_of(store, here, id_).last_used_at == NOW
    with recorded(store, here) as unit:
        unit.clients.remove(id_)
        assert unit.clients.listing(id_) is None
        unit.clients.note_uses([SecretUse(id_, 0, 1, NOW)])
        assert unit.clients.add(mine)
    found = listing_of(store, here, id_)
    assert (found.next_expiry, found.last_used_at) == (None, None)


def test_the_client_of_the_portal_counts_to_nothing(store: ports.Store, here: str) -> None:
    add_clients(store, here, client(PORTAL.name), client(HYBRID))
    with store.reading(here) as unit:
        assert unit.clients.count_all() == 1
        assert len(unit.clients.listed(query())) == 1


def test_expiring_secrets_come_earliest_first_with_their_clients(
    store: ports.Store, here: str, there: str
) -> None:
    stem = guid()
    mine = [client(kind, f"{stem}{at}") for at, kind in enumerate((HYBRID, CREDENTIALS, HYBRID))]
    add_clients(store, here, *mine)
    add_clients(store, there, away := client())
    with recorded(store, there) as unit:
        unit.clients.add_secret(away.settings.id, secret(expires_at=NOW), b"digest")
    rows = []
    with recorded(store, here) as unit:
        for at, end in ((2, 3), (0, 5), (1, None), (1, 5), (0, 5), (0, 1), (1, 9)):
            expires_at = None if end is None else NOW + end * HOUR
            kept = unit.clients.add_secret(
                mine[at].settings.id, secret(expires_at=expires_at), b"digest"
            )
            if end is not None:
                rows.append((end, mine[at].settings.id, kept.id, mine[at], kept))
    rows.sort(key=lambda row: row[:3])
    with store.reading(here) as unit:
        for hours in (0, 1, 2, 5, 6, 99):
            wanted = [row[3:] for row in rows if row[0] < hours]
            before = NOW + hours * HOUR
            found = unit.clients.expiring(before, ALL)
            assert [(each.client, each.secret) for each in found] == wanted
            assert unit.clients.expiring(before, PageOf(1, 2)) == found[1:3]
            for most in (0, 2, 99):
                assert unit.clients.count_expiring(before, most) == min(most, len(wanted))
