"""The OpenAPI 3.1 document, made from the table of operations, with an example for each."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.web.api import bodies, schemas
from gatepost.web.api.examples import answer_example
from gatepost.web.api.operations import Operation
from gatepost.web.api.table import OPERATIONS

_MEANING = {
    200: "Success",
    201: "Created",
    204: "Done; no body",
    207: "Some of the ids were not found",
    302: "The very same role exists already; Location names it",
    400: "Missing or invalid input, or a limit reached",
    401: "No access token, or one that is not valid",
    403: "The role for this is missing",
    404: "Tenant, client, secret, role, user or sign-in not found",
    405: "The address does not take this method",
    408: "The request took too long to arrive",
    409: "The id or name is taken, or somebody changed it meanwhile",
    413: "The body is too large",
    415: "The body is not application/json in UTF-8",
    422: "Preferences that cannot be processed",
    500: "Internal server error",
    503: "The store cannot be reached just now",
}
# Marks what Gatepost adds to the API that it follows.
OURS = "x-gatepost-addition"
_OURS = "An addition of Gatepost, which the original API does not have. "
_SHAPES = {
    shape.name: shape
    for shape in (
        *bodies.SHAPES,
        *(bodies.client_create_shape(kind) for kind in CLIENT_KINDS),
        *(bodies.client_update_shape(kind) for kind in CLIENT_KINDS),
    )
}


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.template, {})[operation.method.lower()] = _row(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatepost identity API",
            "version": "1",
            "description": "Manages clients, secrets, roles and users of a tenant. "
            "Get an access token at /identity/connect/token and send it as a bearer token. "
            "Unknown members of a body are refused; unknown query parameters are ignored.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _row(operation: Operation) -> dict[str, Any]:
    allowed = ", ".join(sorted(operation.allowed))
    row: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": f"{_OURS if operation.ours else ''}Allowed for: {allowed}.",
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.ours:
        row[OURS] = True
    if operation.body is not None:
        row["requestBody"] = {
            "required": True,
            "content": {"application/json": _body_content(operation.body.schema)},
        }
    return row


def _path_parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for part in operation.template.split("/"):
        if part.startswith("{"):
            yield {
                "name": part[1:-1],
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
            }


def _query_parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for parameter in operation.query:
        yield {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }


def _responses(operation: Operation) -> dict[str, Any]:
    found = {}
    for status in sorted({operation.success, *operation.statuses}):
        found[str(status)] = _response(operation, status)
    return found


def _response(operation: Operation, status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _MEANING[status],
        "headers": {"Operation-Id": {"schema": {"type": "string"}, "required": True}},
    }
    if operation.counts and status in {200, 207}:
        response["headers"]["Total-Count"] = {"schema": {"type": "integer"}, "required": True}
    if status == 302:
        response["headers"]["Location"] = {"schema": {"type": "string"}, "required": True}
    schema = _schema_name(operation, status)
    if operation.method != "HEAD" and schema:
        content: dict[str, Any] = {"schema": schemas.reference(schema)}
        if status == operation.success:
            content["example"] = answer_example(schema)
        response["content"] = {"application/json": content}
    return response


def _schema_name(operation: Operation, status: int) -> str | None:
    if status == operation.success:
        return operation.result
    if status == 207 and operation.result:
        return operation.result.removesuffix("[]") + "MultiStatusResponse"
    return None if status < 400 else "ErrorResponse"


def _body_content(schema: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schemas.reference(schema)}
    shape = _SHAPES.get(schema)
    if shape is not None:
        content["example"] = schemas.example_of(shape)
    elif schema == "RoleList":
        content["example"] = ["7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977"]
    else:
        content["example"] = {"theme": "dark"}
    return content
