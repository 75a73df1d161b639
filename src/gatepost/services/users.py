"""The people of a tenant: add, change, remove, their roles, their preferences, their password."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import asdict, replace

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, Actor, changed_members
from gatepost.model.people import (
    LOCAL_PROVIDER,
    InvitationStatus,
    User,
)
from gatepost.model.tenants import USER_LIMIT
from gatepost.model.weak_passwords import names_of
from gatepost.ports import PageOf, Tenancy
from gatepost.services import endings, new_passwords, user_members
from gatepost.services.endings import Ended, Ending
from gatepost.services.grants_of_roles import (
    count_administrators,
    keep_an_administrator,
    roles_to_give,
)
from gatepost.services.named_users import existing
from gatepost.services.principals import writing_as
from gatepost.services.world import Act, World, event, incarnation

_UNTOLD = frozenset(
    {"incarnation", "created_at", "updated_at", "version", "has_password", "email_verified"}
)


class Found(NamedTuple):
    """Users found, how many there are in all, and the ids that led to none."""

    users: tuple[User, ...]
    total: int
    missing: tuple[str, ...]


def add(world: World, act: Act, members: Mapping[str, Any]) -> User:
    """Add a user. Nobody is invited by this; a password is set on the command line."""
    wanted = dict(members)
    provider = user_members.known_provider(wanted.pop("provider_id", None))
    wanted |= user_members.as_signed_in_here(provider, wanted) or user_members.expected_elsewhere(
        wanted
    )
    if provider == LOCAL_PROVIDER and "email" not in wanted:
        raise Refused(
            Code.INVALID_MEMBER,
            "ContactEmail is missing.",
            "ContactEmail: send the address with which the person will sign in.",
        )
    with writing_as(world, act) as tenancy:
        if tenancy.directory.count_users() >= USER_LIMIT:
            raise Refused(
                Code.LIMIT_REACHED,
                f"The tenant has {USER_LIMIT} users, which is the most it can have.",
                "Remove users who no longer need access.",
            )
        now = world.clock.now()
        user = User(
            id=wanted.pop("id", None) or world.dice.guid(),
            provider_id=provider,
            incarnation=incarnation(world),
            role_ids=roles_to_give(tenancy, act.caller, wanted.pop("role_ids", ())),
            created_at=now,
            updated_at=now,
            **({"email": None} | wanted),
        )
        if not tenancy.directory.reserve_id("user", user.id):
            raise _id_taken(user)
        if not tenancy.directory.add_user(user):
            raise _duplicate(user)
        tenancy.journal.append(event(world, act, Action.USER_ADDED, user.id, after=_told(user)))
        return user


def find(world: World, tenant_id: str, ids: Sequence[str], page: PageOf) -> Found:
    """The users named, or a page of all."""
    with world.store.reading_calmly(tenant_id) as tenancy:
        directory = tenancy.directory
        if not ids:
            return Found(directory.users(page), directory.count_users(), ())
        wanted = tuple(dict.fromkeys(id_.lower() for id_ in ids))
        some = directory.some_users(wanted)
        seen = {user.id for user in some}
        return Found(some, len(some), tuple(id_ for id_ in wanted if id_ not in seen))


def with_status(
    world: World,
    tenant_id: str,
    wanted: tuple[Sequence[str], Collection[InvitationStatus]],
    page: PageOf,
) -> Found:
    """Users by ids and by how far they have come on the way in; the page is of what remains."""
    ids, statuses = wanted
    of_anybody = [status for status in _COME_TO if status in statuses]
    if not statuses or (not ids and len(of_anybody) == len(_COME_TO)):
        return find(world, tenant_id, ids, page)
    if ids:
        some = find(world, tenant_id, ids, page).users
        matching = tuple(user for user in some if user.invitation_status in statuses)
        return Found(matching, len(matching), ())
    if not of_anybody:
        return Found((), 0, ())
    with world.store.reading_calmly(tenant_id) as tenancy:
        directory, (status,) = tenancy.directory, of_anybody
        return Found(directory.users_of(status, page), directory.count_users_of(status), ())


_COME_TO = (InvitationStatus.ACCEPTED, InvitationStatus.NO_INVITATION)
"""How far people come here; nobody is invited by mail yet."""


def get(world: World, tenant_id: str, user_id: str) -> User:
    """One user."""
    with world.store.reading(tenant_id) as tenancy:
        return existing(tenancy, user_id)


def change(
    world: World,
    act: Act,
    user_id: str,
    members: Mapping[str, Any],
    seen_version: int | None = None,
) -> User:
    """Change the members that were sent; id and provider are fixed.

    With `seen_version` it is refused when somebody changed the user after that version.
    """
    with writing_as(world, act) as tenancy:
        user = existing(tenancy, user_id)
        if seen_version not in (None, user.version):
            raise Refused(
                Code.CHANGED_MEANWHILE,
                "Somebody else changed this user meanwhile.",
                "Read the user again and repeat the change.",
            )
        wanted = dict(members)
        user_members.check_fixed(user, wanted)
        if "role_ids" in wanted:
            held = frozenset(user.role_ids)
            wanted["role_ids"] = roles_to_give(tenancy, act.caller, wanted["role_ids"], held)
        changed = replace(
            user, **wanted, **user_members.as_signed_in_here(user.provider_id, wanted)
        )
        if changed == user:
            return user
        return keep(world, act, tenancy, user, changed)


def replace_roles(world: World, act: Act, user_id: str, role_ids: Sequence[str]) -> User:
    """Give a user these roles and the member role, and no others."""
    return change(world, act, user_id, {"role_ids": tuple(role_ids)})


def take_away(world: World, act: Act, tenancy: Tenancy, user: User) -> None:
    """Remove a user within a change that is under way; nobody removes themselves."""
    if act.actor == Actor("user", user.id):
        raise Refused(
            Code.OWN_ACCOUNT,
            "You cannot remove your own account.",
            "Ask another administrator to remove it.",
        )
    administrators = count_administrators(tenancy)
    tenancy.directory.remove_user(user.id)
    keep_an_administrator(tenancy, administrators)
    tenancy.journal.append(event(world, act, Action.USER_REMOVED, user.id, before=_told(user)))


def keep(world: World, act: Act, tenancy: Tenancy, user: User, changed: User) -> User:
    """Keep a changed user within a change that is under way."""
    administrators = count_administrators(tenancy)
    saved = replace(
        changed,
        email_verified=user.email_verified and changed.email == user.email,
        updated_at=world.clock.now(),
        version=user.version + 1,
    )
    if not tenancy.directory.save_user(saved, user.version):
        raise _duplicate(saved)
    keep_an_administrator(tenancy, administrators)
    before, after = changed_members(_told(user), _told(saved))
    tenancy.journal.append(
        event(world, act, Action.USER_CHANGED, user.id, before=before, after=after)
    )
    if saved.email != user.email or not saved.enabled:
        # it was made for this address, and is not to revive when the person is switched on again
        endings.end_password_link(Ending(world, "", act.actor, act.origin), tenancy, user.id)
    return saved


def set_password(world: World, act: Act, user_id: str, password: str, *, one_time: bool) -> Ended:
    """Set a password; a one-time password must be changed at the next sign-in.

    All that came of the old one ends (R-52), and the passkeys go: the account may have been taken,
    and each of them alone opens it. An authenticator app stays, because it opens nothing by itself.
    What is given back is to be told to applications.
    """
    with world.store.reading(act.tenant_id) as tenancy:
        names = names_of(existing(tenancy, user_id), tenancy.directory.tenant())
    new_passwords.check(world, password, names)
    phc = world.passwords.hash(password)
    with writing_as(world, act) as tenancy:
        user = existing(tenancy, user_id)
        tenancy.directory.set_password(user.id, phc, world.clock.now(), must_change=one_time)
        tenancy.journal.append(
            event(world, act, Action.PASSWORD_SET, user.id, after={"OneTime": one_time})
        )
        ending = Ending(world, "", act.actor, act.origin)
        endings.end_password_link(ending, tenancy, user.id)
        endings.remove_passkeys(ending, tenancy, user.id)
        return endings.end_everything(ending, tenancy, user.id, "password_changed")


def preferences(world: World, tenant_id: str, user_id: str) -> str:
    """The user's preferences as JSON text; an empty object when there are none."""
    with world.store.reading(tenant_id) as tenancy:
        user = existing(tenancy, user_id)
        return tenancy.directory.preferences(user.id) or "{}"


