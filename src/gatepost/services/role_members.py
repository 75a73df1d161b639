"""Who has a role: how many, and one more or one less."""

from typing import NamedTuple

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.errors import Code, Refused
from gatepost.model.tenants import MEMBER, Role
from gatepost.ports import PageOf, Tenancy
from gatepost.services import clients, roles, users
from gatepost.services.world import Act, World


class CountedRole(NamedTuple):
    """A role, and how many people and clients have it."""

    role: Role
    people: int
    clients: int


def page(world: World, tenant_id: str, part: PageOf) -> tuple[tuple[CountedRole, ...], int]:
    """A page of roles with who has them, and how many roles there are."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        found = tenancy.directory.roles(None, part)
        rows = tuple(_counted(tenancy, role) for role in found)
        return rows, tenancy.directory.count_roles(None)


def one(world: World, tenant_id: str, role_id: str) -> CountedRole:
    """One role with who has it."""
    role = roles.get(world, tenant_id, role_id)
    with world.store.reading(tenant_id) as tenancy:
        return _counted(tenancy, role)


def give(world: World, act: Act, role_id: str, user_id: str) -> None:
    """Give a person the role beside those they have; refused when these changed meanwhile."""
    role = roles.get(world, act.tenant_id, role_id)
    user = users.get(world, act.tenant_id, user_id)
    given = {"role_ids": (*user.role_ids, role.id)}
    users.change(world, act, user.id, given, user.version)


def take_from_person(world: World, act: Act, role_id: str, user_id: str) -> None:
    """Take the role from a person; they keep the others."""
    role = _that_can_be_taken(world, act, role_id)
    user = users.get(world, act.tenant_id, user_id)
    left = {"role_ids": tuple(held for held in user.role_ids if held != role.id)}
    users.change(world, act, user.id, left, user.version)


def take_from_client(world: World, act: Act, role_id: str, client_id: str) -> None:
    """Take the role from a client-credentials client; it keeps the others."""
    role = _that_can_be_taken(world, act, role_id)
    client = clients.get(world, act.tenant_id, CLIENT_CREDENTIALS, client_id)
    held: tuple[str, ...] = getattr(client.settings, "role_ids", ())
    left = {"role_ids": tuple(other for other in held if other != role.id)}
    clients.edit(world, act, client.settings.id, left, client.version)


def _that_can_be_taken(world: World, act: Act, role_id: str) -> Role:
    role = roles.get(world, act.tenant_id, role_id)
    if role.type_id == MEMBER:
        raise Refused(
            Code.BUILT_IN_ROLE,
            "Everybody has the member role; it cannot be taken from anybody.",
            "Remove or switch off the user or client instead.",
        )
    return role


def _counted(tenancy: Tenancy, role: Role) -> CountedRole:
    directory = tenancy.directory
    people = directory.count_users_in_role(role.id)
    return CountedRole(role, people, directory.count_clients_in_role(role.id))
