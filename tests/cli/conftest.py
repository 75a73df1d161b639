"""Places to run the program in: new ones, and one that was founded for tests that only look."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import PLACES, Place, copied, sqlite_place


@pytest.fixture(params=list(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty store of each kind."""
    return PLACES[request.param](tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> Place:
    """An empty SQLite store."""
    return sqlite_place(tmp_path)


@pytest.fixture(scope="module", params=list(PLACES))
def founded_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Place, dict[str, str]]:
    """A store of each kind with a tenant, shared by the tests of a file."""
    made = PLACES[request.param](tmp_path_factory.mktemp("founded"))
    return made, made.init()


@pytest.fixture
def spoilt(founded_place: tuple[Place, dict[str, str]], tmp_path: Path) -> Place:
    """A copy of that store, to be spoilt."""
    return copied(founded_place[0], tmp_path)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell lets what it runs in the background ignore Ctrl-C, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