def set_preferences(world: World, act: Act, user_id: str, json_text: str) -> None:
    """Keep the user's preferences. The journal tells that they changed, not what they say."""
    with writing_as(world, act) as tenancy:
        user = existing(tenancy, user_id)
        tenancy.directory.set_preferences(user.id, json_text)
        tenancy.journal.append(event(world, act, Action.PREFERENCES_CHANGED, user.id))


def with_email(world: World, tenant_id: str, email: str) -> User | None:
    """The local user with this address."""
    with world.store.reading(tenant_id) as tenancy:
        return tenancy.directory.user_with_email(LOCAL_PROVIDER, email)


def _id_taken(user: User) -> Refused:
    """An id is `sub` in the tokens of all tenants, so it is never two persons' (R-83)."""
    return Refused(
        Code.DUPLICATE_USER,
        f"The id {user.id} is in use, or was used before.",
        "Choose another id, or leave Id out to have one generated.",
    )


def _duplicate(user: User) -> Refused:
    return Refused(
        Code.DUPLICATE_USER,
        f"Another user already has the id {user.id} or the address {user.email}.",
        "Choose another address, or change the user who is there.",
    )


def _told(user: User) -> dict[str, object]:
    return {name: value for name, value in asdict(user).items() if name not in _UNTOLD}
