"""The store on SQL and the store in memory tell the same story, whatever happens to them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gatepost import ports
from gatepost.model.tenants import MEMBER, VIEWER
from gatepost.ports import ClientOrder, ClientQuery, PageOf, SecretUse, Tenancy
from gatepost.storage import client_search
from gatepost.storage.engine import make_engine
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from tests.memory_store import MemoryStore
from tests.stores.examples import (
    NOW,
    SECRETS,
    client,
    dump,
    event,
    found_tenant,
    guid,
    role,
    secret,
    seen,
    user,
)
from tests.stores.portal_examples import password_link

Call = Callable[[Tenancy], object]

MOMENTS = st.integers(0, 3).map(lambda second: NOW + timedelta(seconds=second))
VERSIONS = st.integers(1, 3)
PAGES = st.builds(PageOf, st.integers(0, 3), st.integers(0, 4))
KINDS = st.sampled_from(["hybrid", "client_credentials", "authorization_code"])
TAGS = st.lists(st.sampled_from(["a", "A", "ä"]), max_size=2, unique=True).map(tuple)
ROLES = tuple(guid() for _ in range(3))
ROLE_IDS = st.lists(st.sampled_from([MEMBER, *ROLES]), max_size=2).map(tuple)
ROLE_ID = st.sampled_from([MEMBER, VIEWER, *ROLES])
NAMES = st.sampled_from(["Press", "PRESS", "\uff50ress", "Straße", "strasse", "Viewer", "Press-1"])
PEOPLE = st.sampled_from(["p1", "p2", "P2"])
EMAILS = st.sampled_from([None, "k@example.com", "K@EXAMPLE.com", "l@example.com"])
NUMBERS = st.integers(1, 3)
TEXTS = st.sampled_from(
    ["", " ", "e", "PRE", "ass", "\u00df", "K@EX", "%", "_", "kim m", "b", "p 1"]
)
ORDERS: st.SearchStrategy[ClientOrder] = st.sampled_from(["name", "created", "expiry", "used"])
QUERIES = st.builds(
    ClientQuery,
    kind=KINDS,
    search=TEXTS,
    enabled=st.sampled_from([None, None, True, False]),
    expires_from=st.none() | MOMENTS,
    expires_before=st.none() | MOMENTS,
    without_expiry=st.sampled_from([False, False, True]),
    order=ORDERS,
    descending=st.booleans(),
    page=PAGES,
)


class Step(NamedTuple):
    """One unit: where, what, and whether it has an event."""

    tenant: int
    calls: list[Call]
    recorded: bool


@st.composite
def client_calls(draw: st.DrawFn, ids: tuple[str, ...]) -> Call:
    """A call to the store of clients."""
    id_, kind, tags, at = draw(st.sampled_from(ids)), draw(KINDS), draw(TAGS), draw(MOMENTS)
    version, page, number = draw(VERSIONS), draw(PAGES), draw(NUMBERS)
    query = draw(QUERIES)
    own: dict[str, object] = {"role_ids": draw(ROLE_IDS)} if kind == "client_credentials" else {}
    own |= {"name": draw(NAMES), "enabled": draw(st.booleans())}
    new = client(kind, id_, tags=tags, created_at=at, **own)
    fresh = secret(created_at=at, expires_at=draw(st.none() | MOMENTS))
    calls: list[Call] = [
        lambda unit: unit.clients.add(new),
        lambda unit: _save(unit, id_, tags, version),
        lambda unit: unit.clients.remove(id_),
        lambda unit: unit.clients.page(kind, tags, page),
        lambda unit: unit.clients.count(kind, tags),
        lambda unit: unit.clients.some(kind, [*reversed(ids), id_], tags),
        lambda unit: unit.clients.get(kind, id_),
        lambda unit: unit.clients.add_secret(id_, fresh, b"digest"),
        lambda unit: unit.clients.save_secret(id_, structs.replace(fresh, id=number)),
        lambda unit: unit.clients.remove_secret(id_, number),
        lambda unit: unit.clients.note_uses([SecretUse(id_, number, version, at)]),
        lambda unit: unit.clients.note_uses([SecretUse(id_, 0, version, at)]),
        lambda unit: unit.clients.listed(query),
        lambda unit: unit.clients.count_listed(query, number),
        lambda unit: unit.clients.listing(id_),
        lambda unit: unit.clients.expiring(at, page),
        lambda unit: unit.clients.count_expiring(at, number),
    ]
    return draw(st.sampled_from(calls))


@st.composite
def role_calls(draw: st.DrawFn) -> Call:
    """A call about roles."""
    id_, name, page = draw(ROLE_ID), draw(NAMES), draw(PAGES)
    calls: list[Call] = [
        lambda unit: unit.directory.add_role(role(name, id_)),
        lambda unit: unit.directory.save_role(role(name, id_, description=name)),
        lambda unit: unit.directory.remove_role(id_),
        lambda unit: unit.directory.role_named(name),
        lambda unit: unit.directory.roles(None, page),
        lambda unit: unit.directory.count_roles(draw_type(id_)),
        lambda unit: unit.directory.some_roles([id_, MEMBER]),
        lambda unit: unit.directory.users_in_role(id_, page),
        lambda unit: unit.directory.enabled_users_in_role(id_),
        lambda unit: unit.directory.able_users_in_role(id_),
        lambda unit: unit.directory.clients_in_role(id_, page),
        lambda unit: unit.directory.enabled_clients_in_role(id_),
    ]
    return draw(st.sampled_from(calls))


@st.composite
def user_calls(draw: st.DrawFn, stem: str) -> Call:
    """A call about people."""
    id_, email, version, at = draw(PEOPLE), draw(EMAILS), draw(VERSIONS), draw(MOMENTS)
    page, enabled, text = draw(PAGES), draw(st.booleans()), draw(TEXTS)
    own = {"role_ids": draw(ROLE_IDS), "surname": draw(st.none() | NAMES), "given_name": "Kim"}
    new = user(id_, email=email, created_at=at, enabled=enabled, **own)
    digest = f"{stem} {version}".encode()
    link = password_link(id_, created_at=at, expires_at=at)
    calls: list[Call] = [
        lambda unit: unit.directory.add_user(new),
        lambda unit: unit.directory.save_user(structs.replace(new, version=version + 1), version),
        lambda unit: unit.directory.remove_user(id_),
        lambda unit: unit.directory.users(page),
        lambda unit: unit.directory.some_users([id_, "p1", "nobody"]),
        lambda unit: unit.directory.user_with_email(new.provider_id, email or ""),
        lambda unit: unit.directory.set_password(id_, f"${version}", at, must_change=enabled),
        lambda unit: unit.directory.set_preferences(id_, f"[{version}]"),
        lambda unit: unit.directory.found_users(text, page),
        lambda unit: unit.directory.count_found_users(text, version),
        lambda unit: unit.directory.set_password_link(link, digest),
        lambda unit: unit.directory.password_link(digest),
        lambda unit: unit.directory.remove_password_link(id_),
    ]
    return draw(st.sampled_from(calls))


def draw_type(role_id: str) -> str | None:
    """The type of a built-in role; None for all."""
    return None if role_id in ROLES else role_id


def _save(unit: Tenancy, id_: str, tags: tuple[str, ...], version: int) -> object:
    kept = unit.clients.find(id_)
    if kept is None:
        return None
    changed = structs.replace(kept.settings, tags=tags, enabled=not kept.settings.enabled)
    new = structs.replace(kept, settings=changed, version=version + 1)
    return unit.clients.save(new, version)


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    """Units in two tenants, on ids that nobody had before."""
    stem = guid()
    ids = (f"{stem}a", f"{stem}b", f"{stem}B")
    call = st.one_of(client_calls(ids), role_calls(), user_calls(stem))
    calls = st.lists(call, min_size=1, max_size=4)
    steps = st.builds(Step, st.integers(0, 1), calls, st.sampled_from([True, True, True, False]))
    return draw(st.lists(steps, min_size=1, max_size=12))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ports.Store, ports.Store]]:
    """A store in memory and one on SQLite."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('likeness') / 'gatepost.db'}")
    migrate(engine)
    store = SqlStore(engine, SECRETS)
    with pytest.MonkeyPatch.context() as patch:
        # two clients are many, so that searches go both ways
        patch.setattr(client_search, "_FEW", 2)
        yield MemoryStore(SECRETS), store
    store.close()


