"""The first tenant of the served product, as its administrator sees it."""

import pytest

from tests.served import Served
from tests.web.contract.estate import Estate


@pytest.fixture(scope="session")
def estate(served: Served) -> Estate:
    """The first tenant."""
    return Estate(served, served.first)


@pytest.fixture(scope="session")
def neighbour(served: Served) -> Estate:
    """The second tenant."""
    return Estate(served, served.second)
