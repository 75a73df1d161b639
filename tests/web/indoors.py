"""The product called from within: no sockets, a store in memory, and a clock that is set.

It is wired by `Server`, as in the real process. A `Served` of this kind works with all of
`tests/flows.py`; a visitor of it comes from whatever address the test says.
"""

from typing import Any, NamedTuple, cast

import httpx
import pytest
from msgspec.structs import replace

from gatepost.app import House, Server
from gatepost.model.events import OPERATOR, Action, Event, Origin
from gatepost.ports import Store
from gatepost.services import keys, tenants
from gatepost.services.tenants import Founding
from gatepost.services.world import World
from gatepost.settings import Settings
from gatepost.web.http import Call, path_segments
from tests.flows import Visitor
from tests.memory_store import MemoryStore
from tests.served import Served, Tenant
from tests.services.world import Bench, new_world

HTTP = "http://localhost:8080"
HTTPS = "https://id.example.com"
ADDRESS = "192.0.2.1"


class Indoors(NamedTuple):
    """A product in memory, with what a test may reach behind the scenes."""

    served: Served
    world: Bench
    server: Server

    @property
    def store(self) -> MemoryStore:
        """The store, whose tables may be looked at as a whole."""
        assert isinstance(self.world.store, MemoryStore)
        return self.world.store

    def visitor(self, address: str = ADDRESS) -> Visitor:
        """A browser without scripts, at an address of the network."""
        visitor = Visitor(self.served)
        visitor.http = client(self.server, self.served.url, address)
        return visitor

    def forward(self, **by: float) -> None:
        """Move the clock on."""
        self.world.set_clock.forward(**by)


def indoors(url: str = HTTP, **settings: Any) -> Indoors:
    """A new product with two tenants."""
    world = new_world()
    keys.ensure(world, "ES256")
    # The store in memory stands where the house has its databases; nothing asks for these.
    house = House(Settings(**settings), cast("Any", None), cast("Any", world.store), world)
    first, second = _tenant(world, "First"), _tenant(world, "Second")
    server = Server(house, url)
    return Indoors(Served(url, house, client(server, url), first, second), world, server)


def client(server: Server, url: str, address: str = ADDRESS) -> httpx.Client:
    """A client of HTTP whose calls go straight to the front."""
    return httpx.Client(base_url=url, transport=_Inside(server, address))


def counted_hashes(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are compared with from now on: what is slow, and so tells."""
    asked: list[str] = []
    verify = served.house.world.passwords.verify

    def counting(phc: str, password: str) -> bool:
        asked.append(phc)
        return verify(phc, password)

    monkeypatch.setattr(served.house.world.passwords, "verify", counting)
    return asked


def set_enabled(world: World, tenant_id: str, user_id: str, *, enabled: bool) -> None:
    """Switch a person on or off, as a directory would."""
    store: Store = world.store
    with store.writing(tenant_id) as tenancy:
        user = tenancy.directory.user(user_id)
        assert user is not None
        changed = replace(user, enabled=enabled, version=user.version + 1)
        assert tenancy.directory.save_user(changed, user.version)
        now, origin = world.clock.now(), Origin("set_enabled", "")
        tenancy.journal.append(
            Event(at=now, action=Action.USER_CHANGED, actor=OPERATOR, origin=origin, target=user.id)
        )


class _Inside(httpx.BaseTransport):
    """Hands a request to the door that answers it, in this thread."""

    def __init__(self, server: Server, address: str) -> None:
        self._front = server.front
        self._dice = server.front._dice
        self._address = address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.partition(b"?")
        headers = {name.decode().lower(): value.decode() for name, value in request.headers.raw}
        origin = Origin(self._dice.guid(), self._address)
        segments = path_segments(path)
        call = Call(request.method, segments, query, headers, request.read(), origin)
        endpoint = self._front._find(call.method, segments)
        reply = self._front._answer(endpoint, endpoint.handle, call)
        return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body)


def _tenant(world: World, name: str) -> Tenant:
    made = tenants.found(world, Founding(tenant_id=world.dice.guid(), tenant_name=name))
    assert made.admin_client_secret is not None
    return Tenant(made.tenant.id, made.admin_client_id, made.admin_client_secret)
