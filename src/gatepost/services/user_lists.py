"""The people of a tenant as the portal lists them: a page, what is looked for, one of them."""

from typing import NamedTuple

from gatepost.model.people import User
from gatepost.model.portal import PasswordLink
from gatepost.ports import PageOf, Tenancy
from gatepost.services.named_users import existing
from gatepost.services.world import World

MOST_COUNTED = 1_000


class ListedUser(NamedTuple):
    """A person, and the link by which they may set a password if there is one."""

    user: User
    link: PasswordLink | None


class UserPage(NamedTuple):
    """Some people, and how many there are; of a search, at most so many are counted."""

    rows: tuple[ListedUser, ...]
    total: int
    is_more: bool


def page(world: World, tenant_id: str, search: str, part: PageOf) -> UserPage:
    """People in order of creation, all or those whose name or address has a text."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        directory = tenancy.directory
        if not search:
            rows = _listed(tenancy, directory.users(part))
            return UserPage(rows, directory.count_users(), is_more=False)
        rows = _listed(tenancy, directory.found_users(search, part))
        total = part.told_total(len(rows))
        if total is None:
            total = directory.count_found_users(search, MOST_COUNTED)
        return UserPage(rows, min(total, MOST_COUNTED), is_more=total >= MOST_COUNTED)


def one(world: World, tenant_id: str, user_id: str) -> ListedUser:
    """One person."""
    with world.store.reading(tenant_id) as tenancy:
        user = existing(tenancy, user_id)
        return ListedUser(user, tenancy.directory.password_link_of(user.id))


def _listed(tenancy: Tenancy, users: tuple[User, ...]) -> tuple[ListedUser, ...]:
    """With the links of those who have no password yet: for them it says how far they are."""
    link_of = tenancy.directory.password_link_of
    return tuple(ListedUser(u, None if u.has_password else link_of(u.id)) for u in users)
