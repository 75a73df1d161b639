"""What is kept beside a person: password, link to set one, preferences."""

from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, delete, select, update

from gatepost.model.portal import PasswordLink
from gatepost.storage.flow_rows import value_of
from gatepost.storage.portal_tables import password_links
from gatepost.storage.role_store import SqlRoleStore
from gatepost.storage.tables import passwords, preferences


class SqlCredentialStore(SqlRoleStore):
    """The part of `ports.DirectoryStore` that concerns passwords and preferences."""

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

    def set_password_link(self, link: PasswordLink, digest: bytes) -> None:
        """Keep a link in place of an earlier one of the same person."""
        self._replace(password_links, link.user_id, {**structs.asdict(link), "digest": digest})

    def password_link(self, digest: bytes) -> PasswordLink | None:
        """The link with this digest."""
        return self._link(*self._here(password_links), password_links.c.digest == digest)

    def password_link_of(self, user_id: str) -> PasswordLink | None:
        """The person's link, if they have one."""
        return self._link(*self._of_user(password_links, user_id))

    def remove_password_link(self, user_id: str) -> bool:
        """Remove the person's link; False when there is none."""
        mine = self._of_user(password_links, user_id)
        return self._work.change(delete(password_links).where(*mine)) > 0

    def preferences(self, user_id: str) -> str | None:
        """The user's preferences as JSON text."""
        found = select(preferences.c.document).where(*self._of_user(preferences, user_id))
        row = self._work.one(found)
        return row.document if row else None

    def set_preferences(self, user_id: str, json_text: str) -> None:
        """Keep the user's preferences."""
        self._replace(preferences, user_id, {"document": json_text})

    def _link(self, *met: ColumnElement[bool]) -> PasswordLink | None:
        row = self._work.one(select(password_links).where(*met))
        return value_of(row, PasswordLink) if row else None

    def _replace(self, table: Any, user_id: str, values: dict[str, object]) -> None:
        mine = self._of_user(table, user_id)
        if not self._work.change(update(table).where(*mine).values(values)):
            key = {"tenant_id": self._tenant_id, "user_id": user_id}
            self._work.add_all(table, [{**key, **values}])

    def _of_user(self, table: Any, user_id: str) -> tuple[ColumnElement[bool], ...]:
        return (*self._here(table), table.c.user_id == user_id)
