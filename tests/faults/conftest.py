"""A deployment on each store, which the faults of a test process share."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from faults.stand import Stand, stand

MOST_PEOPLE = 16


class Stands:
    """Founds each when it is first asked for."""

    def __init__(self, stack: ExitStack, folders: pytest.TempPathFactory) -> None:
        self._stack = stack
        self._folders = folders
        self._there: dict[str, Stand] = {}

    def on(self, store: str) -> Stand:
        """The deployment on a store."""
        if store not in self._there:
            folder = self._folders.mktemp(store)
            made = self._stack.enter_context(stand(folder, store, MOST_PEOPLE))
            self._there[store] = made
        return self._there[store]


@pytest.fixture(scope="session")
def stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stands]:
    """The deployments of this test process."""
    with ExitStack() as stack:
        yield Stands(stack, tmp_path_factory)
