"""Roles of a tenant: built-in ones that nobody changes, and custom ones."""

from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, changed_members
from gatepost.model.people import User
from gatepost.model.tenants import (
    ROLE_LIMIT,
    ROLE_TYPE_BY_ID,
    ROLE_TYPES,
    THEME_PREFIX,
    Role,
    displayed_name,
    is_reserved_role_name,
)
from gatepost.model.text import fold
from gatepost.ports import PageOf, Tenancy
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World, event


class RoleDraft(NamedTuple):
    """A role as a caller sent it; None where nothing was sent."""

    id: str | None = None
    name: str | None = None
    description: str | None = None


class Created(NamedTuple):
    """A role, and whether it was there already with the very same values."""

    role: Role
    was_there: bool


def add(world: World, act: Act, draft: RoleDraft) -> Created:
    """Add a custom role; the same role again is found, another under its id or name refused."""
    name = draft.name or ""
    with writing_as(world, act) as tenancy:
        directory = tenancy.directory
        namesake = directory.role_named(name)
        twin = directory.role(draft.id) if draft.id else namesake
        if twin and twin.name == name and twin.description == draft.description:
            return Created(twin, was_there=True)
        if twin or namesake or is_reserved_role_name(fold(name)) or draft.id in ROLE_TYPE_BY_ID:
            raise _taken(name if namesake else draft.id or name)
        if directory.count_roles(None) >= ROLE_LIMIT:
            raise Refused(
                Code.LIMIT_REACHED,
                f"The tenant has {ROLE_LIMIT} roles, which is the most it can have.",
                "Remove roles that are no longer used.",
            )
        role = Role(id=draft.id or world.dice.guid(), name=name, description=draft.description)
        if not directory.add_role(role):
            raise _taken(name)
        tenancy.journal.append(event(world, act, Action.ROLE_ADDED, role.id, after=_told(role)))
        return Created(role, was_there=False)


def change(
    world: World, act: Act, role_id: str, draft: RoleDraft, seen: RoleDraft | None = None
) -> Role:
    """Change name or description of a custom role.

    With `seen` it is refused when the role no longer says what the caller saw.
    """
    with writing_as(world, act) as tenancy:
        role = _custom(tenancy, role_id)
        if seen is not None and (seen.name, seen.description or "") != (
            role.name,
            role.description or "",
        ):
            raise Refused(
                Code.CHANGED_MEANWHILE,
                "Somebody else changed this role meanwhile.",
                "Read the role again and repeat the change.",
            )
        changed = replace(
            role,
            name=draft.name or role.name,
            description=role.description if draft.description is None else draft.description,
        )
        if changed == role:
            return role
        if is_reserved_role_name(fold(changed.name)) or not tenancy.directory.save_role(changed):
            raise _taken(changed.name)
        before, after = changed_members(_told(role), _told(changed))
        tenancy.journal.append(
            event(world, act, Action.ROLE_CHANGED, role.id, before=before, after=after)
        )
        return changed


def remove(world: World, act: Act, role_id: str) -> None:
    """Remove a custom role, also from everybody who has it."""
    with writing_as(world, act) as tenancy:
        role = _custom(tenancy, role_id)
        tenancy.directory.remove_role(role.id)
        tenancy.journal.append(event(world, act, Action.ROLE_REMOVED, role.id, before=_told(role)))


def find(
    world: World, tenant_id: str, type_id: str | None, page: PageOf
) -> tuple[tuple[Role, ...], int]:
    """A page of roles, and how many there are."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        directory = tenancy.directory
        return directory.roles(type_id, page), directory.count_roles(type_id)


def get(world: World, tenant_id: str, role_id: str) -> Role:
    """One role."""
    with world.store.reading(tenant_id) as tenancy:
        return _existing(tenancy, role_id)


def named(world: World, tenant_id: str, role_ids: tuple[str, ...]) -> tuple[Role, ...]:
    """The roles of these ids."""
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.directory.some_roles(role_ids)


def ids_named(world: World, tenant_id: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of roles given by id or by name, under any theme."""
    with world.store.reading(tenant_id) as tenancy:
        every = tenancy.directory.roles(None, PageOf(0, ROLE_LIMIT + len(ROLE_TYPES)))
    by_name = {name: role.id for role in every for name in _names(role)}
    for name in names:
        if fold(name) not in by_name:
            raise NotFound(Code.ROLE_NOT_FOUND, "role", name)
    return tuple(by_name[fold(name)] for name in names)


def users_with(
    world: World, tenant_id: str, role_id: str, page: PageOf
) -> tuple[tuple[User, ...], int]:
    """A page of the users that have the role, and how many have it."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        role = _existing(tenancy, role_id)
        directory = tenancy.directory
        return directory.users_in_role(role.id, page), directory.count_users_in_role(role.id)


def clients_with(
    world: World, tenant_id: str, role_id: str, page: PageOf
) -> tuple[tuple[StoredClient, ...], int]:
    """A page of the client-credentials clients that have the role, and how many have it."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        role = _existing(tenancy, role_id)
        directory = tenancy.directory
        return directory.clients_in_role(role.id, page), directory.count_clients_in_role(role.id)


def _names(role: Role) -> tuple[str, ...]:
    shown = (displayed_name(role, theme) for theme in THEME_PREFIX)
    return (role.id, fold(role.name), *(fold(name) for name in shown))


def _existing(tenancy: Tenancy, role_id: str) -> Role:
    role = tenancy.directory.role(role_id.lower())
    if role is None:
        raise NotFound(Code.ROLE_NOT_FOUND, "role", role_id)
    return role


def _custom(tenancy: Tenancy, role_id: str) -> Role:
    role = _existing(tenancy, role_id)
    if role.type_id is not None:
        raise Refused(
            Code.BUILT_IN_ROLE,
            f"The role {role.name} is built in and can be neither changed nor removed.",
            "Add a custom role instead.",
        )
    return role


def _taken(what: str) -> Refused:
    return Refused(
        Code.ROLE_TAKEN,
        f"Another role already has the id or name {what}.",
        "Choose another name, or change the role that is there.",
    )


def _told(role: Role) -> dict[str, object]:
    return {"Name": role.name, "Description": role.description}
