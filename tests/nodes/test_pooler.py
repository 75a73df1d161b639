"""The real product behind PgBouncer, which gives each transaction another session."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from gatepost.model.errors import StoreUnavailable
from gatepost.storage.engine import make_engine, transaction
from tests.cli.program import Place, postgresql_place
from tests.flows import new_application, new_person, signed_in_tokens, token
from tests.nodes.cluster import A, B, Cluster, administrator, cluster, seen
from tests.nodes.poolers import pooled
from tests.postgres import fresh_database, shared_server

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
ONCE = "5s", "2s", "10s"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two nodes of two workers each, which share three sessions of the database."""
    place = postgresql_place(tmp_path_factory.mktemp("behind"))
    two = ("--workers", "2")
    with (
        pooled(place.settings["GATEPOST_DATABASE_URL"]) as url,
        cluster(_behind(place, url), two, two) as made,
    ):
        yield made


def test_whole_flows_go_through_it(behind: Cluster) -> None:
    served = behind.turn(A)
    app = new_application(served, served.first, AllowOfflineAccess=True)
    kim = new_person(served, served.first)
    found = signed_in_tokens(served, app, kim, scope="openid ocsapi offline_access")
    for turn in range(8):
        served = behind.turn((A, B)[turn % 2])
        answer = token(
            served, app, grant_type="refresh_token", refresh_token=found["refresh_token"]
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
    for page in ("/portal/security/clients", "/portal/security/users"):
        assert administrator(served).get(page).response.status_code == 200


def test_redemptions_that_wait_go_through_it_together(behind: Cluster) -> None:
    served = behind.turn(A)
    app = new_application(served, served.first, AllowOfflineAccess=True)
    kim = new_person(served, served.first)
    scope = "openid ocsapi offline_access"
    kept = [signed_in_tokens(served, app, kim, scope=scope)["refresh_token"] for _ in range(8)]

    def rotated(refresh_token: str) -> str:
        for _ in range(5):
            form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
            answer = token(served, app, **form)
            assert answer.status_code == 200, answer.text
            refresh_token = answer.json()["refresh_token"]
        return refresh_token

    with ThreadPoolExecutor(len(kept)) as threads:
        assert len(set(threads.map(rotated, kept))) == len(kept)


def test_many_at_once_share_its_few_sessions(behind: Cluster) -> None:
    served = behind.turn(A)
    owner, boss = served.first, served.admin()

    def add(number: int) -> int:
        body = {"Name": f"Number {number}"}
        path = f"{served.api()}/ClientCredentialClients"
        made = served.http.post(path, json=body, headers=boss)
        assert served.http.get(path, headers=boss).status_code == 200
        return made.status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(add, range(120))) == {201}
    assert owner


def test_a_change_is_in_force_at_the_other_node(behind: Cluster) -> None:
    served = behind.turn(A)
    machine = new_application(served, served.first, "ClientCredentialClients")

    def ask() -> bool:
        answer = token(behind.served, machine, grant_type="client_credentials")
        return answer.status_code == 200

    behind.turn(B)
    assert seen(ask)
    behind.turn(A)
    path = f"{served.api()}/ClientCredentialClients/{machine.id}"
    assert served.http.delete(path, headers=served.admin()).status_code == 204
    assert not ask()
    behind.turn(B)
    assert seen(lambda: not ask())


@pytest.mark.parametrize("command", [("migrate",), ("doctor", "--journal"), ("keys", "list")])
def test_commands_go_through_it(behind: Cluster, command: tuple[str, ...]) -> None:
    assert behind.place.run(*command).status == 0


def test_a_backup_is_taken_and_restored_through_it(behind: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    assert behind.place.run("backup", str(file)).status == 0
    with pooled(fresh_database(shared_server())) as url:
        done = behind.place.with_settings(GATEPOST_DATABASE_URL=url).run("restore", str(file))
        assert done.status == 0, done.err


@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize("pooler", ["none", "transaction"])
def test_every_transaction_has_its_limits(pooler: str, writing: bool) -> None:
    url = fresh_database(shared_server())
    with pooled(url) as through:
        engine = make_engine(through, "transaction") if pooler != "none" else make_engine(url)
        for _ in range(8):
            with transaction(engine, writing=writing) as connection:
                found = [connection.execute(text(f"SHOW {name}")).scalar() for name in LIMITS]
            assert tuple(found) == ONCE
        engine.dispose()


def test_the_session_keeps_no_limits_for_others() -> None:
    with pooled(fresh_database(shared_server())) as through:
        engine = make_engine(through, "transaction")
        with transaction(engine, writing=True) as connection:
            connection.execute(text("SELECT 1"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            assert connection.execute(text("SHOW lock_timeout")).scalar() == "0"
        engine.dispose()


def test_who_forgot_the_setting_is_told_of_it() -> None:
    with pooled(fresh_database(shared_server())) as through:
        engine = make_engine(through)
        with (
            pytest.raises(StoreUnavailable, match="GATEPOST_DATABASE_POOLER=transaction"),
            transaction(engine, writing=False),
        ):
            pass
        engine.dispose()


def _behind(place: Place, url: str) -> Place:
    return place.with_settings(GATEPOST_DATABASE_URL=url, GATEPOST_DATABASE_POOLER="transaction")
