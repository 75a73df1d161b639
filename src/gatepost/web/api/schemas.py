"""The schemas of the OpenAPI document, read off the same structs that read and answer calls."""

from collections.abc import Iterable
from typing import Any

import msgspec

from gatepost.model import reading
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.web.api import bodies, views
from gatepost.web.api.bodies import Shape

_REFERENCE = "#/components/schemas/{name}"
_VIEWS: dict[str, type] = {
    "ClientSecret": views.ClientSecret,
    "ClientSecretResponse": views.ClientSecretResponse,
    "Role": views.RoleView,
    "User": views.UserView,
    "UserStatus": views.UserStatusView,
    "SignIn": views.SignInView,
    "Passkey": views.PasskeyView,
    "TenantWithProperties": views.TenantView,
}
_TEXT = {"type": "string"}
_NULLABLE_TEXT = {"type": ["string", "null"]}


def components() -> dict[str, Any]:
    """All schemas by name."""
    return _of_bodies() | _of_answers() | _of_errors()


def reference(name: str) -> dict[str, Any]:
    """A schema by its name; `Name[]` is a list of it."""
    if name.endswith("[]"):
        return {"type": "array", "items": reference(name.removesuffix("[]"))}
    return {"$ref": _REFERENCE.format(name=name)}


def schema_of(shape: Shape) -> dict[str, Any]:
    """The schema of a body; a null member says nothing, like an absent one."""
    properties = _properties(shape.members, shape.required)
    for name, fixed in shape.fixed.items():
        described = {**fixed, "description": "May be sent as it is; cannot be changed."}
        properties[name] = {"anyOf": [described, {"type": "null"}]}
    return _object(properties, shape.required)


def example_of(shape: Shape) -> dict[str, Any]:
    """An example body, from the examples of the field types."""
    examples: dict[str, Any] = {}
    for member in shape.members:
        if member.meta.examples and member.name not in _UNEXEMPLARY:
            examples[member.name] = member.meta.examples[0]
    return examples


# An example is to work as it stands: ids are generated, and roles are the tenant's own.
_UNEXEMPLARY = frozenset({"Id", "RoleIds"})


def _properties(
    members: Iterable[reading.Member], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for member in members:
        plain = _plain(member)
        must = member.name in required
        properties[member.name] = plain if must else {"anyOf": [plain, {"type": "null"}]}
    return properties


def _object(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _plain(member: reading.Member) -> dict[str, Any]:
    if member.inner is not None:
        words = {"title": member.meta.title, "description": member.meta.description}
        return words | _object(_properties(reading.members_of(member.inner)))
    schema = msgspec.json.schema(member.type)
    schema.pop("$ref", None)
    if (member.meta.extra or {}).get("check") == "unique":
        schema["uniqueItems"] = True
    return schema


def _of_bodies() -> dict[str, Any]:
    shapes = [*bodies.SHAPES]
    for kind in CLIENT_KINDS:
        shapes += [bodies.client_create_shape(kind), bodies.client_update_shape(kind)]
    found = {shape.name: schema_of(shape) for shape in shapes}
    role = {"type": "object", "properties": {"Id": _TEXT}, "required": ["Id"]}
    found["RoleList"] = {
        "type": "array",
        "maxItems": bodies.MAX_ROLES,
        "items": {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 100}, role]},
    }
    found["Preferences"] = {"type": "object"}
    return found


def _of_answers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, view in _VIEWS.items():
        found[name] = _inlined(view)
    for kind in CLIENT_KINDS:
        name = kind.settings.__name__
        found[name] = _inlined(kind.settings)
        if kind.has_secret:
            found[f"{name}CreateResponse"] = _created(name)
        if kind.some_missing_is_partial:
            found[f"{name}MultiStatusResponse"] = _partial(name)
    found["UserMultiStatusResponse"] = _partial("User")
    return found


def _inlined(view: type) -> dict[str, Any]:
    """The schema of a struct, with what it refers to put in its place."""
    (schema,), parts = msgspec.json.schema_components([view], ref_template=_REFERENCE)
    by_name = {_REFERENCE.format(name=name): part for name, part in parts.items()}

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolved(by_name[value["$ref"]])
            return {key: resolved(inner) for key, inner in value.items()}
        return [resolved(inner) for inner in value] if isinstance(value, list) else value

    whole: dict[str, Any] = resolved(schema)
    return whole


def _created(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "Secret": {**_TEXT, "description": "The secret's value, told this once."},
            "Id": {"type": "integer", "description": "Number of the first secret."},
            "Description": _NULLABLE_TEXT,
            "ExpirationDate": {**_NULLABLE_TEXT, "format": "date-time"},
            "Client": reference(name),
        },
        "required": ["Secret", "Id", "Client"],
    }


def _of_errors() -> dict[str, Any]:
    members = ("OperationId", "Error", "Reason", "Resolution")
    child = dict.fromkeys((*members, "EventId", "ModelId"), _TEXT)
    return {
        "ErrorResponse": {
            "type": "object",
            "properties": dict.fromkeys(members, _TEXT),
            "required": list(members),
        },
        "MultiStatusResponseChildError": {
            "type": "object",
            "properties": {**child, "StatusCode": {"type": "integer"}},
            "required": [*members, "EventId"],
        },
    }


def _partial(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "OperationId": _TEXT,
            "Error": _TEXT,
            "Reason": _TEXT,
            "EventId": _TEXT,
            "ChildErrors": {"type": "array", "items": reference("MultiStatusResponseChildError")},
            "Data": {"type": "array", "items": reference(name)},
        },
    }
