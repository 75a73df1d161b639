"""Every operation of the contract is in the table and in the served document, unchanged."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from gatepost.web.api.operations import Allowed, Operation
from gatepost.web.api.table import OPERATIONS
from tests.served import Served
from tests.web.contract.contract import PROMISES, SCHEMAS, Promise, whole

ROLE_NAMES = {
    Allowed.SELF_CLIENT: "Self",
    Allowed.SELF_USER: "Self",
    Allowed.MEMBER: "Tenant Member",
    Allowed.ADMINISTRATOR: "Tenant Administrator",
}
SELF_BY_PARAMETER = {"clientId": Allowed.SELF_CLIENT, "userId": Allowed.SELF_USER}
TABLE = {operation.id: operation for operation in OPERATIONS}

Applies = Callable[[Promise], bool]


class Deviation(NamedTuple):
    """A status or parameter in which we differ, where, and why."""

    what: int | str
    applies: Applies
    reason: str


def _is_client_removal(promise: Promise) -> bool:
    return promise.method == "DELETE" and promise.names == ("clientId",)


def _is_list(promise: Promise) -> bool:
    """A list, or its count, which reads the same parameters and refuses the same ones."""
    return ".list_" in promise.id or ".count_" in promise.id


def _always(_promise: Promise) -> bool:
    return True


NOT_SERVED = (
    Deviation(409, _is_client_removal, "listed without a cause; nothing stops a removal"),
    Deviation(200, lambda p: p.id == "Users.delete_users", "beside 204; its quirk says 204"),
)
"""Statuses of the contract that we never answer."""

EXTRA_STATUSES = (
    Deviation(503, _always, "the store cannot be reached; nothing to do with the request"),
    Deviation(500, _always, "left out for preferences and the tenant, and possible anywhere"),
    Deviation(413, lambda p: p.body is not None, "a body above the limit"),
    Deviation(415, lambda p: p.body is not None, "a body that is not JSON in UTF-8"),
    Deviation(400, _is_list, "malformed paging"),
    Deviation(400, lambda p: p.method == "DELETE", "a malformed parameter or header"),
    Deviation(400, lambda p: p.id == "Secrets.create_hybridClients_secrets", "facts.md 7, 15"),
    Deviation(401, lambda p: p.id in {"Tenants.get", "Tenants.exists"}, "no token"),
    Deviation(403, lambda p: p.id == "Tenants.exists", "the role is missing"),
    Deviation(207, lambda p: ".count_" in p.id, "the head of a list says what the list says"),
    Deviation(408, lambda p: ".count_" in p.id, "the head of a list says what the list says"),
    Deviation(408, lambda p: p.id == "UserRoles.list_users_roles", "as for roles of clients"),
    Deviation(422, lambda p: p.id.endswith("_preferences"), "the head says what its GET says"),
    Deviation(409, lambda p: p.method == "PUT" and p.names == ("clientId",), "changed meanwhile"),
    Deviation(409, lambda p: p.id == "Roles.update_roles", "the new name is taken"),
)
"""Statuses of ours beyond the contract."""

EXTRA_PARAMETERS = (
    Deviation("query", _is_list, "accepted and ignored, as where it is listed"),
    Deviation("skip", _is_list, "a list without paging has no end"),
    Deviation("count", _is_list, "a list without paging has no end"),
    Deviation("roleTypeId", lambda p: p.id == "Roles.count_roles", "counts what the list lists"),
)
"""Query parameters of ours beyond the contract."""

EXTRA_MEMBERS = {
    "HybridClients": {"Extensions"},
    "AuthorizationCodeClients": {"Extensions"},
    "ClientCredentialClients": {"Extensions"},
    "Secrets": {"Id"},
    "Users": {"GivenName", "Surname", "Name", "Email"},
}
"""Members of ours in a body: what a GET answered may come back in a PUT, unchanged.

