"""The tenant itself and its roles, in memory: a part of `ports.DirectoryStore`."""

from collections.abc import Iterable

from msgspec import structs

from gatepost.model.clients import ClientCredentialClient, StoredClient
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.tenants import Role, Tenant
from gatepost.model.text import fold
from gatepost.ports import PageOf
from tests.memory.clients import by_age
from tests.memory.unit import Room


class MemoryRoleStore(Room):
    """The tenant, its roles, and who has them."""

    def tenant(self) -> Tenant | None:
        """The tenant, or None when there is none of this id."""
        return self._tables.tenants.get(self._tenant_id)

    def add_role(self, role: Role) -> bool:
        """Keep a new role; False when its id or folded name is taken."""
        self._need_tenant()
        if self.role(role.id) is not None or self._namesake(role) is not None:
            return False
        self._unit.put(self._tables.roles, self._key(role.id), role)
        return True

    def role(self, role_id: str) -> Role | None:
        """One role."""
        return self._tables.roles.get(self._key(role_id))

    def role_named(self, name: str) -> Role | None:
        """The custom role whose name is the same but for case and width."""
        for role in self._here(self._tables.roles):
            if role.type_id is None and fold(role.name) == fold(name):
                return role
        return None

    def role_of_type(self, type_id: str) -> Role | None:
        """The tenant's built-in role of a type."""
        found = [role for role in self._here(self._tables.roles) if role.type_id == type_id]
        return found[0] if found else None

    def roles(self, type_id: str | None, page: PageOf) -> tuple[Role, ...]:
        """Roles, built-in ones first, then by name."""
        return tuple(self._of_type(type_id)[page.skip : page.skip + page.count])

    def count_roles(self, type_id: str | None) -> int:
        """How many roles there are."""
        return len(self._of_type(type_id))

    def some_roles(self, ids: Iterable[str]) -> tuple[Role, ...]:
        """Those of the named roles that exist, in the order of `roles`."""
        wanted = set(ids)
        return tuple(role for role in self._of_type(None) if role.id in wanted)

    def save_role(self, role: Role) -> bool:
        """Keep a changed role; False when the folded name is taken."""
        kept = self.role(role.id)
        if kept is None:
            return False
        changed = structs.replace(kept, name=role.name, description=role.description)
        namesake = self._namesake(changed)
        if namesake is not None and namesake.id != role.id:
            return False
        self._unit.put(self._tables.roles, self._key(role.id), changed)
        return True

    def remove_role(self, role_id: str) -> None:
        """Remove the role from everybody who has it, and then the role."""
        for user in self._users_with(role_id):
            rest = tuple(id_ for id_ in user.role_ids if id_ != role_id)
            changed = structs.replace(user, role_ids=rest)
            self._unit.put(self._tables.users, self._key(user.id), changed)
        for client in self._clients_with(role_id):
            self._unit.put(
                self._tables.clients, self._key(client.settings.id), _without(client, role_id)
            )
        self._unit.drop(self._tables.roles, self._key(role_id))

    def count_users_in_role(self, role_id: str) -> int:
        """How many users have the role."""
        return len(self._users_with(role_id))

    def enabled_users_in_role(self, role_id: str) -> int:
        """How many users that are not disabled have the role."""
        return sum(user.enabled for user in self._users_with(role_id))

    def able_users_in_role(self, role_id: str) -> int:
        """How many of those can sign in here: known here, with a password or a passkey."""
        able = {kept.user_id for kept in self._here(self._tables.passkeys)}
        return sum(
            user.enabled
            and user.provider_id == LOCAL_PROVIDER
            and (user.id in able or self._key(user.id) in self._tables.passwords)
            for user in self._users_with(role_id)
        )

    def clients_in_role(self, role_id: str, page: PageOf) -> tuple[StoredClient, ...]:
        """Client-credentials clients that have the role, in order of creation."""
        found = by_age(self._clients_with(role_id))
        return tuple(found[page.skip : page.skip + page.count])

    def count_clients_in_role(self, role_id: str) -> int:
        """How many clients have the role."""
        return len(self._clients_with(role_id))

    def enabled_clients_in_role(self, role_id: str) -> int:
        """How many clients that are not disabled have the role."""
        return sum(client.settings.enabled for client in self._clients_with(role_id))

    def _namesake(self, role: Role) -> Role | None:
        if role.type_id is None:
            return self.role_named(role.name)
        for other in self._here(self._tables.roles):
            same_name = other.type_id is not None and fold(other.name) == fold(role.name)
            if other.id != role.id and (same_name or other.type_id == role.type_id):
                return other
        return None

    def _of_type(self, type_id: str | None) -> list[Role]:
        found = [
            role
            for role in self._here(self._tables.roles)
            if type_id is None or role.type_id == type_id
        ]
        return sorted(found, key=lambda role: (role.type_id is None, fold(role.name), role.id))

    def _users_with(self, role_id: str) -> list[User]:
        return [user for user in self._here(self._tables.users) if role_id in user.role_ids]

    def _clients_with(self, role_id: str) -> list[StoredClient]:
        return [
            client
            for client in self._here(self._tables.clients)
            if isinstance(client.settings, ClientCredentialClient)
            and role_id in client.settings.role_ids
        ]


def _without(client: StoredClient, role_id: str) -> StoredClient:
    settings = client.settings
    if not isinstance(settings, ClientCredentialClient):
        return client
    rest = tuple(id_ for id_ in settings.role_ids if id_ != role_id)
    return structs.replace(client, settings=structs.replace(settings, role_ids=rest))
