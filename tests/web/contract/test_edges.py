"""Beside the operations: addresses and methods that are not there."""

import json

import pytest

from tests.web.contract.answers import check_error, steady_body
from tests.web.contract.contract import BASE, PROMISES
from tests.web.contract.estate import Estate, call

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND")
SOME_ID = "00000000-0000-4000-8000-000000000000"
BY_PATH = {
    path: sorted({promise.method for promise in PROMISES if promise.path == path})
    for path in dict.fromkeys(promise.path for promise in PROMISES)
}
NOT_LISTED = [
    (path, method) for path, listed in BY_PATH.items() for method in METHODS if method not in listed
]
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1",
        "/api/v1/Tenants",
        "/api/v2/Tenants/{tenant}",
        "/api/v1/Tenant/{tenant}",
        "/api/v1/Tenants/{tenant}/Nothing",
        "/api/v1/Tenants/{tenant}/HybridClient",
        "/api/v1/Tenants/{tenant}/Clients",
        "/api/v1/Tenants/{tenant}/HybridClients//",
        "/api/v1/Tenants/{tenant}/HybridClients/{id}/Roles",
        "/api/v1/Tenants/{tenant}/HybridClients/{id}/Secrets/1/Value",
        "/api/v1/Tenants/{tenant}/AuthorizationCodeClients/{id}/Secrets",
        "/api/v1/Tenants/{tenant}/DeviceCodeClients/{id}/Secrets/1",
        "/api/v1/Tenants/{tenant}/Roles/{id}/Users/{id}",
        "/api/v1/Tenants/{tenant}/Users/{id}/Password",
        "/api/v1/Tenants/{tenant}/Users%2F{id}",
        "/api/v1//Tenants/{tenant}",
    ],
)
def test_unknown_addresses_are_not_found(path: str, estate: Estate) -> None:
    address = path.format(tenant=estate.tenant.id, id=SOME_ID)
    answers = [
        call(estate.served.http, method, address, header)
        for method in ("GET", "DELETE")
        for header in (estate.header, {})
    ]
    for answer in answers:
        check_error(answer, 404)
        assert steady_body(answer) == steady_body(answers[0])


def test_an_encoded_slash_does_not_split(estate: Estate) -> None:
    """Here it makes the id of a tenant that is not there."""
    answer = estate.served.http.get(f"{estate.base}%2FUsers", headers=estate.header)
    check_error(answer, 403)


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize(("path", "method"), NOT_LISTED)
def test_methods_that_are_not_listed_are_refused(path: str, method: str, estate: Estate) -> None:
    names = ("clientId", "secretId", "roleId", "userId")
    address = path.format(tenantId=estate.tenant.id, **dict.fromkeys(names, SOME_ID))
    answer = estate.served.http.request(method, address, headers=estate.header)
    check_error(answer, 405)
    assert answer.headers["Allow"].split(", ") == BY_PATH[path]


@pytest.mark.requirement("R-80")
def test_refused_methods_say_nothing_of_the_tenant(estate: Estate, neighbour: Estate) -> None:
    answers = [
        estate.served.http.patch(BASE.format(tenantId=tenant_id), headers=header)
        for tenant_id in (estate.tenant.id, neighbour.tenant.id, SOME_ID)
        for header in (estate.header, {})
    ]
    assert {answer.status_code for answer in answers} == {405}
    bodies = {json.dumps(steady_body(answer)) for answer in answers}
    assert len(bodies) == 1


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("name", OVERRIDES)
def test_override_headers_are_ignored(name: str, estate: Estate) -> None:
    path = f"{estate.base}/HybridClients/{estate.app()}"
    override = {**estate.header, name: "DELETE"}
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 405)):
        answer = call(estate.served.http, method, path, override)
        assert answer.status_code == status
    assert call(estate.served.http, "GET", path, estate.header).status_code == 200


@pytest.mark.requirement("R-80")
def test_override_parameters_are_ignored(estate: Estate) -> None:
    path = f"/HybridClients/{estate.app()}"
    assert estate.send("GET", f"{path}?_method=DELETE").status_code == 200
    assert estate.send("PUT", f"{path}?_method=DELETE", {"Name": "Still here"}).status_code == 200
    assert estate.get(path)["Name"] == "Still here"


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("name", OVERRIDES)
def test_an_override_lends_no_rights(name: str, estate: Estate) -> None:
    """A member may read; what the header claims the reading is, does not matter."""
    token = {"Authorization": f"Bearer {estate.token()}", name: "GET"}
    role_id = estate.role()
    answer = call(estate.served.http, "DELETE", f"{estate.base}/Roles/{role_id}", token)
    check_error(answer, 403)
    assert estate.get(f"/Roles/{role_id}")["Id"] == role_id
