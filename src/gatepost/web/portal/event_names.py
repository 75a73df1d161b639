"""Whom and what events are about, by names: looked up for a page of events at once."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.clients import StoredClient
from gatepost.model.events import Action, Actor, Event
from gatepost.model.grants import Family
from gatepost.model.people import User
from gatepost.model.tenants import Role, displayed_name
from gatepost.model.text import quoted
from gatepost.ports import Tenancy
from gatepost.services.portal_client import RESERVED_PREFIX
from gatepost.web.portal.list_state import ListState
from gatepost.web.portal.visits import PREFIX, Visit

_MOST_SHOWN = 200


class Piece(NamedTuple):
    """A part of a sentence, with where it leads if it leads anywhere."""

    text: str
    href: str | None = None


class Names(NamedTuple):
    """What is known of those whom some events name. Whoever was removed is not there."""

    users: Mapping[str, User]
    clients: Mapping[str, StoredClient]
    roles: Mapping[str, Role]
    families: Mapping[str, Family]
    secrets: Mapping[str, str]


NOBODY = Names({}, {}, {}, {}, {})


def found(tenancy: Tenancy, events: Iterable[Event]) -> Names:
    """Look up everybody whom the events name."""
    events = tuple(events)
    grants = {event.target for event in events if event.action is Action.GRANT_REVOKED}
    families = {id_: family for id_ in grants if (family := tenancy.grants.family(id_))}
    wanted: dict[str, set[str]] = {"client": set(), "user": set(), "role": set()}
    for event in events:
        for kind, id_ in _named(event):
            wanted[kind].add(id_)
    wanted["client"] |= {family.client_id for family in families.values()}
    wanted["user"] |= {family.user_id for family in families.values()}
    users = tenancy.directory.some_users(tuple(wanted["user"])) if wanted["user"] else ()
    roles = tenancy.directory.some_roles(wanted["role"]) if wanted["role"] else ()
    return Names(
        {user.id: user for user in users},
        _clients(tenancy, tuple(wanted["client"])),
        {role.id: role for role in roles},
        families,
        _secrets(tenancy, events),
    )


def subject(event: Event) -> tuple[str, str]:
    """What sort of thing an event is about, and its id: client, user, role, grant or none."""
    kind = ABOUT[event.action.partition(".")[0]]
    if event.action is Action.TOKEN_REVOKED:
        is_client = event.target.startswith(CLIENT_SUBJECT_PREFIX)
        kind = "client" if is_client else "user"
        return kind, event.target.removeprefix(CLIENT_SUBJECT_PREFIX)
    return kind, event.target.partition("/")[0] if kind == "client" else event.target


def who(visit: Visit, names: Names, actor: Actor) -> Piece:
    """Who did it."""
    if actor.kind == "user":
        return user(names, actor.id)
    if actor.kind == "client":
        return client(visit, names, actor.id)
    if actor == Actor("operator", "portal"):
        return Piece(visit.say("activity.who.portal"))
    known = actor.kind if actor.kind in ("operator", "anonymous") else "anonymous"
    return Piece(visit.say(f"activity.who.{known}"))


def user(names: Names, id_: str) -> Piece:
    """A person, with their page."""
    known = names.users.get(id_)
    if known is None:
        return Piece(visible(id_))
    return Piece(
        visible(known.name or known.id), f"{PREFIX}/security/users?{urlencode({'user': id_})}"
    )


def client(visit: Visit, names: Names, id_: str, told: str | None = None) -> Piece:
    """A client, with its page; of a removed one the name that the event told."""
    known = names.clients.get(id_)
    if known is not None:
        return Piece(visible(known.settings.name), client_address(known))
    if id_.startswith(RESERVED_PREFIX):
        return Piece(visit.say("activity.portal"))
    return Piece(visible(told or id_))


def client_address(known: StoredClient, tab: str = "") -> str:
    """Where a client is shown."""
    return ListState(type=known.kind, client=known.settings.id, tab=tab).address()


def role(visit: Visit, names: Names, id_: str, told: str | None = None) -> Piece:
    """A role, with its page."""
    known = names.roles.get(id_)
    if known is None:
        return Piece(visible(told or id_))
    name = displayed_name(known, visit.place.theme)
    return Piece(visible(name), f"{PREFIX}/security/roles?{urlencode({'role': id_})}")


def secret(visit: Visit, names: Names, event: Event) -> Piece:
    """A secret by its description, or by its number."""
    told = (event.after or {}).get("Description") or (event.before or {}).get("Description")
    known = told or names.secrets.get(event.target)
    if isinstance(known, str) and known:
        return Piece(quoted(known, _MOST_SHOWN))
    number = event.target.rpartition("/")[2]
    return Piece(visit.say("activity.secret_numbered", number=visible(number)))


def visible(text: str, most: int = _MOST_SHOWN) -> str:
    """Text of anybody, cut, and with what cannot be seen or turns text round escaped (R-69)."""
    return quoted(text, most)[1:-1]


def _clients(tenancy: Tenancy, ids: tuple[str, ...]) -> dict[str, StoredClient]:
    if not ids:
        return {}
    some = tenancy.clients.some
    return {known.settings.id: known for kind in CLIENT_KINDS for known in some(kind.name, ids, ())}


def _secrets(tenancy: Tenancy, events: tuple[Event, ...]) -> dict[str, str]:
    """Descriptions of secrets whose events do not tell them, by target."""
    known: dict[str, str] = {}
    for event in events:
        client_id, _, number = event.target.partition("/secrets/")
        changed = event.action is Action.SECRET_CHANGED and event.target not in known
        if not changed or "Description" in (event.after or {}) or not number.isdigit():
            continue
        kept = tenancy.clients.secret(client_id, int(number))
        if kept is not None and kept.description:
            known[event.target] = kept.description
    return known


def _named(event: Event) -> Iterable[tuple[str, str]]:
    """Sort and id of everybody whom an event names."""
    if event.actor.kind in ("user", "client"):
        yield event.actor.kind, event.actor.id
    kind, id_ = subject(event)
    if kind in ("client", "user", "role") and id_:
        yield kind, id_
    for members in (event.before or {}, event.after or {}):
        for name in ("RoleIds", "role_ids"):
            for role_id in _texts(members.get(name)):
                yield "role", role_id


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


# What events are about, by the first word of their action.
ABOUT: Mapping[str, str] = {
    **dict.fromkeys(
        ("client", "secret", "consent", "device", "authorization", "token", "try_out"), "client"
    ),
    **dict.fromkeys(
        (
            "user",
            "password",
            "preferences",
            "password_link",
            "sign_in",
            "passkey",
            "authenticator",
            "recovery_codes",
            "factors",
        ),
        "user",
    ),
    "role": "role",
    "grant": "grant",
    "tenant": "none",
    "key": "none",
    "master_key": "none",
    "access": "none",
    "journal": "none",
    "backup": "none",
}