def told(store: ports.Store, tenant_id: str, step: Step, at: int) -> object:
    """What a unit answered, or the name of what went wrong."""
    answers: list[object] = []
    try:
        with store.writing(tenant_id) as unit:
            answers.extend(call(unit) for call in step.calls)
            answers.append(dump(unit))
            if step.recorded:
                unit.journal.append(event(at=NOW + timedelta(hours=at)))
    except Exception as error:  # noqa: BLE001  (each store has its own for a missing parent)
        known = type(error).__name__
        return answers, "unrecorded" if known == "UnrecordedChange" else "refused"
    return answers, "kept"


@settings(deadline=None, derandomize=True, max_examples=40, database=None)
@given(story=stories())
def test_one_story(pair: tuple[ports.Store, ports.Store], story: list[Step]) -> None:
    tenants = [guid(), guid()]
    memory, sql = pair
    founded = [(memory, id_) for id_ in tenants], [(sql, id_) for id_ in tenants]
    for group in founded:
        for store, id_ in group:
            found_tenant(store, id_)
    for at, step in enumerate(story):
        here = tenants[step.tenant]
        assert _plain(told(sql, here, step, at)) == _plain(told(memory, here, step, at))
        for id_ in tenants:
            assert _plain(seen(sql, id_)) == _plain(seen(memory, id_))


def _plain(value: object) -> object:
    """The value without what is no part of the story: when the tenants were founded."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in {"tenant", "journal", "head"}}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
