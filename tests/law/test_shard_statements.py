"""Every statement of a tenant's stores keeps to that tenant; what crosses tenants is named.

The calls are those of the tables of isolation, where each method of the stores has a row.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, delete, event, exists, select, update

from gatepost import ports
from gatepost.storage import sweeping
from gatepost.storage.engine import make_engine
from gatepost.storage.flow_tables import families, sign_ins
from gatepost.storage.lines import Lines
from gatepost.storage.redemption_statements import Statements
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from gatepost.storage.tables import clients, tenants
from tests.law.statements import loose
from tests.law.test_shards import CROSSES_TENANTS
from tests.stores.examples import NOW, SECRETS, found_tenant, guid, signing_key, tenant
from tests.stores.isolation_rows import MARK, Row, Scene
from tests.stores.isolation_table import TABLES
from tests.stores.test_isolation import call_in, fill

HERE = guid()
LATER = NOW + timedelta(minutes=1)
SEES_ALL: dict[str, Callable[[ports.Deployment], object]] = {
    "tenant_of_client": lambda all_: all_.tenant_of_client(HERE),
    "tenants_of_sign_ins": lambda all_: all_.tenants_of_sign_ins([b"digest"]),
    "tenant_of_user_code": lambda all_: all_.tenant_of_user_code(b"digest"),
    "tenant_with_alias": lambda all_: all_.tenant_with_alias("Plant"),
    "has_origin": lambda all_: all_.has_origin("https://app.example.com"),
    "overdue_try_outs": lambda all_: all_.overdue_try_outs(NOW, 1),
    "count_expiring_secrets": lambda all_: all_.count_expiring_secrets(NOW, [LATER]),
    "tenants": lambda all_: all_.tenants(),
    "some_tenant_ids": lambda all_: all_.some_tenant_ids(2),
    "journals": lambda all_: all_.journals.known(),
}
"""Calls that are answered from the rows of many tenants."""

OF_NO_TENANT: dict[str, Callable[[ports.Deployment], object]] = {
    "add_tenant": lambda all_: all_.add_tenant(tenant()),
    "take_lease": lambda all_: all_.take_lease("sweeper", "me", NOW, LATER),
    "signing_keys": lambda all_: all_.signing_keys(),
    "add_signing_key": lambda all_: all_.add_signing_key(signing_key()),
    "save_key_phases": lambda all_: all_.save_key_phases(signing_key()),
    "key_check": lambda all_: all_.key_check(),
    "set_key_check": lambda all_: all_.set_key_check(b"check"),
    "remove_signing_key": lambda all_: all_.remove_signing_key("kid"),
    "key_checks": lambda all_: all_.key_checks(),
    "note_key_check": lambda all_: all_.note_key_check(b"\2check"),
    "use_key": lambda all_: all_.use_key(b"\2check"),
    "open": lambda all_: all_.open(HERE).clients.count_all(),
}
"""Calls that meet no row of another tenant."""


@contextmanager
def overheard(engine: Engine) -> Iterator[list[Any]]:
    """The statements that run in the block."""
    heard: list[Any] = []

    def hear(_connection: Any, statement: Any, *_more: Any) -> None:
        heard.append(statement)

    event.listen(engine, "before_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_execute", hear)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty store on SQLite; the statements are the same on PostgreSQL."""
    path: Path = tmp_path_factory.mktemp("shards") / "gatepost.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    """The store."""
    return SqlStore(engine, SECRETS)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (select(clients).where(clients.c.tenant_id == HERE), set()),
        (select(clients).where(clients.c.id == HERE), {"clients"}),
        (select(tenants).where(tenants.c.id == HERE), set()),
        (select(tenants), {"tenants"}),
        (update(clients).where(clients.c.id == HERE).values(name="x"), {"clients"}),
        (delete(clients).where(clients.c.tenant_id == HERE), set()),
        (
            select(families)
            .where(families.c.tenant_id == HERE)
            .where(exists().where(sign_ins.c.id == families.c.sign_in_id)),
            {"sign_ins"},
        ),
        (
            select(families)
            .join(sign_ins, sign_ins.c.tenant_id == families.c.tenant_id)
            .where(families.c.tenant_id == HERE),
            set(),
        ),
        (
            select(families).join(sign_ins, sign_ins.c.tenant_id == families.c.tenant_id),
            {"families", "sign_ins"},
        ),
    ],
)
def test_a_statement_that_leaves_its_tenant_is_told(statement: Any, found: set[str]) -> None:
    assert loose(statement) == found


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"{protocol.__name__}.{name}")
        for protocol, rows in TABLES.items()
        for name, row in rows.items()
    ],
)
def test_a_store_of_a_tenant_asks_for_its_rows_alone(
    engine: Engine, store: SqlStore, row: Row
) -> None:
    here = found_tenant(store)
    scene = Scene(here, here, here, *fill(store, here, MARK, size=1))
    with overheard(engine) as heard:
        call_in(store, here, row, scene)
    assert heard
    assert [str(statement) for statement in heard if loose(statement)] == []


def test_each_call_across_tenants_is_of_one_sort() -> None:
    assert SEES_ALL.keys() | OF_NO_TENANT.keys() == CROSSES_TENANTS
    assert not SEES_ALL.keys() & OF_NO_TENANT.keys()


class Undone(Exception):
    """Ends a unit that is not to be kept."""


def asked(engine: Engine, store: SqlStore, call: Callable[[ports.Deployment], object]) -> list[Any]:
    """The statements of a call across tenants, whose effect is undone."""
    with overheard(engine) as heard, suppress(Undone), store.writing_all() as everything:
        call(everything)
        raise Undone
    return heard


@pytest.mark.parametrize("name", SEES_ALL)
def test_what_is_answered_from_many_tenants_asks_all(
    engine: Engine, store: SqlStore, name: str
) -> None:
    assert any(map(loose, asked(engine, store, SEES_ALL[name])))


@pytest.mark.parametrize("name", OF_NO_TENANT)
def test_what_is_of_no_tenant_asks_none(engine: Engine, store: SqlStore, name: str) -> None:
    assert not any(map(loose, asked(engine, store, OF_NO_TENANT[name])))


def test_all_that_is_swept_is_swept_by_its_deadline_across_tenants() -> None:
    assert all(map(loose, sweeping.statements(NOW, 1)))


def written_by_hand() -> dict[str, str]:
    """The statements of the hot path, which go past SQLAlchemy."""
    statements = Statements(Lines(create_engine("sqlite://")), is_postgresql=True)
    return {name: text for name, text in vars(statements).items() if isinstance(text, str)}


@pytest.mark.parametrize("name", written_by_hand())
def test_a_statement_written_by_hand_binds_each_table_to_a_tenant(name: str) -> None:
    text = written_by_hand()[name]
    inserted = re.findall(r"INSERT INTO \w+ \(tenant_id, ", text)
    others = re.findall(r"(?:FROM|JOIN|UPDATE) (?!spent)\w+", text)
    bound = re.findall(r"tenant_id = (?::tenant|\w+\.tenant_id)", text)
    assert inserted or others
    assert len(bound) >= len(others)
