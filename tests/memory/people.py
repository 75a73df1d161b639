"""`ports.DirectoryStore` in memory: the tenant's people, on top of its roles."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from gatepost.model.people import InvitationStatus, User
from gatepost.model.portal import PasswordLink
from gatepost.model.text import fold
from gatepost.ports import IdKind, PageOf
from tests.memory.cascades import drop_children
from tests.memory.roles import MemoryRoleStore
from tests.memory.unit import KeptLink, KeptPassword


class MemoryDirectoryStore(MemoryRoleStore):
    """The tenant itself, its roles and its people."""

    def reserve_id(self, kind: IdKind, id_: str) -> bool:
        """Keep an id for this tenant for good; False when another tenant has it or had it."""
        whose = self._tables.reserved_ids.get((kind, id_))
        if whose is None:
            self._unit.put(self._tables.reserved_ids, (kind, id_), self._tenant_id)
        return whose in (None, self._tenant_id)

    def add_user(self, user: User) -> bool:
        """Keep a new user; False when the id, or the address at the provider, is taken."""
        self._need_tenant()
        if self._key(user.id) in self._tables.users or self._address_taken(user):
            return False
        self._keep(user)
        return True

    def user(self, user_id: str) -> User | None:
        """One user."""
        kept = self._tables.users.get(self._key(user_id))
        return None if kept is None else self._shown(kept)

    def user_with_email(self, provider_id: str, email: str) -> User | None:
        """The user whose address at the provider is the same but for case and width."""
        for user in self._here(self._tables.users):
            same_provider = user.provider_id == provider_id
            if same_provider and user.email is not None and fold(user.email) == fold(email):
                return self._shown(user)
        return None

    def users(self, page: PageOf) -> tuple[User, ...]:
        """Users in order of creation."""
        return self._page(self._here(self._tables.users), page)

    def count_users(self) -> int:
        """How many users there are."""
        return len(self._here(self._tables.users))

    def found_users(self, search: str, page: PageOf) -> tuple[User, ...]:
        """Users whose address or name has this text, but for case, in order of creation."""
        return self._page(self._with_text(search), page)

    def count_found_users(self, search: str, most: int) -> int:
        """How many such users there are, counted up to `most`."""
        return min(most, len(self._with_text(search)))

    def some_users(self, ids: Sequence[str]) -> tuple[User, ...]:
        """Those of the named users that exist, in the order named."""
        found = (self.user(id_) for id_ in dict.fromkeys(ids))
        return tuple(user for user in found if user is not None)

    def save_user(self, user: User, seen_version: int) -> bool:
        """Keep a changed user and roles; False when changed meanwhile or the address is taken."""
        kept = self.user(user.id)
        if kept is None or kept.version != seen_version or self._address_taken(user):
            return False
        self._keep(user)
        return True

    def remove_user(self, user_id: str) -> None:
        """Remove the user with roles, password and preferences."""
        drop_children(self._unit, self._tenant_id, user_id=user_id)
        tables = self._tables
        for table in (tables.passwords, tables.password_links, tables.preferences, tables.users):
            self._unit.drop(table, self._key(user_id))

    def users_of(self, status: InvitationStatus, page: PageOf) -> tuple[User, ...]:
        """Users that have come so far on the way in, in order of creation."""
        return self._page(self._users_that(status), page)

    def count_users_of(self, status: InvitationStatus) -> int:
        """How many users have come so far."""
        return len(self._users_that(status))

    def users_in_role(self, role_id: str, page: PageOf) -> tuple[User, ...]:
        """Users that have the role, in order of creation."""
        return self._page(self._users_with(role_id), page)

    def _users_that(self, status: InvitationStatus) -> list[User]:
        here = [self._shown(user) for user in self._here(self._tables.users)]
        return [user for user in here if user.invitation_status == status]

    def password(self, user_id: str) -> str | None:
        """The hash of the user's password."""
        kept = self._tables.passwords.get(self._key(user_id))
        return kept.phc if kept else None

    def password_is_one_time(self, user_id: str) -> bool:
        """Whether the password must be changed at the next sign-in."""
        kept = self._tables.passwords.get(self._key(user_id))
        return kept is not None and kept.must_change

    def set_password(
        self, user_id: str, phc: str, changed_at: datetime, *, must_change: bool
    ) -> None:
        """Keep a new hash; `must_change` marks a one-time password."""
        self._need_user(user_id)
        kept = KeptPassword(phc, changed_at, must_change)
        self._unit.put(self._tables.passwords, self._key(user_id), kept)

    def set_password_link(self, link: PasswordLink, digest: bytes) -> None:
        """Keep a link in place of an earlier one of the same person."""
        self._need_user(link.user_id)
        key = self._key(link.user_id)
        everybodys = self._tables.password_links.items()
        if any(kept.digest == digest for of, kept in everybodys if of != key):
            raise ValueError("there is a link of this digest already")
        self._unit.put(self._tables.password_links, key, KeptLink(link, digest))

    def password_link(self, digest: bytes) -> PasswordLink | None:
        """The link with this digest."""
        kept = self._here(self._tables.password_links)
        return next((link for link, own in kept if own == digest), None)

    def password_link_of(self, user_id: str) -> PasswordLink | None:
        """The person's link, if they have one."""
        kept = self._tables.password_links.get(self._key(user_id))
        return kept.link if kept else None

    def remove_password_link(self, user_id: str) -> bool:
        """Remove the person's link; False when there is none."""
        return self._unit.drop(self._tables.password_links, self._key(user_id))

    def preferences(self, user_id: str) -> str | None:
        """The user's preferences as JSON text."""
        return self._tables.preferences.get(self._key(user_id))

    def set_preferences(self, user_id: str, json_text: str) -> None:
        """Keep the user's preferences."""
        self._need_user(user_id)
        self._unit.put(self._tables.preferences, self._key(user_id), json_text)

    def _with_text(self, search: str) -> list[User]:
        part = fold(search)
        return [
            user
            for user in self._here(self._tables.users)
            if part in fold(f"{user.given_name or ''} {user.surname or ''}")
            or (user.email is not None and part in fold(user.email))
        ]

    def _address_taken(self, user: User) -> bool:
        if user.email is None:
            return False
        other = self.user_with_email(user.provider_id, user.email)
        return other is not None and other.id != user.id

    def _keep(self, user: User) -> None:
        self._need_roles(user.role_ids)
        kept = structs.replace(user, role_ids=tuple(sorted(set(user.role_ids))), has_password=False)
        self._unit.put(self._tables.users, self._key(user.id), kept)

    def _shown(self, user: User) -> User:
        return structs.replace(user, has_password=self.password(user.id) is not None)

    def _page(self, found: list[User], page: PageOf) -> tuple[User, ...]:
        in_order = sorted(found, key=lambda user: (user.created_at, user.id))
        return tuple(self._shown(user) for user in in_order[page.skip : page.skip + page.count])
