"""The bodies that the API takes: which members, which of them must be there, how they are read."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from gatepost.model import reading
from gatepost.model.bodies import FirstSecretBody, RoleBody, SecretBody, UserBody
from gatepost.model.client_kinds import ClientKind
from gatepost.model.clients import SecretDraft
from gatepost.model.errors import Code, Refused
from gatepost.model.people import MAX_PREFERENCES
from gatepost.model.text import quoted, refused_character
from gatepost.web.api.json_bodies import read_json, read_object
from gatepost.web.api.operations import Body
from gatepost.web.http import Call

MAX_ROLES = 100
_MAX_ID = 100


class Shape(NamedTuple):
    """The form of a body, for reading it and for the document.

    `fixed` are members that a caller may send as they are, but not change; the handler compares.
    """

    name: str
    members: tuple[reading.Member, ...]
    required: tuple[str, ...] = ()
    fixed: Mapping[str, Mapping[str, Any]] = {}


class Members(NamedTuple):
    """What a body said: values by inside name, and the fixed members as they were sent."""

    values: dict[str, Any]
    fixed: dict[str, Any]


class ClientMembers(NamedTuple):
    """What the body of a new client said."""

    settings: dict[str, Any]
    draft: SecretDraft


SECRET = Shape(
    "ClientSecretCreateOrUpdate",
    reading.members_of(SecretBody),
    fixed={"Id": {"type": "integer"}},
)
ROLE = Shape(
    "RoleCreate",
    reading.members_of(RoleBody),
    required=("Name",),
    fixed={
        "RoleScope": {"enum": [1, "Tenant"]},
        "TenantId": {"type": "string"},
        "CommunityId": {"type": "string"},
        "RoleTypeId": {"type": "string"},
    },
)
ROLE_UPDATE = ROLE._replace(name="RoleUpdate", required=())
USER = Shape("UserCreate", reading.members_of(UserBody), required=("IdentityProviderId",))
USER_UPDATE = Shape(
    "UserUpdate",
    USER.members,
    fixed={name: {"type": "string"} for name in ("GivenName", "Surname", "Name", "Email")},
)
SHAPES = (SECRET, ROLE, ROLE_UPDATE, USER, USER_UPDATE)
_FIRST_SECRET = reading.members_of(FirstSecretBody)


def client_create_shape(kind: ClientKind) -> Shape:
    """The form of a new client."""
    members = reading.members_of(kind.settings)
    required = tuple(m.name for m in members if m.attribute in kind.required_on_create)
    secret = _FIRST_SECRET if kind.has_secret else ()
    return Shape(f"{kind.settings.__name__}Create", members + secret, required)


def client_update_shape(kind: ClientKind) -> Shape:
    """The form of a changed client."""
    return Shape(f"{kind.settings.__name__}Update", reading.members_of(kind.settings))


def client_create(kind: ClientKind) -> Body:
    """The body of a new client."""
    shape = client_create_shape(kind)

    def read(call: Call) -> ClientMembers:
        values = _read(shape, call).values
        draft = SecretDraft(
            description=values.pop("secret_description", UNSET),
            expiration=values.pop("secret_expiration_date", None),
        )
        return ClientMembers(values, draft)

    return Body(shape.name, read)


def client_update(kind: ClientKind) -> Body:
    """The body of a changed client."""
    shape = client_update_shape(kind)
    return Body(shape.name, lambda call: _read(shape, call).values)


def members_body(shape: Shape) -> Body:
    """A body that is read by its shape."""
    return Body(shape.name, lambda call: _read(shape, call))


def role_list(call: Call) -> tuple[str, ...]:
    """Ids of roles, given as such or as Role objects (facts.md section 7, 17)."""
    value = read_json(call)
    if not isinstance(value, list):
        raise Refused(
            Code.MALFORMED_BODY,
            "The body is not a list of roles.",
            "Send a JSON list of role ids, or of Role objects.",
        )
    if len(value) > MAX_ROLES:
        raise Refused(
            Code.INVALID_MEMBER, f"The list has more than {MAX_ROLES} roles.", "Send fewer roles."
        )
    return tuple(_role_id(index, item) for index, item in enumerate(value))


def preferences(call: Call) -> str:
    """A user's preferences: any JSON object within limits, as JSON text."""
    text = msgspec.json.encode(_storable(read_object(call))).decode()
    if len(text) > MAX_PREFERENCES:
        raise Refused(
            Code.INVALID_MEMBER,
            f"The preferences take more than {MAX_PREFERENCES} bytes.",
            "Store less.",
        )
    return text


def check_fixed(sent: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Refuse a change of what cannot be changed; null says nothing."""
    for name, value in sent.items():
        allowed = current.get(name)
        if value is not None and not _says(name, value, allowed):
            raise Refused(
                Code.INVALID_MEMBER,
                f"{name} is {quoted(value)}, and it is {quoted(allowed)} here.",
                f"{name}: leave it out, or send what it is; it cannot be changed.",
            )


def _says(name: str, value: object, allowed: object) -> bool:
    """Whether a fixed member says what is so; true is not 1, and neither is 1.0 (R-70)."""
    if type(value) is type(allowed):
        return value == allowed
    return name == "RoleScope" and value == "Tenant"


def _read(shape: Shape, call: Call) -> Members:
    raw = read_object(call)
    fixed = {name: raw[name] for name in shape.fixed if name in raw}
    rest = {name: value for name, value in raw.items() if name not in fixed}
    values, problems = reading.read_members(shape.members, rest)
    reading.refuse(problems)
    return Members(values, fixed)


def _role_id(index: int, item: object) -> str:
    value = item.get("Id") if isinstance(item, dict) else item
    if isinstance(value, str) and 0 < len(value) <= _MAX_ID and not refused_character(value):
        return value.lower()
    raise Refused(
        Code.INVALID_MEMBER,
        f"The entry {index} is {quoted(item)}, which names no role.",
        "Send role ids, or Role objects with an Id.",
    )


def _storable(value: Any) -> Any:
    """The value, unless some text in it has a character that may not be stored."""
    for text in _texts(value):
        character = refused_character(text.replace("\n", "").replace("\t", ""))
        if character:
            raise Refused(
                Code.INVALID_MEMBER,
                f"A text has the character {character}, which may not be stored.",
                "Leave the character out.",
            )
    return value


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
