"""Every operation really called, on both stores: status, headers and body are the contract's."""

from typing import Any

import httpx
import pytest

from tests.web.contract.answers import check_answer, check_error, steady_headers
from tests.web.contract.contract import BASE, PROMISES, Promise
from tests.web.contract.estate import AAD, Estate, Target, call, client_body, user_body
from tests.web.contract.schema import faults
from tests.web.contract.tokens import bearer, user_token

ABSENT_ID = "00000000-0000-4000-8000-000000000000"
SPELLINGS = ("/api/v1/Tenants", "/api/v1/tenants", "/api/v1-preview/Tenants", "/API/V1/TENANTS")
NO_BODY_TO_LIKEN = {"Tenants.exists"}
"""Answers 204 where its GET answers 200, so there is no body whose headers it could have."""

each = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
reads = pytest.mark.parametrize(
    "promise", [p for p in PROMISES if p.method in {"GET", "HEAD"}], ids=lambda promise: promise.id
)
writes = pytest.mark.parametrize(
    "promise",
    [p for p in PROMISES if p.method not in {"GET", "HEAD"}],
    ids=lambda promise: promise.id,
)
heads = pytest.mark.parametrize(
    "promise", [p for p in PROMISES if p.method == "HEAD"], ids=lambda promise: promise.id
)


def _path(promise: Promise, tenant_id: str, params: dict[str, str]) -> str:
    return promise.path.format(tenantId=tenant_id, **params)


def _header(estate: Estate, promise: Promise, target: Target) -> dict[str, str]:
    """An administrator's, or the user's own where nobody else may call."""
    if "userId" in promise.names and promise.roles == {"Self"}:
        user_id = target.params["userId"]
        token = user_token(estate.served, estate.tenant.id, user_id, estate.app())
        return bearer(token)
    return estate.header


def _spelled(path: str, spelling: str) -> str:
    """The same address in other letters; ids are in lower case already."""
    rest = path.removeprefix(SPELLINGS[0])
    if spelling == SPELLINGS[1]:
        return spelling + rest.lower()
    return spelling + rest


@each
def test_success_is_as_promised(promise: Promise, estate: Estate) -> None:
    target = estate.target(promise)
    path = _path(promise, estate.tenant.id, target.params)
    header = _header(estate, promise, target)
    answer = call(estate.served.http, promise.method, path, header, estate.body(promise))
    check_answer(answer, promise.success, promise.result)
    for name in promise.headers:
        assert answer.headers[name].isdigit()


@writes
@pytest.mark.parametrize("spelling", SPELLINGS[1:3])
def test_other_spellings_do_the_same(promise: Promise, spelling: str, estate: Estate) -> None:
    target = estate.target(promise)
    path = _spelled(_path(promise, estate.tenant.id, target.params), spelling)
    header = _header(estate, promise, target)
    answer = call(estate.served.http, promise.method, path, header, estate.body(promise))
    check_answer(answer, promise.success, promise.result)


@reads
def test_other_spellings_read_the_same(promise: Promise, estate: Estate) -> None:
    target = estate.target(promise)
    path = _path(promise, estate.tenant.id, target.params)
    header = _header(estate, promise, target)
    answers = [
        call(estate.served.http, promise.method, _spelled(path, spelling), header)
        for spelling in SPELLINGS
    ]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert all(steady_headers(answer) == steady_headers(answers[0]) for answer in answers)


@heads
def test_head_is_its_get_without_a_body(promise: Promise, estate: Estate) -> None:
    target = estate.target(promise)
    path = _path(promise, estate.tenant.id, target.params)
    header = _header(estate, promise, target)
    head = estate.served.http.head(path, headers=header)
    got = estate.served.http.get(path, headers=header)
    assert (head.status_code, got.status_code) == (promise.success, 200)
    assert head.content == b""
    if promise.id not in NO_BODY_TO_LIKEN:
        assert steady_headers(head) == steady_headers(got)
        length = None if "Total-Count" in got.headers else str(len(got.content))
        assert head.headers.get("Content-Length") == length


@heads
def test_head_fails_as_its_get_fails(promise: Promise, estate: Estate) -> None:
    params = dict.fromkeys(promise.names, ABSENT_ID)
    path = _path(promise, estate.tenant.id if params else ABSENT_ID, params)
    head = estate.served.http.head(path, headers=estate.header)
    got = estate.served.http.get(path, headers=estate.header)
    if promise.id in NO_BODY_TO_LIKEN:
        assert (head.status_code, got.status_code) == (404, 403)
        return
    assert head.status_code == got.status_code
    assert head.content == b""
    assert steady_headers(head) == steady_headers(got)


@each
def test_an_error_has_four_texts(promise: Promise, estate: Estate) -> None:
    path = _path(promise, estate.tenant.id, estate.target(promise).params)
    answer = call(estate.served.http, promise.method, path, {}, estate.body(promise))
    check_error(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "promise", [p for p in PROMISES if p.names and p.roles != {"Self"}], ids=lambda p: p.id
)
def test_what_is_not_there_has_four_texts(promise: Promise, estate: Estate) -> None:
    params = {name: "999999999" if name == "secretId" else ABSENT_ID for name in promise.names}
    path = _path(promise, estate.tenant.id, params)
    answer = call(estate.served.http, promise.method, path, estate.header, estate.body(promise))
    check_error(answer, 404)


