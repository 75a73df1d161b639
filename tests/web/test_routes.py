"""The route of an endpoint is a word of our tables, whatever a caller writes into the path."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost.app import House, Server, ensure_signing_key, prepare_house
from gatepost.model.measures import OTHER
from gatepost.protocol import discovery
from gatepost.web.api.table import OPERATIONS
from gatepost.web.front import Front
from gatepost.web.http import path_segments
from gatepost.web.interaction import door as interaction
from gatepost.web.portal import door as portal
from gatepost.web.portal.table import ROUTES
from gatepost.web.portal.visits import PREFIX
from tests.served import sqlite_settings

URL = "http://localhost:8080"
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "MADE-UP")
OF_CLIENTS = {discovery.ISSUER_PATH + path for path in discovery.ENDPOINTS.values()}
SITE = {
    *("/", "/health/live", "/health/ready", "/metrics", "/static/{file}"),
    *("/api/docs", "/api/openapi.json", "/.well-known/oauth-authorization-server/identity"),
    discovery.ISSUER_PATH + discovery.DISCOVERY_PATH,
}
KNOWN = (
    OF_CLIENTS
    | SITE
    | {operation.template for operation in OPERATIONS}
    | {PREFIX + route.path for route in ROUTES}
    | {*portal._GUESTS, *interaction._PAGES, OTHER}
)
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """All doors, as they are wired."""
    house: House = prepare_house(sqlite_settings(tmp_path_factory.mktemp("routes")))
    ensure_signing_key(house)
    made = Server(house, URL).front
    yield made
    made.close()
    house.close()


def filled(template: str) -> str:
    """A path that a template stands for, with ids in it."""
    return re.sub(r"\{[^}]*\}", GUID, template)


@pytest.mark.parametrize("template", sorted(KNOWN - {OTHER}))
def test_each_path_of_the_tables_has_its_own_route(front: Front, template: str) -> None:
    segments = path_segments(filled(template).encode())
    told = {front._find(method, segments).route for method in METHODS}
    assert template in told
    assert told <= KNOWN
    assert not any(GUID in route for route in told)


@pytest.mark.parametrize("prefix", ["/identity", "/portal", "/api/v1/Tenants", "/api", "", "/x"])
def test_what_leads_nowhere_has_the_word_for_it(front: Front, prefix: str) -> None:
    for method in METHODS:
        segments = path_segments(f"{prefix}/{GUID}/nowhere/{GUID}".encode())
        assert front._find(method, segments).route == OTHER


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    template=st.sampled_from(sorted(KNOWN - {OTHER})),
    inserted=st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=12),
    at=st.integers(0, 60),
    method=st.sampled_from(METHODS),
)
def test_nothing_that_is_written_into_a_path_is_told(
    front: Front, template: str, inserted: str, at: int, method: str
) -> None:
    path = filled(template)
    spoilt = path[:at] + inserted + path[at:]
    segments = tuple(spoilt.split("/")[1:])
    assert front._find(method, segments).route in KNOWN
