"""Who may be given which roles, decided inside the writing transaction against ids (R-65)."""

from collections.abc import Iterable
from typing import NamedTuple

from gatepost.model.callers import Caller
from gatepost.model.errors import Code, Refused
from gatepost.model.tenants import ADMINISTRATOR, MEMBER, may_grant
from gatepost.model.text import quoted
from gatepost.ports import Tenancy


def roles_to_give(
    tenancy: Tenancy, caller: Caller, wanted: Iterable[str], held: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The wanted roles with the member role among them; refuses unknown and not grantable ones."""
    directory = tenancy.directory
    asked = dict.fromkeys(wanted)
    found = {role.id for role in directory.some_roles(asked)}
    unknown = [role_id for role_id in asked if role_id not in found]
    if unknown:
        raise Refused(
            Code.INVALID_MEMBER,
            f"There is no role with the id {quoted(unknown[0])} in this tenant.",
            "Use ids of roles of this tenant; GET …/Roles lists them.",
        )
    member = directory.role_of_type(MEMBER)
    given = found | ({member.id} if member else set())
    if not may_grant(caller.role_types, caller.role_ids, given - held):
        raise Refused(
            Code.ROLE_NOT_HELD,
            "You cannot give a role that you do not have yourself.",
            "Ask an administrator of the tenant to give it.",
        )
    return tuple(sorted(given))


class Administrators(NamedTuple):
    """How many enabled users and clients hold the role, and how many of the users can sign in."""

    able: int
    people: int
    clients: int


def keep_an_administrator(tenancy: Tenancy, before: Administrators) -> None:
    """Refuse a change that takes the last person who administers, or the last administrator.

    A person who has no password yet, or signs in at a provider that is not connected, is no way
    back. `before` is what `count_administrators` said ahead of the change; the change is undone
    when this raises, because it raises inside the transaction.
    """
    now = count_administrators(tenancy)
    if before.able and not now.able:
        raise Refused(
            Code.LAST_ADMINISTRATOR,
            "This would leave the tenant without an administrator who can sign in.",
            "Give the administrator role first to another user who has a password here.",
        )
    lost_people = before.people and not now.people
    if lost_people or (before.people + before.clients and not now.people + now.clients):
        raise Refused(
            Code.LAST_ADMINISTRATOR,
            "This would leave the tenant without an administrator.",
            "Give the administrator role to another user first.",
        )


def count_administrators(tenancy: Tenancy) -> Administrators:
    """Who holds the administrator role now."""
    role = tenancy.directory.role_of_type(ADMINISTRATOR)
    if role is None:
        return Administrators(0, 0, 0)
    directory = tenancy.directory
    return Administrators(
        directory.able_users_in_role(role.id),
        directory.enabled_users_in_role(role.id),
        directory.enabled_clients_in_role(role.id),
    )