@pytest.mark.parametrize("promise", [p for p in PROMISES if p.body], ids=lambda promise: promise.id)
def test_a_bad_body_has_four_texts(promise: Promise, estate: Estate) -> None:
    target = estate.target(promise)
    path = _path(promise, estate.tenant.id, target.params)
    header = {**_header(estate, promise, target), "Content-Type": "application/json"}
    for sent in (b"{", b"", b"17", b'{"Name":1,"Name":2}'):
        answer = estate.served.http.request(promise.method, path, headers=header, content=sent)
        check_error(answer, 400)
    header["Content-Type"] = "text/plain"
    answer = estate.served.http.request(promise.method, path, headers=header, content=b"{}")
    check_error(answer, 415)


@pytest.mark.parametrize(
    ("path", "body", "schema"),
    [
        ("/HybridClients", {"Name": "n"}, "HybridClientCreateResponse"),
        (
            "/AuthorizationCodeClients",
            {"Name": "n", "RedirectUris": ["https://a.example/"]},
            "AuthorizationCodeClient",
        ),
        ("/ClientCredentialClients", {"Name": "n"}, "ClientCredentialClientCreateResponse"),
        ("/DeviceCodeClients", {"Name": "n"}, "DeviceCodeClient"),
        ("/Users", {"IdentityProviderId": AAD}, "User"),
    ],
)
def test_nothing_but_the_needful_still_answers_every_member(
    path: str, body: dict[str, Any], schema: str, estate: Estate
) -> None:
    check_answer(estate.send("POST", path, body), 201, schema)


def test_a_role_without_description_answers_every_member(estate: Estate) -> None:
    body = {"Name": f"Bare {estate.served.house.world.dice.guid()}"}
    answer = estate.send("POST", "/Roles", body)
    check_answer(answer, 201, "Role")
    assert answer.json()["Description"] is None


def test_a_secret_that_never_expires_answers_every_member(estate: Estate) -> None:
    client_id, _ = estate.machine()
    path = f"/ClientCredentialClients/{client_id}/Secrets"
    answer = estate.send("POST", path, {"Expires": False})
    check_answer(answer, 201, "ClientSecretResponse")
    kept = estate.send("GET", f"{path}/{answer.json()['Id']}")
    check_answer(kept, 200, "ClientSecret")
    assert kept.json() == {name: value for name, value in answer.json().items() if name != "Secret"}


def test_lists_are_of_the_contracts_schemas_and_not_empty(estate: Estate) -> None:
    estate.app()
    estate.machine()
    estate.person()
    for path, schema in (
        ("/HybridClients", "HybridClient[]"),
        ("/ClientCredentialClients", "ClientCredentialClient[]"),
        ("/Users", "User[]"),
        ("/Users/Status", "UserStatus[]"),
        ("/Roles", "Role[]"),
    ):
        answer = estate.send("GET", path)
        check_answer(answer, 200, schema)
        assert answer.json() != []


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/ClientCredentialClients", "ClientCredentialClientMultiStatusResponse"),
        ("/Users", "UserMultiStatusResponse"),
    ],
)
def test_a_list_with_unknown_ids_is_partial(path: str, schema: str, estate: Estate) -> None:
    known = estate.machine()[0] if "Clients" in path else estate.person()
    answer = estate.send("GET", f"{path}?id={known}&id={ABSENT_ID}")
    check_answer(answer, 207, schema)
    body = answer.json()
    assert [row["Id"] for row in body["Data"]] == [known]
    assert [(e["ModelId"], e["StatusCode"]) for e in body["ChildErrors"]] == [(ABSENT_ID, 404)]


def test_the_same_role_again_is_found(estate: Estate) -> None:
    body = {"Name": f"Twin {estate.served.house.world.dice.guid()}", "Description": "d"}
    first = estate.send("POST", "/Roles", body)
    again = estate.send("POST", "/Roles", body)
    check_answer(again, 302, None)
    assert again.headers["Location"] == f"{estate.base}/Roles/{first.json()['Id']}"
    check_error(estate.send("POST", "/Roles", {**body, "Description": "other"}), 409)


@pytest.mark.parametrize("collection", ["HybridClients", "ClientCredentialClients"])
def test_a_taken_client_id_is_a_conflict(collection: str, estate: Estate) -> None:
    taken = estate.machine()[0]
    check_error(estate.send("POST", f"/{collection}", client_body(collection) | {"Id": taken}), 409)


def test_the_validator_finds_what_is_wrong() -> None:
    """A validator that lets everything pass would prove nothing."""
    good = {"Id": 1, "Description": None, "Expiration": "2031-05-31T12:57:08Z", "Expires": True}
    assert faults(good, "ClientSecret") == []
    wrong: list[dict[str, Any]] = [
        {**good, "Secret": "leaked"},
        {"Id": 1, "Description": None, "Expires": True},
        {**good, "Id": True},
        {**good, "Id": 2**31},
        {**good, "Id": None},
        {**good, "Expires": "true"},
        {**good, "Expiration": "2031-05-31T12:57:08"},
    ]
    assert [len(faults(value, "ClientSecret")) for value in wrong] == [1] * len(wrong)
    assert faults([good, 7], "ClientSecret[]") == ["$[1] is no ClientSecret: 7"]
    assert faults(9, "RoleScope") == ["$ is no RoleScope: 9"]
    assert faults("Tenant", "RoleScope") == ["$ is no RoleScope: 'Tenant'"]
    assert faults("B9E5B9BB-1F4E-4A94-A0B8-5A9A26B9D0A1", "guid") != []


def test_paths_of_the_contract_start_alike() -> None:
    assert all(promise.path.startswith(BASE) for promise in PROMISES)


def test_a_users_answer_follows_the_body(estate: Estate) -> None:
    body = user_body()
    answer: httpx.Response = estate.send("POST", "/Users", body)
    shown = answer.json()
    assert {name: shown[name] for name in body} == body
