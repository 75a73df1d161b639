"""Tenants and roles: the built-in role types with their public ids, and who may grant what."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

Theme = Literal["aveva", "ocs"]
SecondFactor = Literal["none", "administrators", "everybody"]
THEME_PREFIX: dict[Theme, str] = {"aveva": "Tenant", "ocs": "Account"}

ADMINISTRATOR = "2dc742ab-39ea-4fc0-a39e-2bcb71c26a5f"
CONTRIBUTOR = "f1439595-e5a2-487f-8a4f-0627fefe75df"
DATA_STEWARD = "45b66433-5f57-420b-bbdf-8bbd60c1cd9d"
MEMBER = "7ad2b9ef-5386-4ead-ac9f-ad99c5c5b977"
VIEWER = "e6cbf91e-0be8-4858-92b5-f88ecafd5574"

CLIENT_LIMIT = 50_000
USER_LIMIT = 50_000
SECRET_LIMIT = 10
ROLE_LIMIT = 1_000


class RoleType(NamedTuple):
    """A role that every tenant has and nobody can change."""

    id: str
    word: str
    description: str


ROLE_TYPES = (
    RoleType(ADMINISTRATOR, "Administrator", "Has all rights in the tenant."),
    RoleType(CONTRIBUTOR, "Contributor", "Reads and writes by default."),
    RoleType(DATA_STEWARD, "Data Steward", "Has no rights until they are given."),
    RoleType(MEMBER, "Member", "Belongs to every user and client; reads by default."),
    RoleType(VIEWER, "Viewer", "Has no rights until they are given."),
)
ROLE_TYPE_BY_ID = {row.id: row for row in ROLE_TYPES}


class Tenant(Struct, frozen=True, kw_only=True):
    """An organisation with its own clients, users, roles and journal.

    `second_factor` says who of its people must have more than a password.
    """

    id: str
    name: str
    alias: str
    second_factor: SecondFactor = "none"
    created_at: datetime
    updated_at: datetime


class Role(Struct, frozen=True, kw_only=True):
    """A role of one tenant. `type_id` is set on built-in roles only, whose name is by theme."""

    id: str
    name: str
    description: str | None
    type_id: str | None = None


def displayed_name(role: Role, theme: Theme) -> str:
    """The name as people see it: built-in roles carry the prefix of the theme."""
    if role.type_id is None:
        return role.name
    return f"{THEME_PREFIX[theme]} {role.name}"


def is_reserved_role_name(folded_name: str) -> bool:
    """True for a name that a built-in role has under any theme."""
    return any(
        folded_name == f"{prefix} {row.word}".casefold()
        for prefix in THEME_PREFIX.values()
        for row in ROLE_TYPES
    )


def may_grant(
    held_types: AbstractSet[str], held: AbstractSet[str], wanted: AbstractSet[str]
) -> bool:
    """Nobody grants a role that they do not hold; an administrator holds every right (R-65)."""
    return ADMINISTRATOR in held_types or wanted <= held
