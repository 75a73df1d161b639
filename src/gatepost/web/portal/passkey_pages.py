"""A person's passkeys as administrators see them: listed, and removed after a question."""

from typing import Any

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.people import User
from gatepost.model.sign_ins import Passkey
from gatepost.services import users
from gatepost.web.http import Reply
from gatepost.web.portal import people, user_pages
from gatepost.web.portal.people import USERS
from gatepost.web.portal.visits import Allowed, Route, Visit, redirect

_WHAT = "remove-passkey"
_GONE = "passkey-gone"


def ask(visit: Visit) -> Reply:
    """The question before one is removed."""
    user, passkey_id = _user(visit), visit.query().get("passkey")
    passkey = _one(visit, user, passkey_id)
    return _gone(user) if passkey is None else _question(visit, 200, user, passkey)


def answer(visit: Visit) -> Reply:
    """Remove it; the person may have removed it themselves meanwhile."""
    user = _user(visit)
    form = visit.form(f"user-{_WHAT} {user.id}")
    passkey = _one(visit, user, form.get("passkey"))
    if passkey is None:
        return _gone(user)
    try:
        visit.rooms.passkeys.remove(visit.act, user.id, passkey.id)
    except NotFound:
        raise
    except Refused as refused:
        if refused.code is Code.PASSKEY_NOT_FOUND:
            return _gone(user)
        return _question(visit, 400, user, passkey, f"{refused.reason} {refused.resolution}")
    return redirect(user_pages.address(user=user.id, done="passkey-removed"))


def _question(
    visit: Visit, status: int, user: User, passkey: Passkey, problem: str | None = None
) -> Reply:
    sessions = visit.rooms.sign_ins.count(visit.tenant_id, user.id)
    return visit.page(
        status,
        "passkey_ask.html",
        "users",
        problem=problem,
        person=people.told(visit, user),
        passkey=_told(visit, passkey),
        depends=[
            visit.say("users.depends_sessions", number=sessions),
            visit.say("users.depends_apps"),
        ],
        action=f"{USERS}/{user.id}/{_WHAT}",
        proof=visit.proof(f"user-{_WHAT} {user.id}"),
        back=user_pages.address(user=user.id),
    )


def _one(visit: Visit, user: User, passkey_id: str) -> Passkey | None:
    found = visit.rooms.passkeys.of_person(visit.tenant_id, user.id)
    return next((passkey for passkey in found if passkey.id == passkey_id), None)


def _told(visit: Visit, passkey: Passkey) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "name": passkey.name,
        "added": visit.moment(passkey.created_at),
        "used": visit.moment(passkey.last_used_at),
    }


def _gone(user: User) -> Reply:
    return redirect(user_pages.address(user=user.id, done=_GONE))


def _user(visit: Visit) -> User:
    return users.get(visit.world, visit.tenant_id, visit.path["user_id"])


_PATH = f"/security/users/{{user_id}}/{_WHAT}"
ROUTES = (
    Route("GET", _PATH, Allowed.ADMINISTRATOR, ask),
    Route("POST", _PATH, Allowed.ADMINISTRATOR, answer),
)
