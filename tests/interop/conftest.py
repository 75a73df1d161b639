"""The product for clients that others wrote, with a tenant of its own for each test process."""

from collections.abc import Iterator

import pytest

from tests.flows import Person, new_person
from tests.served import Served, serve, sqlite_settings


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product on SQLite: what travels between it and a client does not depend on the store."""
    with serve(sqlite_settings(tmp_path_factory.mktemp("served"))) as running:
        yield running


@pytest.fixture(scope="session")
def kim(served: Served) -> Person:
    """A person of the first tenant."""
    return new_person(served, served.first)
