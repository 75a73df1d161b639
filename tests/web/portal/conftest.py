"""An office for each test: a product in memory with two tenants."""

import pytest

from tests.web.portal.desk import Office, Worker, office


@pytest.fixture
def portal() -> Office:
    return office()


@pytest.fixture
def administrator(portal: Office) -> Worker:
    return portal.administrator()


@pytest.fixture
def member(portal: Office) -> Worker:
    return portal.member()
