"""Signing in to the portal through our own identity server, and out again."""

import pytest

from tests.web.portal.desk import CLIENTS, Office, alias_of, office


@pytest.fixture
def portal() -> Office:
    return office()


def test_the_first_page_is_the_list_of_clients(portal: Office) -> None:
    worker = portal.administrator()
    page = worker.get("/portal/")
    assert page.url.path == CLIENTS
    assert page.status_code == 200, page.text
    assert "Client-Credentials Client" in page.text
