"""A served Gatepost for tests: the real application over real HTTP, on either database."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import uvicorn

from gatepost.app import House, Server, ensure_signing_key, prepare_house
from gatepost.cli.quick import QuickProtocol
from gatepost.cli.workers import KEEP_ALIVE_S
from gatepost.crypto.key_files import create_master_key
from gatepost.services import tenants
from gatepost.services.tenants import Founded, Founding
from gatepost.settings import Settings
from gatepost.system import SystemDice


class Tenant(NamedTuple):
    """A tenant of the served product, with its administration client."""

    id: str
    client_id: str
    secret: str


class Served(NamedTuple):
    """A running product: its address, its house for looking behind the scenes, two tenants."""

    url: str
    house: House
    http: httpx.Client
    first: Tenant
    second: Tenant

    def token(self, client_id: str, secret: str) -> str:
        """An access token by the client credentials grant, over HTTP."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        answer = self.http.post("/identity/connect/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def admin(self, tenant: Tenant | None = None) -> dict[str, str]:
        """The header of an administrator of a tenant."""
        owner = tenant or self.first
        return {"Authorization": f"Bearer {self.token(owner.client_id, owner.secret)}"}

    def new_tenant(self) -> Tenant:
        """A tenant that no other test uses."""
        return _tenant(tenants.found(self.house.world, _wish("Own")))

    def api(self, tenant: Tenant | None = None) -> str:
        """The base of a tenant's addresses."""
        return f"/api/v1/Tenants/{(tenant or self.first).id}"


@contextmanager
def serve(settings: Settings, host: str = "127.0.0.1") -> Iterator[Served]:
    """Serve on a free port of this machine until the block ends; `host` is how it is reached."""
    house = prepare_house(settings)
    ensure_signing_key(house)
    first, second = (_tenant(tenants.found(house.world, _wish(n))) for n in ("First", "Second"))
    # Named as TCP, or asyncio leaves small answers to wait for each other.
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    own.bind(("127.0.0.1", 0))
    url = f"http://{host}:{own.getsockname()[1]}"
    server = Server(house, url)
    server.start()
    config = uvicorn.Config(
        server.front,
        loop="asyncio",
        http=QuickProtocol,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,  # longer than httpx rests one, or it meets the close
    )
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(uvicorn_server.serve(sockets=[own])), daemon=True
    )
    thread.start()
    try:
        with httpx.Client(base_url=url, timeout=30) as http:
            yield Served(url, house, http, first, second)
    finally:
        uvicorn_server.should_exit = True
        thread.join(timeout=20)
        server.stop()
        own.close()


def sqlite_settings(folder: Path, **changes: Any) -> Settings:
    """Settings for a store in a folder."""
    return Settings(database_url=f"sqlite:///{folder}/gatepost.db", **changes)


def postgresql_settings(url: str, folder: Path, **changes: Any) -> Settings:
    """Settings for a PostgreSQL store, with the master key in a folder."""
    key_file = folder / "master.key"
    if not key_file.exists():
        create_master_key(key_file, bytes(range(32)))
    return Settings(database_url=url, master_key_file=key_file, **changes)


def _wish(name: str) -> Founding:
    return Founding(tenant_id=SystemDice().guid(), tenant_name=name)


def _tenant(founded: Founded) -> Tenant:
    assert founded.admin_client_secret is not None
    return Tenant(founded.tenant.id, founded.admin_client_id, founded.admin_client_secret)
