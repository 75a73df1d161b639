"""The served API against its own OpenAPI document, by a tool that nobody here wrote."""

import json
from itertools import count
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
from gatepost.web.http import json_reply
from tests.served import Served
from tests.web.rest import RIGHT

DOCUMENT = json.loads(json_reply(200, document()).body)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_MACHINES = "ClientCredentialClients"
_NO_SIGN_IN = "00000000-0000-4000-8000-000000000000"
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
        self._numbers = count()
        self._ids: dict[str, str] = {}

    def path_parameters(self, path: str, method: str) -> dict[str, str]:
        """Real values for a path. An operation that removes takes what nobody else is told of."""
        collection = next((c for c in RIGHT if f"/{c}/{{clientId}}" in path), _MACHINES)
        found = {"tenantId": self.served.second.id, "secretId": "1", "signInId": _NO_SIGN_IN}
        found["passkeyId"] = "AAAA"
        for name, kind in (("clientId", collection), ("roleId", "Roles"), ("userId", "Users")):
            if f"{{{name}}}" in path:
                found[name] = self._ids.get(kind) or self._add(kind)
                if method == "DELETE":
                    self._ids.pop(kind, None)
        return found

    def _add(self, collection: str) -> str:
        number = next(self._numbers)
        body = dict(RIGHT[collection])
        if collection == "Users":
            body["ContactEmail"] = f"estate{number}@example.com"
        if collection == "Roles":
            body["Name"] = f"Estate {number}"
        answer = self.served.http.post(f"{self.api}/{collection}", headers=self.admin, json=body)
        assert answer.status_code == 201, answer.text
        created = answer.json()
        self._ids[collection] = str(created.get("Client", created)["Id"])
        return self._ids[collection]


@pytest.fixture(scope="module")
def estate(on_sqlite: Served) -> Estate:
    """The second tenant of the served product; its administrator is not in the estate."""
    return Estate(on_sqlite)


@pytest.mark.requirement("R-72", "R-66", "R-71")
@SCHEMA.parametrize()
@settings(
    deadline=None,
    max_examples=8,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_document(case: schemathesis.Case[Any], estate: Estate) -> None:
    """Most calls go to real entries; one in five keeps the address that the tool made up."""
    made_up = sum(map(len, map(str, case.path_parameters.values()))) % 5 == 0
    if not made_up:
        real = estate.path_parameters(case.operation.path, case.method.upper())
        case.path_parameters.update({name: real[name] for name in case.path_parameters})
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
