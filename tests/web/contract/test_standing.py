"""What a token is worth follows its client and user as they are now, not as they were."""

from collections.abc import Callable

import httpx
import pytest

from tests.web.contract.answers import check_answer, check_error
from tests.web.contract.callers import ADMINISTRATOR
from tests.web.contract.estate import Estate, call, user_body
from tests.web.contract.tokens import bearer, user_token


def _as(estate: Estate, token: str) -> Callable[..., httpx.Response]:
    """Calls below the tenant with a token."""

    def send(method: str, path: str, body: object = None) -> httpx.Response:
        return call(estate.served.http, method, estate.base + path, bearer(token), body)

    return send


def test_a_client_rotates_its_own_secret_but_does_not_change_one(estate: Estate) -> None:
    client_id, old = estate.machine()
    path = f"/ClientCredentialClients/{client_id}/Secrets"
    itself = _as(estate, estate.served.token(client_id, old))
    made = itself("POST", path, {"Description": "Next", "Expires": False})
    check_answer(made, 201, "ClientSecretResponse")
    assert [row["Id"] for row in itself("GET", path).json()] == [1, made.json()["Id"]]
    check_error(itself("PUT", f"{path}/{made.json()['Id']}", {"Description": "Mine"}), 403)
    check_error(itself("PUT", f"{path}/1", {"Expires": False}), 403)
    renewed = _as(estate, estate.served.token(client_id, made.json()["Secret"]))
    check_answer(renewed("DELETE", f"{path}/1"), 204, None)
    assert [row["Description"] for row in estate.get(path)] == ["Next"]
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": old}
    refused = estate.served.http.post("/identity/connect/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_a_client_touches_no_other_clients_secrets(estate: Estate) -> None:
    mine = _as(estate, estate.token())
    path = f"/ClientCredentialClients/{estate.machine()[0]}/Secrets"
    for method, tail, body in (
        ("GET", "", None),
        ("HEAD", "", None),
        ("GET", "/1", None),
        ("POST", "", {"Expires": False}),
        ("DELETE", "/1", None),
    ):
        check_error(mine(method, path + tail, body), 403)
    assert [row["Id"] for row in estate.get(path)] == [1]


@pytest.mark.requirement("R-27")
def test_a_disabled_clients_token_is_refused_until_it_is_enabled(estate: Estate) -> None:
    client_id, secret = estate.machine()
    path = f"/ClientCredentialClients/{client_id}"
    itself = _as(estate, estate.served.token(client_id, secret))
    assert itself("GET", path).status_code == 200
    assert estate.send("PUT", path, {"Enabled": False}).status_code == 200
    check_error(itself("GET", path), 401)
    assert 'error="invalid_token"' in itself("GET", path).headers["WWW-Authenticate"]
    assert estate.send("PUT", path, {"Enabled": True}).status_code == 200
    assert itself("GET", path).status_code == 200


@pytest.mark.requirement("R-27")
def test_a_disabled_app_stops_the_tokens_of_its_people(estate: Estate) -> None:
    app_id, user_id = estate.app(), estate.person()
    person = _as(estate, user_token(estate.served, estate.tenant.id, user_id, app_id))
    assert person("GET", f"/Users/{user_id}").status_code == 200
    assert estate.send("PUT", f"/HybridClients/{app_id}", {"Enabled": False}).status_code == 200
    check_error(person("GET", f"/Users/{user_id}"), 401)


@pytest.mark.requirement("R-27")
def test_the_token_of_what_was_removed_is_refused(estate: Estate) -> None:
    client_id, secret = estate.machine()
    app_id, user_id = estate.app(), estate.person()
    machine = _as(estate, estate.served.token(client_id, secret))
    person = _as(estate, user_token(estate.served, estate.tenant.id, user_id, app_id))
    assert machine("GET", "").status_code == person("GET", "").status_code == 200
    assert estate.send("DELETE", f"/ClientCredentialClients/{client_id}").status_code == 204
    assert estate.send("DELETE", f"/Users/{user_id}").status_code == 204
    check_error(machine("GET", ""), 401)
    check_error(person("GET", ""), 401)


@pytest.mark.requirement("R-83")
def test_a_client_with_the_id_of_a_removed_one_does_not_get_its_tokens(estate: Estate) -> None:
    client_id, secret = estate.machine(estate.roles[ADMINISTRATOR])
    old = _as(estate, estate.served.token(client_id, secret))
    assert estate.send("DELETE", f"/ClientCredentialClients/{client_id}").status_code == 204
    wish = {"Name": "Again", "Id": client_id, "RoleIds": [estate.roles[ADMINISTRATOR]]}
    again = estate.make("/ClientCredentialClients", wish)
    check_error(old("GET", ""), 401)
    check_error(old("DELETE", f"/ClientCredentialClients/{client_id}"), 401)
    new = _as(estate, estate.served.token(client_id, again["Secret"]))
    assert new("GET", "").status_code == 200


@pytest.mark.requirement("R-83")
def test_a_client_of_another_kind_does_not_get_them_either(estate: Estate) -> None:
    client_id, secret = estate.machine()
    old = _as(estate, estate.served.token(client_id, secret))
    assert estate.send("DELETE", f"/ClientCredentialClients/{client_id}").status_code == 204
    estate.make("/HybridClients", {"Name": "Again", "Id": client_id})
    check_error(old("GET", ""), 401)


@pytest.mark.requirement("R-63", "R-83")
def test_the_id_of_a_removed_client_is_given_to_no_other_tenant(
    estate: Estate, neighbour: Estate
) -> None:
    client_id, secret = estate.machine()
    token = estate.served.token(client_id, secret)
    assert estate.send("DELETE", f"/ClientCredentialClients/{client_id}").status_code == 204
    moved = {"Name": "Moved", "Id": client_id}
    check_error(neighbour.send("POST", "/ClientCredentialClients", moved), 409)
    check_error(_as(estate, token)("GET", ""), 401)
    check_error(_as(neighbour, token)("GET", ""), 401)


@pytest.mark.requirement("R-83")
def test_a_user_with_the_id_of_a_removed_one_does_not_get_their_tokens(estate: Estate) -> None:
    app_id, user_id = estate.app(), estate.person()
    old = _as(estate, user_token(estate.served, estate.tenant.id, user_id, app_id))
    assert old("GET", f"/Users/{user_id}").status_code == 200
    assert estate.send("DELETE", f"/Users/{user_id}").status_code == 204
    estate.make("/Users", user_body() | {"Id": user_id})
    check_error(old("GET", f"/Users/{user_id}"), 401)
    new = _as(estate, user_token(estate.served, estate.tenant.id, user_id, app_id))
    assert new("GET", f"/Users/{user_id}").status_code == 200


@pytest.mark.requirement("R-27")
def test_a_role_counts_from_the_moment_it_is_given_and_no_longer_than_held(
    estate: Estate,
) -> None:
    client_id, secret = estate.machine()
    itself = _as(estate, estate.served.token(client_id, secret))
    path = f"/Clients/{client_id}/Roles"
    check_error(itself("POST", "/Roles", {"Name": "Too early"}), 403)
    given = estate.send("PUT", path, [estate.roles[ADMINISTRATOR]])
    assert given.status_code == 200
    name = f"In time {client_id}"
    assert itself("POST", "/Roles", {"Name": name}).status_code == 201
    assert estate.send("PUT", path, []).status_code == 200
    check_error(itself("POST", "/Roles", {"Name": "Too late"}), 403)


@pytest.mark.requirement("R-27")
def test_a_users_role_counts_at_once(estate: Estate) -> None:
    app_id, user_id = estate.app(), estate.person()
    person = _as(estate, user_token(estate.served, estate.tenant.id, user_id, app_id))
    check_error(person("DELETE", f"/Roles/{estate.role()}"), 403)
    estate.send("PUT", f"/Users/{user_id}/Roles", [estate.roles[ADMINISTRATOR]])
    assert person("DELETE", f"/Roles/{estate.role()}").status_code == 204
    estate.send("PUT", f"/Users/{user_id}/Roles", [])
    check_error(person("DELETE", f"/Roles/{estate.role()}"), 403)


@pytest.mark.requirement("R-29")
def test_a_user_whose_id_is_a_clients_is_not_that_client(estate: Estate) -> None:
    """Ids of users and clients may be the same text; the tokens still do not mean each other."""
    client_id, _ = estate.machine()
    user_id = estate.make("/Users", user_body() | {"Id": client_id})["Id"]
    assert user_id == client_id
    token = user_token(estate.served, estate.tenant.id, user_id, estate.app())
    check_error(_as(estate, token)("GET", f"/ClientCredentialClients/{client_id}/Secrets"), 403)


@pytest.mark.requirement("R-29")
def test_a_client_whose_id_is_a_users_is_not_that_user(estate: Estate) -> None:
    user_id = estate.person()
    made = estate.make("/ClientCredentialClients", {"Name": "Twin", "Id": user_id})
    itself = _as(estate, estate.served.token(user_id, made["Secret"]))
    check_error(itself("GET", f"/Users/{user_id}/Preferences"), 403)


@pytest.mark.requirement("R-83")
def test_an_app_with_the_id_of_a_removed_one_revives_no_persons_token(estate: Estate) -> None:
    app_id, user_id = estate.app(), estate.person()
    person = _as(estate, user_token(estate.served, estate.tenant.id, user_id, app_id))
    assert estate.send("DELETE", f"/HybridClients/{app_id}").status_code == 204
    estate.make("/HybridClients", {"Name": "Again", "Id": app_id})
    check_error(person("GET", ""), 401)
