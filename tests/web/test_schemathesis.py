"""The served API against its own OpenAPI document, by a tool that nobody here wrote."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gatepost.web.api.openapi import document
from tests.served import Served
from tests.web.rest import RIGHT

DOCUMENT = document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
METHODS = ("get", "head", "post", "put", "delete", "patch", "options", "trace")
ROWS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


class Estate:
    """Entries of a tenant that may be changed and removed; what is gone is made anew."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.admin = served.admin(served.second)
        self.api = served.api(served.second)

    def add(self, collection: str, number: int) -> str:
        """The id of a new entry."""
        body = dict(RIGHT[collection])
        if collection == "Users":
            body["ContactEmail"] = f"estate{number}@example.com"
        if collection == "Roles":
            body["Name"] = f"Estate {number}"
        answer = self.served.http.post(f"{self.api}/{collection}", headers=self.admin, json=body)
        assert answer.status_code == 201, answer.text
        created = answer.json()
        return str(created.get("Client", created)["Id"])


@pytest.fixture(scope="module")
def estate(on_sqlite: Served) -> Estate:
    """The second tenant of the served product; its administrator is not in the estate."""
    return Estate(on_sqlite)


@pytest.fixture
def ids(estate: Estate, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Real values for the parameters of the paths, new for each operation."""
    number = abs(hash(request.node.name)) % 10**9
    path = request.node.name
    collection = next((c for c in RIGHT if f"/{c}/{{clientId}}" in path), "ClientCredentialClients")
    yield {
        "tenantId": estate.served.second.id,
        "clientId": estate.add(collection, number),
        "roleId": estate.add("Roles", number),
        "userId": estate.add("Users", number),
        "secretId": "1",
    }


@pytest.mark.requirement("R-72", "R-66", "R-71")
@SCHEMA.parametrize()
@settings(
    deadline=None,
    max_examples=10,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_document(
    case: schemathesis.Case, estate: Estate, ids: dict[str, str]
) -> None:
    """Most calls go to real entries; one in five keeps the address that the tool made up."""
    made_up = sum(map(len, map(str, case.path_parameters.values()))) % 5 == 0
    for name in () if made_up else case.path_parameters:
        case.path_parameters[name] = ids[name]
    response = case.call(base_url=estate.served.url, headers=estate.admin)
    case.validate_response(response, checks=CHECKS)


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("path", list(DOCUMENT["paths"]))
def test_other_methods_are_refused(estate: Estate, path: str) -> None:
    known = DOCUMENT["paths"][path]
    real = path.replace("{tenantId}", estate.served.second.id).replace("{", "").replace("}", "")
    for method in METHODS:
        if method in known:
            continue
        headers = estate.admin | {"X-HTTP-Method-Override": "GET"}
        answer = estate.served.http.request(method.upper(), real, headers=headers)
        assert answer.status_code == 405, (method, path)
        assert answer.headers["allow"].lower() == ", ".join(sorted(known))


def test_the_served_document_is_this_one(on_sqlite: Served) -> None:
    answer = on_sqlite.http.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == DOCUMENT


def test_the_document_is_valid_openapi_3_1() -> None:
    SCHEMA.validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_operations_are_named_once_and_whole() -> None:
    names = [operation["operationId"] for _, _, operation in ROWS]
    assert len(set(names)) == len(names)
    for path, _, operation in ROWS:
        declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        assert {"401", "403", "500", "503"} <= set(operation["responses"])


@pytest.mark.parametrize("name", list(DOCUMENT["components"]["schemas"]))
def test_every_schema_is_a_json_schema(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    jsonschema_rs.meta.validate(
        {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
    )


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        pytest.param(content["schema"], content["example"], id=f"{o['operationId']}-{place}")
        for _, _, o in ROWS
        for place, holder in [("body", o.get("requestBody")), *o["responses"].items()]
        for content in [(holder or {}).get("content", {}).get("application/json", {})]
        if "example" in content
    ],
)
def test_every_example_keeps_to_its_schema(schema: Any, example: Any) -> None:
    whole = schema | {"components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(example)
