"""A browser, the product to open in it, and a fresh page for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import launched
from tests.journeys.portal_desk import Office, Worker, new_office
from tests.served import Served, serve, sqlite_settings

# A machine that runs other tests beside these may be slow; what comes at once is not waited for.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium a test process."""
    with launched() as running:
        yield running


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product on SQLite: what a browser shows does not depend on the store.

    It is reached as localhost, where passkeys work, and where it is of one site with the
    applications of these tests, which listen at other ports.
    """
    with serve(sqlite_settings(tmp_path_factory.mktemp("served")), "localhost") as running:
        yield running


@pytest.fixture(scope="session")
def ocs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same in the words of the older printed procedures."""
    settings = sqlite_settings(tmp_path_factory.mktemp("ocs"), theme="ocs")
    with serve(settings, "localhost") as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """An empty page of a browser that remembers nothing; a path is one of the product's."""
    with browser.new_context(base_url=served.url) as context:
        yield context.new_page()


@pytest.fixture
def office(browser: Browser, served: Served) -> Office:
    """A tenant of its own, for work in the portal."""
    return new_office(browser, served)


@pytest.fixture
def administrator(office: Office) -> Iterator[Worker]:
    """An administrator of it, signed in to the portal at a wide screen."""
    with office.administrator() as worker:
        yield worker
