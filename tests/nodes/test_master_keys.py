"""A master key follows another on two nodes that serve: one restart each, and nothing is lost.

In between one node has the new key file and the other has not, and later each sees at a moment of
its own which key is in use.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from gatepost.app import open_house
from gatepost.settings import read_settings
from tests.cli.program import Place, Running, postgresql_place
from tests.flows import Application, new_application, new_person
from tests.nodes.cluster import PUBLIC_URL, TENANT_ID, A, B, Router, folder_of, seen
from tests.served import Served, Tenant
from tests.web.granting import ALL_SCOPES, new_code, refreshed, tokens_for

pytestmark = pytest.mark.requirement("D-02", "R-73")

UNDER_NEW = r"""
    SELECT count(*) FROM (
        SELECT digest FROM refresh_tokens UNION ALL SELECT digest FROM sign_ins
        UNION ALL SELECT digest FROM client_secrets UNION ALL SELECT seal FROM journal_heads
        UNION ALL SELECT sealed_private FROM signing_keys
    ) AS kept WHERE digest >= '\x02'::bytea
"""
NOTED = "SELECT office FROM leases WHERE office LIKE 'master keys%'"


class Site:
    """A deployment of two nodes, each with a key file of its own, as on two machines."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.stack = stack
        self.place = postgresql_place(folder).with_settings(GATEPOST_PUBLIC_URL=PUBLIC_URL)
        founded = self.place.init("--tenant-id", TENANT_ID)
        self.key_file = Path(self.place.settings["GATEPOST_MASTER_KEY_FILE"])
        self.owner = Tenant(TENANT_ID, founded["AdminClientId"], founded["AdminClientSecret"])
        self.places = [self._own(number) for number in (A, B)]
        self.nodes = [self.start(number) for number in (A, B)]

    def _own(self, number: int) -> Place:
        own = folder_of(self.place, number)
        held = own.folder / "master.key"
        shutil.copy(self.key_file, held)
        return own.with_settings(GATEPOST_MASTER_KEY_FILE=str(held))

    def start(self, number: int) -> Running:
        """Start a node with the key file that it has."""
        return self.stack.enter_context(self.places[number].serving())

    def restart(self, number: int) -> None:
        """Give a node the newest key file, and start it anew."""
        assert self.nodes[number].stop() == 0
        shutil.copy(self.key_file, self.places[number].folder / "master.key")
        self.nodes[number] = self.start(number)

    @contextmanager
    def served(self) -> Iterator[tuple[Served, Router]]:
        """The nodes, by way of one that chooses."""
        router = Router([node.url for node in self.nodes])
        house = open_house(read_settings(self.place.settings, None))
        try:
            with httpx.Client(base_url=PUBLIC_URL, timeout=30, transport=router) as http:
                yield Served(PUBLIC_URL, house, http, self.owner, self.owner), router
        finally:
            house.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


class Holder:
    """An application that refreshes at one node and then at the other."""

    def __init__(self, by: tuple[Served, Router]) -> None:
        self.served, self.router = by
        self.client: Application = new_application(
            self.served, self.served.first, AllowOfflineAccess=True
        )
        person = new_person(self.served, self.served.first)
        self.router.node = A
        code = new_code(self.served, self.client, person, scope=ALL_SCOPES)
        self.router.node = B
        self.token: str = tokens_for(code)["refresh_token"]

    def refresh(self, *nodes: int) -> None:
        """Use the refresh token up at these nodes, one after the other."""
        for node in nodes:
            self.router.node = node
            answer = refreshed(self.served, self.client, self.token)
            assert answer.status_code == 200, answer.text
            self.token = answer.json()["refresh_token"]

    def over(self, by: tuple[Served, Router]) -> "Holder":
        """The same application on the nodes as they run now."""
        self.served, self.router = by
        return self

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Refresh on and on while the block lasts; a refusal fails the test."""
        faults: list[BaseException] = []
        done = threading.Event()

        def go_on() -> None:
            try:
                while not done.is_set():
                    self.refresh(A, B)
            except BaseException as fault:  # noqa: BLE001  (told below, in the test's own thread)
                faults.append(fault)

        worker = threading.Thread(target=go_on)
        worker.start()
        try:
            yield
        finally:
            done.set()
            worker.join(timeout=30)
        assert faults == []


def test_a_master_key_is_changed_while_two_nodes_serve(site: Site) -> None:
    made = site.place.run("keys", "new-master")
    assert made.status == 0, made.err
    with site.served() as by:
        holder = Holder(by)
    site.restart(B)
    with site.served() as by:
        holder.over(by).refresh(A, B, A)
        mixed = Holder(by)
        mixed.refresh(A)
    assert site.place.rows(UNDER_NEW) == [(0,)], "one node would not find it"
    assert "A server runs without master key 2" in site.place.run("keys", "rewrap").refusal()
    site.restart(A)
    assert seen(lambda: ("master keys 2,1",) in site.place.rows(NOTED))
    site.place.rows("UPDATE leases SET ends_at = 1 WHERE office = 'master keys 1'")
    with site.served() as by:
        with holder.over(by).refreshing():
            rewrapped = site.place.run("keys", "rewrap")
        assert rewrapped.status == 0, rewrapped.err
        holder.refresh(A, B)
        mixed.over(by).refresh(B, A)
    ((under_new,),) = site.place.rows(UNDER_NEW)
    assert under_new > 4
    again = site.place.run("keys", "rewrap", "--json").json()
    assert {row["What"] for row in again} >= {"refresh tokens", "sign-ins"}
    assert {row["Key"] for row in again} == {1}
