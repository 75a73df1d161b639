"""The roles of a tenant as check boxes: of a client that acts for itself, or of a person."""

from collections.abc import Collection
from typing import Any

from gatepost.model import reading
from gatepost.model.bodies import UserBody
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, ROLE_LIMIT, ROLE_TYPES, displayed_name
from gatepost.ports import PageOf
from gatepost.services import roles
from gatepost.web.portal.visits import Fields, Visit

FIELD = "role_ids"
_EVERY = PageOf(0, ROLE_LIMIT + len(ROLE_TYPES))
_MEMBER_OF_BODY = next(row for row in reading.members_of(UserBody) if row.attribute == FIELD)


def role_choices(visit: Visit, held: Collection[str]) -> list[dict[str, Any]]:
    """All roles for a client, the member role first: it is checked and stays so.

    `caution` is what to think of before a client is given the role (facts.md section 5, C1).
    """
    found, _ = roles.find(visit.world, visit.tenant_id, None, _EVERY)
    return [
        {
            "id": role.id,
            "name": displayed_name(role, visit.place.theme),
            "description": role.description or "",
            "checked": role.type_id == MEMBER or role.id in held,
            "locked": role.type_id == MEMBER,
            "caution": visit.say("roles.caution_client") if role.type_id == ADMINISTRATOR else None,
        }
        for role in sorted(found, key=lambda role: role.type_id != MEMBER)
    ]


def person_role_choices(visit: Visit, held: Collection[str]) -> list[dict[str, Any]]:
    """The same for a person, whom no role needs a caution for."""
    return [{**choice, "caution": None} for choice in role_choices(visit, held)]


def chosen(form: Fields) -> tuple[str, ...]:
    """The ids that were checked; refused when they are no ids or too many."""
    read = reading.read_member(_MEMBER_OF_BODY, list(form.all(FIELD)))
    if isinstance(read, reading.Problem):
        reading.refuse([read])
    found: tuple[str, ...] = read
    return found


def names(visit: Visit, role_ids: Collection[str]) -> list[str]:
    """The names of the roles of these ids."""
    found = roles.named(visit.world, visit.tenant_id, tuple(role_ids))
    return [displayed_name(role, visit.place.theme) for role in found]
