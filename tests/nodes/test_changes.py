"""A change at one node is in force there at once, and at every other within a second.

How long it took is for the bench to say. Here it is enough that it comes while we are patient.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cli.program import Place, sqlite_place
from tests.flows import (
    Application,
    new_application,
    new_person,
    signed_in_tokens,
    token,
)
from tests.nodes.cluster import A, B, Cluster, administrator, cluster, seen

SOME = 24
"""So many connections that each worker of a node gets some."""

Ask = Callable[[], bool]


@pytest.fixture
def machine(pair: Cluster) -> Application:
    """A client that acts for itself, and administers."""
    roles = [role["Id"] for role in _get(pair, "/Roles")]
    owner = pair.served.first
    return new_application(pair.served, owner, "ClientCredentialClients", RoleIds=roles)


def test_a_disabled_client_gets_no_token_anywhere(pair: Cluster, machine: Application) -> None:
    ask = _gets_a_token(pair, machine)
    _warm(pair, ask)
    _put(pair, f"/ClientCredentialClients/{machine.id}", {"Enabled": False})
    _over_at_once_and_elsewhere_soon(pair, ask)
    _put(pair, f"/ClientCredentialClients/{machine.id}", {"Enabled": True})
    assert all(ask() for _ in range(SOME))
    pair.turn(B)
    assert seen(ask)


def test_a_removed_secret_opens_nothing_anywhere(pair: Cluster, machine: Application) -> None:
    path = f"/ClientCredentialClients/{machine.id}/Secrets"
    made = pair.served.http.post(_url(pair, path), json={"Expires": False}, headers=_boss(pair))
    assert made.status_code == 201, made.text
    second = machine._replace(secret=made.json()["Secret"])
    first_ask, second_ask = _gets_a_token(pair, machine), _gets_a_token(pair, second)
    for ask in (first_ask, second_ask):
        _warm(pair, ask)
    gone = pair.turn(A).http.delete(_url(pair, f"{path}/1"), headers=_boss(pair))
    assert gone.status_code == 204, gone.text
    _over_at_once_and_elsewhere_soon(pair, first_ask)
    assert second_ask()


def test_a_removed_role_allows_nothing_anywhere(pair: Cluster, machine: Application) -> None:
    assert machine.secret
    bearer = {"Authorization": f"Bearer {pair.served.token(machine.id, machine.secret)}"}
    made = iter(range(10_000))

    def ask() -> bool:
        body = {"Name": f"{machine.id} {next(made)}"}
        answer = pair.served.http.post(_url(pair, "/Roles"), json=body, headers=bearer)
        assert answer.status_code in {201, 403}, answer.text
        return answer.status_code == 201

    _warm(pair, ask)
    _put(pair, f"/Clients/{machine.id}/Roles", [])
    _over_at_once_and_elsewhere_soon(pair, ask)


def test_a_disabled_person_refreshes_nothing_anywhere(pair: Cluster) -> None:
    owner = pair.served.first
    app = new_application(pair.served, owner, AllowOfflineAccess=True)
    kim, boss = new_person(pair.served, owner), administrator(pair.served)
    found = signed_in_tokens(pair.served, app, kim, scope="openid ocsapi offline_access")
    bearer = {"Authorization": f"Bearer {found['access_token']}"}

    def ask() -> bool:
        answer = pair.served.http.get("/identity/connect/userinfo", headers=bearer)
        assert answer.status_code in {200, 401}, answer.text
        return answer.status_code == 200

    _warm(pair, ask)
    question = boss.get(f"/portal/security/users/{kim.id}/disable")
    assert boss.submit(question, "confirm").response.status_code == 200
    _over_at_once_and_elsewhere_soon(pair, ask)
    for node in (A, B):
        refreshed = token(
            pair.turn(node), app, grant_type="refresh_token", refresh_token=found["refresh_token"]
        )
        assert refreshed.status_code == 400, refreshed.text


def test_keys_that_the_command_line_rotates_sign_at_every_node(
    pair: Cluster, machine: Application
) -> None:
    before = {node: _signing_kid(pair, node, machine) for node in (A, B)}
    assert before[A] == before[B]
    assert pair.place.run("keys", "rotate", "--announce-days", "0").status == 0
    assert seen(lambda: _signing_kid(pair, A, machine) != before[A])
    assert seen(lambda: _signing_kid(pair, B, machine) != before[B])
    assert _signing_kid(pair, A, machine) == _signing_kid(pair, B, machine)
    for node in (A, B):
        known = pair.turn(node).http.get("/identity/.well-known/openid-configuration/jwks").json()
        assert before[A] in [key["kid"] for key in known["keys"]]


@pytest.mark.parametrize("attempt", [1, 2])
def test_workers_on_sqlite_see_a_change_at_once(attempt: int, embedded_pair: Cluster) -> None:
    owner = embedded_pair.served.first
    members = {"Name": f"Number {attempt}"}
    machine = new_application(embedded_pair.served, owner, "ClientCredentialClients", **members)
    ask = _gets_a_token(embedded_pair, machine)
    assert all(ask() for _ in range(SOME))
    _put(embedded_pair, f"/ClientCredentialClients/{machine.id}", {"Enabled": False})
    assert not any(ask() for _ in range(SOME))


@pytest.fixture(scope="module")
def embedded_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One node of two workers on SQLite."""
    folder = tmp_path_factory.mktemp("embedded")
    place = Place(folder, _absolute(sqlite_place(folder)))
    with cluster(place, ("--workers", "2")) as made:
        yield made


def _absolute(place: Place) -> dict[str, str]:
    return {"GATEPOST_DATABASE_URL": f"sqlite:///{place.folder}/store/gatepost.db"}


def _warm(pair: Cluster, ask: Ask) -> None:
    """Let every worker keep what it will."""
    for node in (B, A):
        pair.turn(node)
        assert seen(ask)
        assert all(ask() for _ in range(SOME))


def _over_at_once_and_elsewhere_soon(pair: Cluster, ask: Ask) -> None:
    pair.turn(A)
    assert not any(ask() for _ in range(SOME))
    pair.turn(B)
    assert seen(lambda: not ask())
    assert not any(ask() for _ in range(SOME))


def _gets_a_token(pair: Cluster, machine: Application) -> Ask:
    def ask() -> bool:
        answer = token(pair.served, machine, grant_type="client_credentials")
        assert answer.status_code in {200, 400, 401}, answer.text
        return answer.status_code == 200

    return ask


def _signing_kid(pair: Cluster, node: int, machine: Application) -> str:
    assert machine.secret
    head = pair.turn(node).token(machine.id, machine.secret).split(".")[0]
    kid: str = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    return kid


def _url(pair: Cluster, path: str) -> str:
    return pair.served.api() + path


def _boss(pair: Cluster) -> dict[str, str]:
    return pair.served.admin()


def _get(pair: Cluster, path: str) -> Any:
    answer = pair.turn(A).http.get(_url(pair, path), headers=_boss(pair))
    assert answer.status_code == 200, answer.text
    return answer.json()


def _put(pair: Cluster, path: str, body: Any) -> None:
    answer = pair.turn(A).http.put(_url(pair, path), json=body, headers=_boss(pair))
    assert answer.status_code == 200, answer.text
