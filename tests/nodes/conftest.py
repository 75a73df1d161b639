"""Two nodes on one PostgreSQL, shared by the tests: the first with two workers."""

from collections.abc import Iterator

import pytest

from tests.cli.program import postgresql_place
from tests.nodes.cluster import A, Cluster, cluster


@pytest.fixture(scope="session")
def shared_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The nodes, for all tests of this process."""
    place = postgresql_place(tmp_path_factory.mktemp("pair"))
    with cluster(place, ("--workers", "2"), ()) as made:
        yield made


@pytest.fixture
def pair(shared_pair: Cluster) -> Cluster:
    """The nodes, with the first one's turn."""
    shared_pair.turn(A)
    return shared_pair
