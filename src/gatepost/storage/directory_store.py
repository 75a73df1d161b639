"""The tenant's people. Its roles, and who has them, stand in `role_store`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, select, update

from gatepost.model.people import User
from gatepost.model.text import fold
from gatepost.ports import PageOf
from gatepost.storage.role_store import SqlRoleStore
from gatepost.storage.tables import passwords, preferences, user_roles, users

_SAME_NAMED = (
    "provider_id",
    "email",
    "given_name",
    "surname",
    "contact_email",
    "contact_given_name",
    "contact_surname",
    "external_user_id",
    "provider_user_id",
    "enabled",
    "incarnation",
    "created_at",
    "updated_at",
    "version",
)


class SqlDirectoryStore(SqlRoleStore):
    """`ports.DirectoryStore` on SQL."""

    def add_user(self, user: User) -> bool:
        """Keep a new user; False when the id, or the address at the provider, is taken."""
        row = _columns(user) | {"tenant_id": self._tenant_id, "id": user.id}
        if not self._work.add(users, row):
            return False
        self._add_user_roles(user)
        self._work.count_up(self._tenant_id, "users", 1)
        return True

    def user(self, user_id: str) -> User | None:
        """One user."""
        found = self.some_users((user_id,))
        return found[0] if found else None

    def user_with_email(self, provider_id: str, email: str) -> User | None:
        """The user whose address at the provider is the same but for case and width."""
        found = self._load(
            self._whole().where(
                users.c.provider_id == provider_id, users.c.folded_email == fold(email)
            )
        )
        return found[0] if found else None

    def users(self, page: PageOf) -> tuple[User, ...]:
        """Users in order of creation."""
        here, total = self._here(users), self.count_users()
        return self.some_users(self._work.ids_by_age(users, here, page, total))

    def count_users(self) -> int:
        """How many users there are."""
        return self._work.counted(self._tenant_id, "users")

    def some_users(self, ids: Sequence[str]) -> tuple[User, ...]:
        """Those of the named users that exist, in the order named."""
        if not ids:
            return ()
        found = self._load(self._whole().where(users.c.id.in_(list(ids))))
        by_id = {user.id: user for user in found}
        return tuple(by_id[id_] for id_ in dict.fromkeys(ids) if id_ in by_id)

    def save_user(self, user: User, seen_version: int) -> bool:
        """Keep a changed user and roles; False when changed meanwhile or the address is taken."""
        if user.email is not None:
            other = self.user_with_email(user.provider_id, user.email)
            if other is not None and other.id != user.id:
                return False
        mine = (*self._here(users), users.c.id == user.id, users.c.version == seen_version)
        if not self._work.change(update(users).where(*mine).values(_columns(user))):
            return False
        self._work.change(
            delete(user_roles).where(*self._here(user_roles), user_roles.c.user_id == user.id)
        )
        self._add_user_roles(user)
        return True

    def remove_user(self, user_id: str) -> None:
        """Remove the user with roles, password and preferences."""
        gone = delete(users).where(*self._here(users), users.c.id == user_id)
        if self._work.change(gone):
            self._work.count_up(self._tenant_id, "users", -1)

    def users_in_role(self, role_id: str, page: PageOf) -> tuple[User, ...]:
        """Users that have the role, in order of creation."""
        held = users.c.id.in_(self._user_ids_in_role(role_id))
        return self.some_users(self._work.ids_by_age(users, (*self._here(users), held), page))

    def password(self, user_id: str) -> str | None:
        """The hash of the user's password."""
        row = self._work.one(select(passwords.c.phc).where(*self._of_user(passwords, user_id)))
        return row.phc if row else None

    def password_is_one_time(self, user_id: str) -> bool:
        """Whether the password must be changed at the next sign-in."""
        row = self._work.one(
            select(passwords.c.must_change).where(*self._of_user(passwords, user_id))
        )
        return row is not None and row.must_change

    def set_password(
        self, user_id: str, phc: str, changed_at: datetime, *, must_change: bool
    ) -> None:
        """Keep a new hash; `must_change` marks a one-time password."""
        values = {"phc": phc, "changed_at": changed_at, "must_change": must_change}
        self._replace(passwords, user_id, values)

    def preferences(self, user_id: str) -> str | None:
        """The user's preferences as JSON text."""
        found = select(preferences.c.document).where(*self._of_user(preferences, user_id))
        row = self._work.one(found)
        return row.document if row else None

    def set_preferences(self, user_id: str, json_text: str) -> None:
        """Keep the user's preferences."""
        self._replace(preferences, user_id, {"document": json_text})

    def _replace(self, table: Any, user_id: str, values: dict[str, object]) -> None:
        mine = self._of_user(table, user_id)
        if not self._work.change(update(table).where(*mine).values(values)):
            key = {"tenant_id": self._tenant_id, "user_id": user_id}
            self._work.add_all(table, [{**key, **values}])

    def _of_user(self, table: Any, user_id: str) -> tuple[ColumnElement[bool], ...]:
        return (*self._here(table), table.c.user_id == user_id)

    def _whole(self) -> Select[Any]:
        known = passwords.c.phc.is_not(None).label("has_password")
        joined = users.outerjoin(
            passwords,
            (passwords.c.tenant_id == users.c.tenant_id) & (passwords.c.user_id == users.c.id),
        )
        return (
            select(users, known)
            .select_from(joined)
            .where(*self._here(users))
            .order_by(users.c.created_at, users.c.id)
        )

    def _load(self, statement: Select[Any]) -> tuple[User, ...]:
        rows = self._work.read(statement).all()
        held: dict[str, list[str]] = {row.id: [] for row in rows}
        if held:
            roles_held = select(user_roles.c.user_id, user_roles.c.role_id).where(
                *self._here(user_roles), user_roles.c.user_id.in_(list(held))
            )
            for pair in self._work.read(
                roles_held.order_by(user_roles.c.user_id, user_roles.c.role_id)
            ):
                held[pair.user_id].append(pair.role_id)
        return tuple(_user(row, held[row.id]) for row in rows)

    def _add_user_roles(self, user: User) -> None:
        key = {"tenant_id": self._tenant_id, "user_id": user.id}
        self._work.add_all(
            user_roles, [{**key, "role_id": role_id} for role_id in dict.fromkeys(user.role_ids)]
        )


def _columns(user: User) -> dict[str, object]:
    columns: dict[str, object] = {name: getattr(user, name) for name in _SAME_NAMED}
    columns["folded_email"] = None if user.email is None else fold(user.email)
    return columns


def _user(row: Row[Any], role_ids: list[str]) -> User:
    return User(
        id=row.id,
        has_password=row.has_password,
        role_ids=tuple(role_ids),
        **{name: getattr(row, name) for name in _SAME_NAMED},
    )
