"""The product served on SQLite and on PostgreSQL, once a test process each."""

from collections.abc import Iterator

import pytest

from tests.flows import Application, Person, Visitor, new_application, new_person
from tests.postgres import fresh_database, shared_server
from tests.served import Served, Tenant, postgresql_settings, serve, sqlite_settings
from tests.web.at_hand import Lookout, look_out, one_at_hand
from tests.web.oauth import add_client


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The product on each store in turn."""
    folder = tmp_path_factory.mktemp("served")
    if request.param == "sqlite":
        settings = sqlite_settings(folder)
    else:
        settings = postgresql_settings(fresh_database(shared_server()), folder)
    with serve(settings) as running:
        yield running


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product on SQLite alone, for tests that no store can change."""
    with serve(sqlite_settings(tmp_path_factory.mktemp("served"))) as running:
        yield running


@pytest.fixture
def visitor(served: Served) -> Visitor:
    """A browser that was never here."""
    return Visitor(served)


@pytest.fixture
def client(served: Served) -> Application:
    """An application of the first tenant."""
    return new_application(served, served.first)


@pytest.fixture
def person(served: Served) -> Person:
    """A person of the first tenant."""
    return new_person(served, served.first)


@pytest.fixture
def seen(on_sqlite: Served, monkeypatch: pytest.MonkeyPatch) -> Lookout:
    """What is answered at hand in this test."""
    return look_out(on_sqlite, monkeypatch)


@pytest.fixture
def known(on_sqlite: Served, seen: Lookout) -> Tenant:
    """A client whose token is at hand."""
    client = add_client(on_sqlite)
    one_at_hand(on_sqlite, client, seen)
    seen.forget()
    return client
