"""The readable page of the API, laid out from the same document that tools read."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from gatepost.web.api.openapi import document


class Resource(NamedTuple):
    """A heading of the page with its operations."""

    name: str
    rows: list[dict[str, Any]]


def resources() -> list[Resource]:
    """All operations by resource, in the order of the table."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document()["paths"].items():
        for method, row in methods.items():
            by_name.setdefault(row["tags"][0], []).append(_row(path, method.upper(), row))
    return [Resource(name, rows) for name, rows in by_name.items()]


def _row(path: str, method: str, row: dict[str, Any]) -> dict[str, Any]:
    body = row.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = [
        {"status": status, "meaning": answer["description"]}
        for status, answer in row["responses"].items()
    ]
    return {
        "id": row["operationId"],
        "method": method,
        "path": path,
        "summary": row["summary"],
        "description": row["description"],
        "query": [entry for entry in row["parameters"] if entry["in"] == "query"],
        "members": _members(body.get("schema", {}).get("$ref", "")),
        "request": _pretty(body.get("example")),
        "answers": answers,
        "answer": _pretty(_first_example(row)),
    }


def _members(reference: str) -> list[dict[str, Any]]:
    schema = document()["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return list(_rows(schema))


def _rows(schema: dict[str, Any], outer: str = "") -> Iterator[dict[str, Any]]:
    """The members of an object, each followed by its own members where it is an object too."""
    required = schema.get("required", [])
    for name, member in schema.get("properties", {}).items():
        inner: dict[str, Any] = member.get("anyOf", [member])[0]
        yield {
            "name": f"{outer}{name}",
            "required": not outer and name in required,
            "description": str(inner.get("description", "")),
        }
        yield from _rows(inner, f"{outer}{name}.")


def _first_example(row: dict[str, Any]) -> Any:
    for answer in row["responses"].values():
        for content in answer.get("content", {}).values():
            if "example" in content:
                return content["example"]
    return None


def _pretty(example: Any) -> str | None:
    return None if example is None else json.dumps(example, indent=2)
