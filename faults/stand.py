"""A deployment to break: founded by the product, with an application and people signed in."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.browser import Browser
from bench.served import NotServedError
from faults.nodes import PUBLIC_URL, Node, serving
from faults.orders import Orders, Person, Registered, authorize_path
from faults.postgresql import Cluster, cluster
from gatepost.app import House, ensure_signing_key, found_house, open_house
from gatepost.services import tenants
from gatepost.services.tenants import Founding
from gatepost.settings import read_settings
from tests import flows
from tests.cli.program import Place
from tests.flows import new_application, new_person
from tests.served import Served, Tenant

STORES = ("sqlite", "postgresql")
_ROLES = 6


class Stand(NamedTuple):
    """Where a deployment is, and who there is in it."""

    place: Place
    tenant: Tenant
    application: Registered
    role_ids: tuple[str, ...]
    people: tuple[Person, ...]
    database: Cluster | None
    """The PostgreSQL server that is its store, if it is one."""

    @property
    def application_pair(self) -> tuple[str, str]:
        """The application's id and secret."""
        return self.application.client_id, self.application.secret

    @contextmanager
    def open(self) -> Iterator[House]:
        """The store, from within this process."""
        house = open_house(read_settings(self.place.settings, None))
        try:
            yield house
        finally:
            house.close()

    def orders(self, journal: Path, ports: tuple[int, ...], mix: Mapping[str, int]) -> Orders:
        """What callers are to know of it; how much and how long is for who gives them."""
        return Orders(
            journal=str(journal),
            ports=ports,
            tenant_id=self.tenant.id,
            administration=Registered(self.tenant.client_id, self.tenant.secret),
            application=self.application,
            role_ids=self.role_ids,
            people=self.people,
            mix=dict(mix),
            per_second=0,
            seed=0,
            chain_seconds=86_400,
            most_seconds=600,
        )


@contextmanager
def stand(
    folder: Path, store: str, people: int, disk: Path | None = None, **settings: str
) -> Iterator[Stand]:
    """Found a deployment on a store of its own, which is gone when the block ends.

    The store, and nothing else, is on the disk that is named, if one is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        database = stack.enter_context(cluster(disk)) if store == "postgresql" else None
        place = _place(folder, database, disk or folder).with_settings(
            GATEPOST_PUBLIC_URL=PUBLIC_URL,
            GATEPOST_CHECKPOINTS=str(folder / "checkpoints"),
            **settings,
        )
        owner = _founded(place)
        with serving(place) as node:
            made = _furnished(place, owner, node, people)
        yield made._replace(database=database)


def _place(folder: Path, database: Cluster | None, disk: Path) -> Place:
    if database is None:
        return Place(folder, {"GATEPOST_DATABASE_URL": f"sqlite:///{disk}/gatepost.db"})
    key_file = folder / "master.key"
    url = database.fresh()
    return Place(folder, {"GATEPOST_DATABASE_URL": url, "GATEPOST_MASTER_KEY_FILE": str(key_file)})


def _founded(place: Place) -> Tenant:
    house = found_house(read_settings(place.settings, None))
    try:
        made = tenants.found_first(house.world, Founding())
        ensure_signing_key(house)
    finally:
        house.close()
    return Tenant(made.tenant.id, made.admin_client_id, made.admin_client_secret or "")


def _furnished(place: Place, owner: Tenant, node: Node, people: int) -> Stand:
    house = open_house(read_settings(place.settings, None))
    url = f"http://127.0.0.1:{node.port}"
    try:
        with httpx.Client(base_url=url, timeout=30) as http:
            served = Served(url, house, http, owner, owner)
            app = new_application(served, owner, AllowOfflineAccess=True)
            registered = Registered(app.id, app.secret or "")
            roles = tuple(_role(served, number) for number in range(_ROLES))
            there = [new_person(served, owner) for _ in range(people)]
    finally:
        house.close()
    signed_in = tuple(
        Person(each.email, each.password, _cookie(node.port, registered, each)) for each in there
    )
    return Stand(place, owner, registered, roles, signed_in, None)


def _role(served: Served, number: int) -> str:
    body = {"Name": f"Fault role {number}"}
    made = served.http.post(f"{served.api()}/Roles", json=body, headers=served.admin())
    assert made.status_code == 201, made.text
    return str(made.json()["Id"])


def _cookie(port: int, application: Registered, person: flows.Person) -> str:
    """The cookies of a browser at which the person signed in and allowed the application."""
    with closing(Browser(port)) as browser:
        path = authorize_path(application.client_id)
        browser.sign_in(path, person.email, person.password)
        browser.submit("allow")
        if "code" not in browser.arrived:
            raise NotServedError(f"the sign-in did not end: {browser.page[:300]}")
        return browser.cookie
