"""Security > Users: the list, and beside it the Details pane of the chosen person."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from gatepost.model.errors import NotFound
from gatepost.model.people import LOCAL_PROVIDER, OUTSIDE_PROVIDERS, User
from gatepost.model.sign_ins import SignIn
from gatepost.model.tenants import displayed_name
from gatepost.model.user_status import UserStatus, status_of
from gatepost.services import roles, sign_in_rules, user_lists
from gatepost.services.user_lists import ListedUser
from gatepost.web.agents import described
from gatepost.web.http import Reply
from gatepost.web.portal import paging, people, role_pages
from gatepost.web.portal.paging import Shown
from gatepost.web.portal.people import USERS
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

_TONES: Mapping[UserStatus, str] = {
    UserStatus.ACTIVE: "ok",
    UserStatus.OFF: "bad",
    UserStatus.LINK_SENT: "info",
    UserStatus.LINK_ENDED: "warn",
    UserStatus.PENDING: "warn",
    UserStatus.ELSEWHERE: "quiet",
}
_DONE: Mapping[str, str] = {
    "saved": "users.done_saved",
    "roles-saved": "users.done_roles_saved",
    "disabled": "users.done_disabled",
    "enabled": "users.done_enabled",
    "removed": "users.done_removed",
    "factors-removed": "users.done_factors_removed",
    "passkey-removed": "users.done_passkey_removed",
    "passkeys-removed": "users.done_passkeys_removed",
    "passkey-gone": "users.done_passkey_gone",
    "session-ended": "users.done_session_ended",
    "session-gone": "users.done_session_gone",
    "sessions-ended": "users.done_sessions_ended",
}


def listed(visit: Visit) -> Reply:
    """The page."""
    query = visit.query()
    number, search, chosen = paging.number_in(query), paging.search_in(query), query.get("user")
    found = user_lists.page(visit.world, visit.tenant_id, search, paging.part(number))
    if not found.rows and number > 1:
        return redirect(address(search, paging.last(found.total)))
    try:
        details = _details(visit, chosen) if chosen else None
    except NotFound:
        return redirect(address(search, number))
    done = _DONE.get(query.get("done"))
    named = _role_names(visit, [row.user for row in found.rows])
    shown = Shown(len(found.rows), found.total, found.is_more)
    return visit.page(
        200,
        "users.html",
        "users",
        notice=visit.say(done) if done else None,
        q=search,
        rows=[
            {
                **_row(visit, row),
                "roles": [name for id_, name in named.items() if id_ in row.user.role_ids],
                "href": address(search, number, user=row.user.id),
                "current": details is not None and details["id"] == row.user.id,
            }
            for row in found.rows
        ],
        pager=paging.pager(visit, number, shown, lambda n: address(search, n)),
        details=details,
        close_href=address(search, number),
    )


def address(search: str = "", page: int = 1, **more: str) -> str:
    """The address of the list: what is looked for, the page, a person chosen, a notice."""
    said = {"q": search, "page": str(page) if page > 1 else "", **more}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{USERS}?{query}" if query else USERS


def _row(visit: Visit, row: ListedUser) -> dict[str, Any]:
    status = status_of(row.user, row.link, visit.world.clock.now())
    has_link = status in (UserStatus.LINK_SENT, UserStatus.LINK_ENDED) and row.link is not None
    return {
        **people.told(visit, row.user),
        "status": visit.say(f"users.status.{status}"),
        "tone": _TONES[status],
        "link_until": visit.moment(row.link.expires_at) if has_link and row.link else None,
    }


def _details(visit: Visit, user_id: str) -> dict[str, Any]:
    row = user_lists.one(visit.world, visit.tenant_id, user_id)
    user = row.user
    held = roles.named(visit.world, visit.tenant_id, user.role_ids)
    may_see = visit.may_change or user.id == visit.session.user.id
    return {
        **_row(visit, row),
        "enabled": user.enabled,
        "is_local": user.provider_id == LOCAL_PROVIDER,
        "provider": OUTSIDE_PROVIDERS.get(user.provider_id, ""),
        "has_password": user.has_password,
        "given_name": user.contact_given_name or "",
        "surname": user.contact_surname or "",
        "contact_email": user.contact_email or "",
        "created": visit.moment(user.created_at),
        "updated": visit.moment(user.updated_at),
        "roles": [
            {"name": role_pages.name_of(visit, role), "href": role_pages.address(role=role.id)}
            for role in held
        ],
        "base": f"{USERS}/{user.id}",
        "factors": _factors(visit, user) if visit.may_change else None,
        "passkeys": _passkeys(visit, user) if visit.may_change else [],
        "sign_ins": _sign_ins(visit, user) if may_see else None,
        "sessions_proof": visit.proof(f"user-sessions {user.id}"),
        "link_proof": visit.proof(f"user-link {user.id}"),
        "activity": f"{PREFIX}/activity?{urlencode({'about': user.id})}",
    }


def _factors(visit: Visit, user: User) -> dict[str, Any] | None:
    """What a person who signs in here has beside a password."""
    if user.provider_id != LOCAL_PROVIDER:
        return None
    held = sign_in_rules.factors_of(visit.world, visit.tenant_id, user.id)
    none = visit.say("users.factor_no")
    return {
        "is_any": held.is_any,
        "facts": [
            (
                visit.say("users.factor_app"),
                visit.say("users.factor_yes") if held.has_authenticator else none,
            ),
            (visit.say("users.factor_passkeys"), held.passkeys or none),
            (visit.say("users.factor_codes"), held.codes_left or none),
        ],
    }


def _passkeys(visit: Visit, user: User) -> list[dict[str, Any]]:
    base = f"{USERS}/{user.id}/remove-passkey"
    return [
        {
            "name": passkey.name,
            "added": visit.zone.moment(passkey.created_at),
            "used": visit.moment(passkey.last_used_at),
            "href": f"{base}?{urlencode({'passkey': passkey.id})}",
        }
        for passkey in visit.rooms.passkeys.of_person(visit.tenant_id, user.id)
    ]


def _sign_ins(visit: Visit, user: User) -> list[dict[str, Any]]:
    found = visit.rooms.sign_ins.of_person(visit.act, user.id)
    return [_sign_in(visit, sign_in) for sign_in in found]


def _sign_in(visit: Visit, sign_in: SignIn) -> dict[str, Any]:
    return {
        "id": sign_in.id,
        "browser": described(sign_in.agent),
        "address": sign_in.address,
        "since": visit.moment(sign_in.signed_in_at),
        "seen": visit.moment(sign_in.last_seen_at),
        "is_here": sign_in.id == visit.session.sign_in.id,
    }


def _role_names(visit: Visit, shown: list[User]) -> dict[str, str]:
    """The names of all roles that these people have, in the order of the list of roles."""
    wanted = tuple({id_ for user in shown for id_ in user.role_ids})
    found = roles.named(visit.world, visit.tenant_id, wanted)
    return {role.id: displayed_name(role, visit.place.theme) for role in found}


ROUTES = (Route("GET", "/security/users", Allowed.MEMBER, listed),)