`Extensions` is in an answer only where somebody set it.
"""

OURS = {
    "SignIns.list_users_signIns",
    "SignIns.count_users_signIns",
    "SignIns.delete_users_signIns",
    "SignIns.delete_all_users_signIns",
    "Passkeys.list_users_passkeys",
    "Passkeys.count_users_passkeys",
    "Passkeys.delete_users_passkeys",
    "Passkeys.delete_all_users_passkeys",
}
"""Operations of ours beyond the contract; the document marks them."""


@pytest.fixture(scope="module")
def document(on_sqlite: Served) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    answer = on_sqlite.http.get("/api/openapi.json")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


def _row(document: dict[str, Any], promise: Promise) -> dict[str, Any]:
    row: dict[str, Any] = document["paths"][promise.path][promise.method.lower()]
    return row


def _ours(promise: Promise) -> Operation:
    return TABLE[promise.id]


def _applying(deviations: tuple[Deviation, ...], promise: Promise) -> set[int | str]:
    return {row.what for row in deviations if row.applies(promise)}


def _statuses(document: dict[str, Any], promise: Promise) -> set[int]:
    return {int(status) for status in _row(document, promise)["responses"]}


def _parameters(document: dict[str, Any], promise: Promise) -> set[str]:
    rows = _row(document, promise)["parameters"]
    return {row["name"] for row in rows if row["in"] == "query"}


each = pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)


def test_the_contract_is_read_whole() -> None:
    assert len(PROMISES) == len({promise.id for promise in PROMISES}) == 76


def test_nothing_is_missing_and_what_is_ours_alone_is_listed() -> None:
    known = {row["id"] for row in (*whole()["operations"], *whole()["supporting_operations"])}
    assert {promise.id for promise in PROMISES} - TABLE.keys() == set()
    assert TABLE.keys() - known == OURS
    assert {operation.id for operation in OPERATIONS if operation.ours} == OURS
    assert len(TABLE) == len(OPERATIONS)


def test_what_is_ours_is_marked_in_the_document(document: dict[str, Any]) -> None:
    rows = [row for methods in document["paths"].values() for row in methods.values()]
    marked = {row["operationId"] for row in rows if row.get("x-gatepost-addition")}
    told = {row["operationId"] for row in rows if "addition of Gatepost" in row["description"]}
    assert marked == told == OURS


@each
def test_method_path_and_success_are_the_contracts(
    promise: Promise, document: dict[str, Any]
) -> None:
    ours = _ours(promise)
    assert (ours.method, ours.template) == (promise.method, promise.path)
    assert ours.success == promise.success
    assert _row(document, promise)["operationId"] == promise.id
    assert str(promise.success) in _row(document, promise)["responses"]


@each
def test_every_status_is_documented(promise: Promise, document: dict[str, Any]) -> None:
    promised = promise.responses.keys() - _applying(NOT_SERVED, promise)
    served = _statuses(document, promise)
    assert promised - served == set()
    assert served - promised - _applying(EXTRA_STATUSES, promise) == set()


@each
def test_query_parameters_are_the_contracts(promise: Promise, document: dict[str, Any]) -> None:
    served = _parameters(document, promise)
    assert promise.query - served == set()
    assert served - promise.query - _applying(EXTRA_PARAMETERS, promise) == set()


@each
@pytest.mark.requirement("R-64")
def test_roles_are_the_contracts(promise: Promise, document: dict[str, Any]) -> None:
    ours = _ours(promise)
    assert {ROLE_NAMES[allowed] for allowed in ours.allowed} == promise.roles
    fitting = {SELF_BY_PARAMETER[name] for name in promise.names if name in SELF_BY_PARAMETER}
    selves = ours.allowed & {Allowed.SELF_CLIENT, Allowed.SELF_USER}
    assert selves == (fitting if "Self" in promise.roles else set())
    assert all(allowed in _row(document, promise)["description"] for allowed in ours.allowed)


@each
def test_headers_are_documented(promise: Promise, document: dict[str, Any]) -> None:
    responses = _row(document, promise)["responses"]
    headers = responses[str(promise.success)]["headers"]
    assert set(promise.headers) - headers.keys() == set()
    assert all("Operation-Id" in answer["headers"] for answer in responses.values())


@each
def test_schemas_have_the_contracts_names(promise: Promise, document: dict[str, Any]) -> None:
    for status, schema in promise.responses.items():
        if schema is None or promise.method == "HEAD" or status in _applying(NOT_SERVED, promise):
            continue
        answer = _row(document, promise)["responses"][str(status)]
        named = answer["content"]["application/json"]["schema"]
        assert _name_of(named) == {"object": "Preferences"}.get(schema, schema)


@each
def test_bodies_take_the_contracts_members(promise: Promise, document: dict[str, Any]) -> None:
    row = _row(document, promise)
    assert ("requestBody" in row) == (promise.body is not None)
    if promise.body not in SCHEMAS:
        return
    named = _name_of(row["requestBody"]["content"]["application/json"]["schema"])
    taken = document["components"]["schemas"][named]["properties"].keys()
    assert SCHEMAS[promise.body].keys() - taken == set()
    extra = taken - SCHEMAS[promise.body].keys()
    assert extra - EXTRA_MEMBERS.get(promise.id.split(".")[0], set()) == set()


@pytest.mark.parametrize("status", NOT_SERVED, ids=lambda row: str(row.what))
def test_no_excuse_is_stale(status: Deviation, document: dict[str, Any]) -> None:
    concerned = [promise for promise in PROMISES if status.applies(promise)]
    assert concerned
    assert all(status.what in promise.responses for promise in concerned)
    assert all(status.what not in _statuses(document, promise) for promise in concerned)


@pytest.mark.parametrize("row", EXTRA_STATUSES, ids=lambda row: f"{row.what} {row.reason}")
def test_no_extra_status_is_stale(row: Deviation, document: dict[str, Any]) -> None:
    concerned = [promise for promise in PROMISES if row.applies(promise)]
    assert any(
        row.what in _statuses(document, promise) - promise.responses.keys() for promise in concerned
    )


@pytest.mark.parametrize("row", EXTRA_PARAMETERS, ids=lambda row: str(row.what))
def test_no_extra_parameter_is_stale(row: Deviation, document: dict[str, Any]) -> None:
    concerned = [promise for promise in PROMISES if row.applies(promise)]
    assert any(row.what in _parameters(document, promise) - promise.query for promise in concerned)


def _name_of(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"{_name_of(schema['items'])}[]"
    return str(schema["$ref"]).rpartition("/")[2]
