"""Nodes of one deployment for tests: real processes on one store, and a way to each of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from gatepost.app import House, open_house
from gatepost.settings import read_settings
from tests.cli.program import Place, Running
from tests.flows import Visitor, new_person
from tests.served import Served, Tenant

PUBLIC_URL = "http://localhost:8080"
TENANT_ID = "00000000-0000-4000-8000-000000000001"
A, B = 0, 1
PATIENCE_S = 5.0
"""Far longer than the second that is promised: how long it took is for the bench to say."""


class Router(httpx.BaseTransport):
    """Stands for the load balancer: each request goes to one node, on a connection of its own."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._wire = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self.node = A

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it to the node whose turn it is."""
        to = urlsplit(self._urls[self.node])
        sent = httpx.Request(
            request.method,
            request.url.copy_with(scheme="http", host=to.hostname, port=to.port),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return self._wire.handle_request(sent)

    def close(self) -> None:
        """Give back the connections."""
        self._wire.close()


class Cluster(NamedTuple):
    """Nodes that serve one deployment, and the way to them."""

    place: Place
    nodes: tuple[Running, ...]
    router: Router
    served: Served

    def turn(self, node: int) -> Served:
        """Send what follows to this node."""
        self.router.node = node
        return self.served


@contextmanager
def cluster(place: Place, *arguments: tuple[str, ...]) -> Iterator[Cluster]:
    """Found a deployment in an empty place, and serve it by a node for each list of arguments."""
    place = place.with_settings(GATEPOST_PUBLIC_URL=PUBLIC_URL)
    founded = place.init("--tenant-id", TENANT_ID)
    owner = Tenant(founded["TenantId"], founded["AdminClientId"], founded["AdminClientSecret"])
    with ExitStack() as stack:
        nodes = tuple(
            stack.enter_context(folder_of(place, number).serving(*each))
            for number, each in enumerate(arguments)
        )
        house = stack.enter_context(_opened(place))
        router = Router([node.url for node in nodes])
        http = httpx.Client(base_url=PUBLIC_URL, timeout=30, transport=router)
        stack.enter_context(http)
        yield Cluster(place, nodes, router, Served(PUBLIC_URL, house, http, owner, owner))


def folder_of(place: Place, number: int) -> Place:
    """A folder of a node's own, with nothing of the store in it."""
    folder = place.folder / f"node-{number}"
    folder.mkdir()
    return place._replace(folder=folder)


def seen(look: Callable[[], bool]) -> bool:
    """Whether something comes to be while we are patient."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if look():
            return True
        time.sleep(0.02)
    return False


def administrator(served: Served) -> Visitor:
    """A browser in the portal, whose person may do everything."""
    roles = served.http.get(f"{served.api()}/Roles", headers=served.admin()).json()
    boss = new_person(served, served.first, RoleIds=[role["Id"] for role in roles])
    visitor = Visitor(served)
    page = visitor.sign_in(visitor.get("/portal/"), boss)
    assert page.path.startswith("/portal/"), page.response.text
    return visitor


def log_of(place: Place, number: int) -> str:
    """What a node wrote to its log."""
    return Path(place.folder / f"node-{number}" / "server.log").read_text()


@contextmanager
def _opened(place: Place) -> Iterator[House]:
    """The store as the command line opens it: one more process that no node knows of."""
    house = open_house(read_settings(place.settings, None))
    try:
        yield house
    finally:
        house.close()
