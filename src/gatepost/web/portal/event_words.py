"""The journal in plain words: each event as a sentence, and what it changed (R-76).

Every action has its words in `words/activity.toml`, and so has every reason for a refusal. What a
sentence names comes from `event_names`.
"""

import string
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from gatepost.model import client_kinds, reading
from gatepost.model.events import Action, ChainedEvent, Event
from gatepost.web.portal import event_names
from gatepost.web.portal.event_names import Names, Piece, visible
from gatepost.web.portal.moments import Moment
from gatepost.web.portal.visits import Visit
from gatepost.web.portal.words import Say

MOST_SHOWN = 300
_MOST_ITEMS = 12


class Change(NamedTuple):
    """One member of a thing, before and after; each may be several texts, or none."""

    title: str
    before: list[str]
    after: list[str]


class Told(NamedTuple):
    """An event as people read it. `details` is of what was there at the end or the beginning."""

    seq: int
    at: Moment
    sentence: list[Piece]
    address: str
    support_id: str
    changes: list[Change]
    details: list[Change]


class Reason(NamedTuple):
    """Why something was refused or ended: what happened, and what to do."""

    code: str
    what: str
    mend: str


def told(visit: Visit, names: Names, link: ChainedEvent) -> Told:
    """An event in words."""
    event = link.event
    changed = event.action in _CHANGES
    return Told(
        seq=link.seq,
        at=visit.zone.moment(event.at),
        sentence=sentence(visit, names, event),
        address=visible(event.origin.address),
        support_id=visible(event.origin.operation_id),
        changes=_members(visit, names, event) if changed else [],
        details=[] if changed or event.reason else _members(visit, names, event),
    )


def sentence(visit: Visit, names: Names, event: Event) -> list[Piece]:
    """Who did what, with links to those who are named."""
    pattern = visit.say(_key(names, event))
    found: list[Piece] = []
    for text, name, _, _ in string.Formatter().parse(pattern):
        if text:
            found.append(Piece(text))
        if name is not None:
            found.append(_PARTS[name](visit, names, event))
    return found


def reason(say: Say, code: str) -> Reason:
    """Why, in words; a code that nobody wrote words for is told as it is."""
    try:
        return Reason(code, say(f"reason.{code}.what"), say(f"reason.{code}.mend"))
    except KeyError:
        shown = visible(code, 100)
        return Reason(shown, say("reason.other.what", code=shown), say("reason.other.mend"))


def _key(names: Names, event: Event) -> str:
    """The words of an event, which differ where somebody did it for themselves or is not known."""
    key = f"event.{event.action.value}"
    kind, id_ = event_names.subject(event)
    if event.action in _OWN and (event.actor.kind, event.actor.id) == (kind, id_):
        return f"{key}.own"
    if event.action is Action.SIGN_IN_REFUSED and not id_:
        return f"{key}.unknown"
    if event.action is Action.GRANT_REVOKED and id_ not in names.families:
        return f"{key}.unknown"
    if event.action is Action.DEVICE_DECIDED and (event.after or {}).get("Decision") == "denied":
        return f"{key}.denied"
    if event.reason == "logout_uri_unknown":
        return f"{key}.logout"
    return key


def _members(visit: Visit, names: Names, event: Event) -> list[Change]:
    """Every member that an event tells, by the title of its field."""
    before, after = event.before or {}, event.after or {}
    found = []
    for name in dict.fromkeys((*before, *after)):
        old, new = (_value(visit, names, name, side.get(name)) for side in (before, after))
        if (old or new) and name not in _UNTOLD:
            found.append(Change(_title(visit.say, name), old, new))
    return found


def _title(say: Say, name: str) -> str:
    """What a member is called: as in forms, or in words of our own."""
    try:
        return say(f"member.{name}")
    except KeyError:
        return _field_titles().get(name) or visible(name, 60)


def _value(visit: Visit, names: Names, name: str, value: Any) -> list[str]:
    """A member's value as texts."""
    if value is None or value == "":
        return []
    if isinstance(value, bool):
        return [visit.say("activity.yes" if value else "activity.no")]
    if isinstance(value, list):
        shown = [_item(visit, names, name, item) for item in value[:_MOST_ITEMS]]
        more = len(value) - len(shown)
        return [*shown, visit.say("activity.and_more", number=more)] if more else shown
    if name in _MOMENTS and isinstance(value, str):
        moment = reading.read_moment(value)
        return [visible(value) if isinstance(moment, str) else visit.zone.moment(moment).full]
    return [_item(visit, names, name, value)]


def _item(visit: Visit, names: Names, name: str, item: Any) -> str:
    if name in ("RoleIds", "role_ids"):
        return event_names.role(visit, names, str(item)).text
    if name in _CHOICES:
        try:
            return visit.say(f"value.{name}.{item}")
        except KeyError:
            return visible(str(item))
    if name.endswith("Lifetime"):
        return visit.say("activity.seconds", number=item)
    text = item if isinstance(item, str) else msgspec.json.encode(item).decode()
    return visible(text, MOST_SHOWN)


@cache
def _field_titles() -> Mapping[str, str]:
    """The titles of the fields of all kinds of client; one name is one field type."""
    return {
        member.name: str(member.meta.title)
        for kind in client_kinds.CLIENT_KINDS
        for member in reading.members_of(kind.settings)
    }


def _told_name(event: Event) -> str | None:
    """The name that an event itself tells of what it is about."""
    name = (event.after or {}).get("Name") or (event.before or {}).get("Name")
    is_whole = event.action.value.startswith(("client.", "role."))
    return name if is_whole and isinstance(name, str) else None


def _who(visit: Visit, names: Names, event: Event) -> Piece:
    return event_names.who(visit, names, event.actor)


def _client(visit: Visit, names: Names, event: Event) -> Piece:
    kind, id_ = event_names.subject(event)
    if kind == "grant":
        id_ = names.families[id_].client_id
    return event_names.client(visit, names, id_, _told_name(event))


def _user(_visit: Visit, names: Names, event: Event) -> Piece:
    kind, id_ = event_names.subject(event)
    if kind == "grant":
        id_ = names.families[id_].user_id
    told = (event.before or {}).get("email")
    known = event_names.user(names, id_)
    return Piece(visible(told)) if known.href is None and isinstance(told, str) else known


def _role(visit: Visit, names: Names, event: Event) -> Piece:
    return event_names.role(visit, names, event.target, _told_name(event))


def _thing(_visit: Visit, _names: Names, event: Event) -> Piece:
    return Piece(visible(event.target))


_PARTS = {
    "who": _who,
    "client": _client,
    "user": _user,
    "role": _role,
    "secret": event_names.secret,
    "thing": _thing,
}
_CHANGES = frozenset(
    {
        Action.CLIENT_CHANGED,
        Action.SECRET_CHANGED,
        Action.ROLE_CHANGED,
        Action.USER_CHANGED,
        Action.TENANT_CHANGED,
    }
)
_OWN = frozenset(
    {
        Action.PASSWORD_SET,
        Action.PASSKEY_REMOVED,
        Action.PREFERENCES_CHANGED,
        Action.SIGN_IN_REFUSED,
        Action.SIGN_IN_ENDED,
        Action.SECRET_ADDED,
        Action.SECRET_REMOVED,
        Action.USER_CHANGED,
    }
)
# What says nothing to people: ids of what is named already, or of what has no page.
_UNTOLD = frozenset({"Id", "id", "SignIn", "provider_id", "Decision"})
_MOMENTS = frozenset({"Expiration", "ExpiresAt", "ActiveFrom", "Added"})
_CHOICES = frozenset({"Method", "SecondFactor"})
