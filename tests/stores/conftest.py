"""The three stores, each in one database that the tests of a worker share.

Tests keep apart by tenants of their own. What is one of its kind in a deployment (the key check,
the list of tenants) is tested in an `empty_store`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatepost import ports
from gatepost.storage.engine import make_engine
from gatepost.storage.schema import migrate
from gatepost.storage.sql_store import SqlStore
from tests import postgres
from tests.memory_store import MemoryStore
from tests.stores.examples import SECRETS, found_tenant

KINDS = ("memory", "sqlite", "postgresql")


@pytest.fixture(scope="session", params=KINDS)
def shared_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ports.Store]:
    """A store of each kind for all tests of this process."""
    with _new_store(request.param, tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def store(shared_store: ports.Store) -> ports.Store:
    """The store, with what earlier tests left in tenants of theirs."""
    return shared_store


@pytest.fixture(scope="session", params=KINDS[1:])
def shared_sql_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlStore]:
    """A store of each database for the tests that look at its rows or connections."""
    with _new_store(request.param, tmp_path_factory.mktemp("store")) as store:
        assert isinstance(store, SqlStore)
        yield store


@pytest.fixture
def sql_store(shared_sql_store: SqlStore) -> SqlStore:
    """A store on a database."""
    return shared_sql_store


@pytest.fixture(params=KINDS)
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ports.Store]:
    """A store that was made for this test."""
    with _new_store(request.param, tmp_path) as store:
        yield store


@pytest.fixture(params=KINDS[1:])
def fresh_sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """A store on a database that was made for this test."""
    with _new_store(request.param, tmp_path) as store:
        assert isinstance(store, SqlStore)
        yield store


@pytest.fixture
def here(store: ports.Store) -> str:
    """The id of a new tenant with the built-in roles."""
    return found_tenant(store)


@pytest.fixture
def there(store: ports.Store) -> str:
    """The id of another new tenant."""
    return found_tenant(store)


@contextmanager
def _new_store(kind: str, folder: Path) -> Iterator[ports.Store]:
    if kind == "memory":
        yield MemoryStore(SECRETS)
        return
    engine = make_engine(_new_database(kind, folder))
    migrate(engine)
    store = SqlStore(engine, SECRETS)
    try:
        yield store
    finally:
        store.close()


def _new_database(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'gatepost.db'}"
    return postgres.fresh_database(postgres.shared_server())
