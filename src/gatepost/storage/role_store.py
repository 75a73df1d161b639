"""The tenant itself and its roles, with who has them."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, Select, Table, delete, func, or_, select, update
from sqlalchemy.sql import false, true

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import StoredClient
from gatepost.model.people import LOCAL_PROVIDER
from gatepost.model.tenants import Role, Tenant
from gatepost.model.text import fold
from gatepost.ports import PageOf
from gatepost.storage.client_store import SqlClientStore
from gatepost.storage.flow_tables import passkeys
from gatepost.storage.tables import (
    client_roles,
    clients,
    passwords,
    roles,
    tenants,
    user_roles,
    users,
)
from gatepost.storage.unit_of_work import UnitOfWork

_BUILT_IN_FIRST = (roles.c.type_id.is_(None), roles.c.folded_name, roles.c.id)


class SqlRoleStore:
    """The part of `ports.DirectoryStore` that concerns tenant and roles."""

    def __init__(self, work: UnitOfWork, tenant_id: str, clients_here: SqlClientStore) -> None:
        self._work = work
        self._tenant_id = tenant_id
        self._clients = clients_here

    def tenant(self) -> Tenant | None:
        """The tenant, or None when there is none of this id."""
        row = self._work.one(select(tenants).where(tenants.c.id == self._tenant_id))
        return tenant_of_row(row) if row else None

    def add_role(self, role: Role) -> bool:
        """Keep a new role; False when its id or folded name is taken."""
        row = _columns(role) | {
            "tenant_id": self._tenant_id,
            "id": role.id,
            "type_id": role.type_id,
        }
        if not self._work.add(roles, row):
            return False
        self._work.count_up(self._tenant_id, "roles", 1)
        return True

    def role(self, role_id: str) -> Role | None:
        """One role."""
        return self._one_role(roles.c.id == role_id)

    def role_named(self, name: str) -> Role | None:
        """The custom role whose name is the same but for case and width."""
        return self._one_role(roles.c.folded_name == fold(name), roles.c.type_id.is_(None))

    def role_of_type(self, type_id: str) -> Role | None:
        """The tenant's built-in role of a type."""
        return self._one_role(roles.c.type_id == type_id)

    def roles(self, type_id: str | None, page: PageOf) -> tuple[Role, ...]:
        """Roles, built-in ones first, then by name."""
        statement = self._some_type(select(roles), type_id).order_by(*_BUILT_IN_FIRST)
        rows = self._work.read(statement.limit(page.count).offset(page.skip))
        return tuple(_role(row) for row in rows)

    def count_roles(self, type_id: str | None) -> int:
        """How many roles there are."""
        if type_id is None:
            return self._work.counted(self._tenant_id, "roles")
        counted = self._some_type(select(func.count().label("n")).select_from(roles), type_id)
        return self._n(counted)

    def some_roles(self, ids: Iterable[str]) -> tuple[Role, ...]:
        """Those of the named roles that exist, in the order of `roles`."""
        statement = select(roles).where(*self._here(roles), roles.c.id.in_(list(ids)))
        return tuple(_role(row) for row in self._work.read(statement.order_by(*_BUILT_IN_FIRST)))

    def save_role(self, role: Role) -> bool:
        """Keep a changed role; False when the folded name is taken."""
        kept = self.role(role.id)
        if kept is None:
            return False
        changed = replace(kept, name=role.name, description=role.description)
        namesake = self._one_role(roles.c.folded_name == _folded(changed))
        if namesake is not None and namesake.id != role.id:
            return False
        mine = (*self._here(roles), roles.c.id == role.id)
        return self._work.change(update(roles).where(*mine).values(_columns(changed))) > 0

    def remove_role(self, role_id: str) -> None:
        """Remove the role from everybody who has it, and then the role."""
        gone = delete(roles).where(*self._here(roles), roles.c.id == role_id)
        if self._work.change(gone):
            self._work.count_up(self._tenant_id, "roles", -1)

    def count_users_in_role(self, role_id: str) -> int:
        """How many users have the role."""
        return self._n(self._count_in(user_roles, role_id))

    def enabled_users_in_role(self, role_id: str) -> int:
        """How many users that are not disabled have the role."""
        return self._n(self._enabled_in(role_id))

    def able_users_in_role(self, role_id: str) -> int:
        """How many of those can sign in here: known here, with a password or a passkey."""
        ways = (
            users.c.id.in_(select(table.c.user_id).where(*self._here(table)))
            for table in (passwords, passkeys)
        )
        is_local = users.c.provider_id == LOCAL_PROVIDER
        return self._n(self._enabled_in(role_id).where(is_local, or_(*ways)))

    def clients_in_role(self, role_id: str, page: PageOf) -> tuple[StoredClient, ...]:
        """Client-credentials clients that have the role, in order of creation."""
        held = clients.c.id.in_(self._client_ids_in_role(role_id))
        ids = self._work.ids_by_age(clients, (*self._here(clients), held), page)
        return self._clients.some(CLIENT_CREDENTIALS.name, ids, ())

    def count_clients_in_role(self, role_id: str) -> int:
        """How many clients have the role."""
        return self._n(self._count_in(client_roles, role_id))

    def enabled_clients_in_role(self, role_id: str) -> int:
        """How many clients that are not disabled have the role."""
        counted = select(func.count().label("n")).select_from(clients)
        wanted = clients.c.id.in_(self._client_ids_in_role(role_id))
        return self._n(counted.where(*self._here(clients), clients.c.enabled != false(), wanted))

    def _here(self, table: Table) -> tuple[ColumnElement[bool]]:
        return (table.c.tenant_id == self._tenant_id,)

    def _one_role(self, *conditions: ColumnElement[bool]) -> Role | None:
        row = self._work.one(select(roles).where(*self._here(roles), *conditions))
        return _role(row) if row else None

    def _some_type(self, statement: Select[Any], type_id: str | None) -> Select[Any]:
        here = statement.where(*self._here(roles))
        return here if type_id is None else here.where(roles.c.type_id == type_id)

    def _enabled_in(self, role_id: str) -> Select[Any]:
        counted = select(func.count().label("n")).select_from(users)
        wanted = users.c.id.in_(self._user_ids_in_role(role_id))
        return counted.where(*self._here(users), users.c.enabled == true(), wanted)

    def _count_in(self, table: Table, role_id: str) -> Select[Any]:
        counted = select(func.count().label("n")).select_from(table)
        return counted.where(*self._here(table), table.c.role_id == role_id)

    def _user_ids_in_role(self, role_id: str) -> Select[Any]:
        held = select(user_roles.c.user_id)
        return held.where(*self._here(user_roles), user_roles.c.role_id == role_id)

    def _client_ids_in_role(self, role_id: str) -> Select[Any]:
        held = select(client_roles.c.client_id)
        return held.where(*self._here(client_roles), client_roles.c.role_id == role_id)

    def _n(self, statement: Select[Any]) -> int:
        row = self._work.one(statement)
        return row.n if row else 0


def tenant_of_row(row: Row[Any]) -> Tenant:
    """A tenant as its row tells."""
    return Tenant(
        id=row.id,
        name=row.name,
        alias=row.alias,
        second_factor=row.second_factor,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(role: Role) -> dict[str, object]:
    return {
        "name": role.name,
        "folded_name": _folded(role),
        "description": role.description,
    }


def _folded(role: Role) -> str:
    """The name as compared; built-in roles stand apart, as no folded name begins with a blank."""
    return fold(role.name) if role.type_id is None else f" {fold(role.name)}"


def _role(row: Row[Any]) -> Role:
    return Role(id=row.id, name=row.name, description=row.description, type_id=row.type_id)
