"""The tenant's people. What is kept beside a person stands in `credential_store`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, false, func, or_, select, update

from gatepost.model.people import InvitationStatus, User
from gatepost.model.text import fold
from gatepost.ports import IdKind, PageOf
from gatepost.storage.credential_store import SqlCredentialStore
from gatepost.storage.tables import passwords, reserved_ids, user_roles, users
from gatepost.storage.unit_of_work import Order

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
    "email_verified",
    "incarnation",
    "created_at",
    "updated_at",
    "version",
)


class SqlDirectoryStore(SqlCredentialStore):
    """`ports.DirectoryStore` on SQL."""

    def reserve_id(self, kind: IdKind, id_: str) -> bool:
        """Keep an id for this tenant for good; False when another tenant has it or had it."""
        mine = select(reserved_ids.c.id).where(
            *self._here(reserved_ids), reserved_ids.c.kind == kind, reserved_ids.c.id == id_
        )
        if self._work.one(mine) is not None:
            return True
        row = {"tenant_id": self._tenant_id, "kind": kind, "id": id_}
        return self._work.add(reserved_ids, row)

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

    def found_users(self, search: str, page: PageOf) -> tuple[User, ...]:
        """Users whose address or name has this text, but for case, in order of creation."""
        by_age = Order((users.c.created_at, users.c.id))
        return self.some_users(self._work.ids_in_order(self._with_text(search), by_age, page))

    def count_found_users(self, search: str, most: int) -> int:
        """How many such users there are, counted up to `most`."""
        return self._work.up_to(most, self._with_text(search))

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

    def users_of(self, status: InvitationStatus, page: PageOf) -> tuple[User, ...]:
        """Users that have come so far on the way in, in order of creation."""
        arrived = users.c.id.in_(select(passwords.c.user_id).where(*self._here(passwords)))
        ways = {InvitationStatus.ACCEPTED: arrived, InvitationStatus.NO_INVITATION: ~arrived}
        met = (*self._here(users), ways.get(status, false()))
        return self.some_users(self._work.ids_by_age(users, met, page))

    def count_users_of(self, status: InvitationStatus) -> int:
        """How many users have come so far."""
        counted = (
            select(func.count().label("n")).select_from(passwords).where(*self._here(passwords))
        )
        arrived = self._n(counted)
        ways = {
            InvitationStatus.ACCEPTED: arrived,
            InvitationStatus.NO_INVITATION: self.count_users() - arrived,
        }
        return ways.get(status, 0)

    def users_in_role(self, role_id: str, page: PageOf) -> tuple[User, ...]:
        """Users that have the role, in order of creation."""
        held = users.c.id.in_(self._user_ids_in_role(role_id))
        return self.some_users(self._work.ids_by_age(users, (*self._here(users), held), page))

    def _with_text(self, search: str) -> Select[Any]:
        texts, part = (users.c.folded_email, users.c.folded_name), fold(search)
        found = or_(*(self._work.has_part(text, part) for text in texts))
        return select(users.c.id).where(*self._here(users), found)

    def _whole(self) -> Select[Any]:
        known = passwords.c.phc.is_not(None).label("has_password")
        joined = users.outerjoin(
            passwords,
            (passwords.c.tenant_id == users.c.tenant_id) & (passwords.c.user_id == users.c.id),
        )
        # In no order, which would lead SQLite through the index of all people in that order.
        return select(users, known).select_from(joined).where(*self._here(users))

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
    columns["folded_name"] = fold(f"{user.given_name or ''} {user.surname or ''}")
    return columns


def _user(row: Row[Any], role_ids: list[str]) -> User:
    return User(
        id=row.id,
        has_password=row.has_password,
        role_ids=tuple(role_ids),
        **{name: getattr(row, name) for name in _SAME_NAMED},
    )
