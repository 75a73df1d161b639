"""Lists are read from a replica, and only while it has what this node knows to be changed."""

from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from sqlalchemy import text

from gatepost.app import House, open_house
from gatepost.model.events import DEPLOYMENT
from gatepost.services import tenants
from gatepost.services.tenants import Founding
from gatepost.settings import read_settings
from gatepost.storage.epochs import number_of
from tests.cli.program import Place, postgresql_place
from tests.flows import new_application
from tests.nodes.cluster import TENANT_ID, A, B, Cluster, cluster, seen
from tests.nodes.standby import standby

OTHER_ID = "00000000-0000-4000-8000-000000000002"
CLIENTS = "/ClientCredentialClients"


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, str]]:
    """Two nodes that read lists from a replica, and its address."""
    place = postgresql_place(tmp_path_factory.mktemp("replica"))
    with (
        standby(place.settings["GATEPOST_DATABASE_URL"]) as url,
        cluster(place.with_settings(GATEPOST_REPLICA_URL=url), (), ()) as made,
    ):
        yield made, url


@pytest.fixture
def house(replica: tuple[Cluster, str]) -> Iterator[House]:
    """The store as one more node sees it."""
    opened = open_house(read_settings(replica[0].place.settings, None))
    yield opened
    opened.close()


def test_a_list_is_read_from_the_replica(replica: tuple[Cluster, str], house: House) -> None:
    assert seen(lambda: _is_from_replica(house, replica[0]))


def test_a_replica_that_lags_is_not_read(replica: tuple[Cluster, str], house: House) -> None:
    nodes, url = replica
    assert seen(lambda: _is_from_replica(house, nodes))
    with _paused(url):
        new_application(nodes.served, nodes.served.first, "ClientCredentialClients")
        assert not _is_from_replica(house, nodes)
    assert seen(lambda: _is_from_replica(house, nodes))


def test_another_tenants_changes_do_not_keep_it_from_being_read(
    replica: tuple[Cluster, str], house: House
) -> None:
    nodes, url = replica
    # each falls on an epoch of its own
    assert len({number_of(id_) for id_ in (TENANT_ID, OTHER_ID, DEPLOYMENT)}) == 3
    assert seen(lambda: _is_from_replica(house, nodes))
    with _paused(url):
        tenants.found(house.world, Founding(tenant_id=OTHER_ID, tenant_name="Other"))
        assert _is_from_replica(house, nodes)


def test_who_changed_something_sees_it_in_the_list_at_once(replica: tuple[Cluster, str]) -> None:
    nodes, url = replica
    served = nodes.turn(A)
    with _paused(url):
        for _ in range(10):
            machine = new_application(served, served.first, "ClientCredentialClients")
            assert machine.id in _listed(nodes, A)
            assert seen(partial(_is_listed, nodes, machine.id))


def test_without_its_replica_a_node_goes_on(place_without: Place) -> None:
    with cluster(place_without, ()) as alone:
        machine = new_application(alone.served, alone.served.first, "ClientCredentialClients")
        assert machine.id in _listed(alone, A)
        log = (place_without.folder / "node-0" / "server.log").read_text()
        assert "the replica is left alone" in log
        assert "Traceback" not in log


@pytest.fixture
def place_without(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place whose settings name a replica that nobody answers for."""
    place = postgresql_place(tmp_path_factory.mktemp("without"))
    return place.with_settings(GATEPOST_REPLICA_URL="postgresql://nobody@127.0.0.1:1/nothing")


class _paused:  # noqa: N801  (a context, used as a verb)
    """The replica replays nothing until the block ends."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        _tell(self._url, "SELECT pg_wal_replay_pause()")
        assert seen(lambda: _tell(self._url, "SELECT pg_get_wal_replay_pause_state()") == "paused")

    def __exit__(self, *_fault: object) -> None:
        _tell(self._url, "SELECT pg_wal_replay_resume()")


def _tell(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def _is_from_replica(house: House, nodes: Cluster) -> bool:
    house.store.look()
    with house.store.reading_calmly(nodes.served.first.id) as tenancy:
        connection = tenancy._work.connection
        return bool(connection.scalar(text("SELECT pg_is_in_recovery()")))


def _is_listed(nodes: Cluster, client_id: str) -> bool:
    return client_id in _listed(nodes, B)


def _listed(nodes: Cluster, node: int) -> list[str]:
    served = nodes.turn(node)
    answer = served.http.get(f"{served.api()}{CLIENTS}?count=1000", headers=served.admin())
    assert answer.status_code == 200, answer.text
    return [client["Id"] for client in answer.json()]
