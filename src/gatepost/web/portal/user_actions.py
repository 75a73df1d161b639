"""Disable, enable and remove a user, and end their sessions; each but the last after a question."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.people import User
from gatepost.services import sign_in_rules, users
from gatepost.services.world import Act
from gatepost.web.http import Reply
from gatepost.web.portal import people, role_choices, user_pages
from gatepost.web.portal.people import USERS
from gatepost.web.portal.visits import Allowed, Rooms, Route, Visit, redirect


class _Deed(NamedTuple):
    """What is done to a person, the notice for it, and whether they lose something by it."""

    do: Callable[[Rooms, Act, str], object]
    done: str
    ends_something: bool = True


_DEEDS: Mapping[str, _Deed] = {
    "disable": _Deed(lambda rooms, act, id_: rooms.sign_ins.switch_off(act, id_), "disabled"),
    "enable": _Deed(
        lambda rooms, act, id_: rooms.sign_ins.switch_on(act, id_),
        "enabled",
        ends_something=False,
    ),
    "remove": _Deed(lambda rooms, act, id_: rooms.sign_ins.remove(act, id_), "removed"),
    "remove-factors": _Deed(
        lambda rooms, act, id_: rooms.factors.remove(act, id_), "factors-removed"
    ),
    "remove-passkeys": _Deed(
        lambda rooms, act, id_: rooms.passkeys.remove_all(act, id_), "passkeys-removed"
    ),
    "end-sessions": _Deed(
        lambda rooms, act, id_: rooms.sign_ins.end_all(act, id_), "sessions-ended"
    ),
}


def ask(visit: Visit) -> Reply:
    """The question before it is done; what it is, is the last part of the address."""
    return _question(visit, 200, _user(visit), None)


def answer(visit: Visit) -> Reply:
    """Do it. A refusal is shown where the question was."""
    what, user = _what(visit), _user(visit)
    visit.form(f"user-{what} {user.id}")
    try:
        _DEEDS[what].do(visit.rooms, visit.act, user.id)
    except NotFound:
        raise
    except Refused as refused:
        return _question(visit, 400, user, f"{refused.reason} {refused.resolution}")
    chosen = "" if what == "remove" else user.id
    return redirect(user_pages.address(user=chosen, done=_DEEDS[what].done))


def end_session(visit: Visit) -> Reply:
    """End one session; it may have ended by itself meanwhile."""
    user = _user(visit)
    form = visit.form(f"user-sessions {user.id}")
    done = "session-ended"
    try:
        visit.rooms.sign_ins.end(visit.act, user.id, form.get("sign_in"))
    except Refused as refused:
        if refused.code is not Code.SIGN_IN_NOT_FOUND:
            raise
        done = "session-gone"
    return redirect(user_pages.address(user=user.id, done=done))


def _question(visit: Visit, status: int, user: User, problem: str | None) -> Reply:
    what = _what(visit)
    return visit.page(
        status,
        "user_ask.html",
        "users",
        problem=problem,
        what=what,
        person=people.told(visit, user),
        depends=_depends(visit, what, user),
        stays=_stays(visit, what, user),
        remove_passkeys=f"{USERS}/{user.id}/remove-passkeys",
        is_mild=not _DEEDS[what].ends_something,
        action=f"{USERS}/{user.id}/{what}",
        proof=visit.proof(f"user-{what} {user.id}"),
        back=user_pages.address(user=user.id),
    )


def _depends(visit: Visit, what: str, user: User) -> list[str]:
    """What ends, for a question about something that ends."""
    if not _DEEDS[what].ends_something:
        return []
    sessions = visit.rooms.sign_ins.count(visit.tenant_id, user.id)
    told = [visit.say("users.depends_sessions", number=sessions), visit.say("users.depends_apps")]
    if what == "remove-factors":
        return [*_factors(visit, user), *told]
    if what == "remove-passkeys":
        number = _number_of_passkeys(visit, user)
        return [visit.say("users.depends_factor_passkeys", number=number), *told]
    if what == "remove":
        held = ", ".join(role_choices.names(visit, user.role_ids))
        told.append(visit.say("users.depends_roles", names=held))
    return told


def _stays(visit: Visit, what: str, user: User) -> str | None:
    """What is not ended by ending the sessions, and yet signs in."""
    number = _number_of_passkeys(visit, user) if what == "end-sessions" else 0
    return visit.say("users.passkeys_stay", number=number) if number else None


def _number_of_passkeys(visit: Visit, user: User) -> int:
    return len(visit.rooms.passkeys.of_person(visit.tenant_id, user.id))


def _factors(visit: Visit, user: User) -> list[str]:
    held = sign_in_rules.factors_of(visit.world, visit.tenant_id, user.id)
    told = [visit.say("users.depends_factor_app")] if held.has_authenticator else []
    if held.passkeys:
        told.append(visit.say("users.depends_factor_passkeys", number=held.passkeys))
    if held.codes_left:
        told.append(visit.say("users.depends_factor_codes", number=held.codes_left))
    return told


def _what(visit: Visit) -> str:
    return visit.call.segments[-1].lower()


def _user(visit: Visit) -> User:
    return users.get(visit.world, visit.tenant_id, visit.path["user_id"])


_PATH = "/security/users/{user_id}"
ROUTES = (
    *(Route("GET", f"{_PATH}/{what}", Allowed.ADMINISTRATOR, ask) for what in _DEEDS),
    *(Route("POST", f"{_PATH}/{what}", Allowed.ADMINISTRATOR, answer) for what in _DEEDS),
    Route("POST", f"{_PATH}/end-session", Allowed.ADMINISTRATOR, end_session),
)
