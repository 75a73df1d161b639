"""Security > Roles: the list, and beside it the Details pane of the chosen role."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from gatepost.model.errors import NotFound
from gatepost.model.tenants import Role, displayed_name
from gatepost.ports import PageOf
from gatepost.services import role_members, roles
from gatepost.services.role_members import CountedRole
from gatepost.web.http import Reply
from gatepost.web.portal import paging, people
from gatepost.web.portal.paging import Shown
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

LIST = f"{PREFIX}/security/roles"
_FIRST_FEW = PageOf(0, 10)
_DONE: Mapping[str, str] = {
    "added": "roles.done_added",
    "saved": "roles.done_saved",
    "removed": "roles.done_removed",
}


def listed(visit: Visit) -> Reply:
    """The page."""
    query = visit.query()
    number, chosen = paging.number_in(query), query.get("role")
    rows, total = role_members.page(visit.world, visit.tenant_id, paging.part(number))
    if not rows and number > 1:
        return redirect(address(page=paging.last(total)))
    try:
        details = _details(visit, chosen, address(page=number)) if chosen else None
    except NotFound:
        return redirect(address(page=number))
    done = _DONE.get(query.get("done"))
    return visit.page(
        200,
        "roles.html",
        "roles",
        notice=visit.say(done) if done else None,
        rows=[
            {
                **told(visit, row),
                "href": address(page=number, role=row.role.id),
                "current": details is not None and details["id"] == row.role.id,
            }
            for row in rows
        ],
        pager=paging.pager(visit, number, Shown(len(rows), total), lambda n: address(page=n)),
        details=details,
    )


def address(page: int = 1, **more: str) -> str:
    """The address of the list, at a page and with a role chosen or a notice."""
    said = {**({"page": str(page)} if page > 1 else {}), **more}
    return f"{LIST}?{urlencode(said)}" if said else LIST


def name_of(visit: Visit, role: Role) -> str:
    """The role's name as people of this deployment know it."""
    return displayed_name(role, visit.place.theme)


def told(visit: Visit, row: CountedRole) -> dict[str, Any]:
    """A role as pages tell it."""
    role = row.role
    is_custom = role.type_id is None
    return {
        "id": role.id,
        "name": name_of(visit, role),
        "type": visit.say("roles.custom") if is_custom else name_of(visit, role),
        "is_custom": is_custom,
        "description": role.description or "",
        "people": row.people,
        "clients": row.clients,
        "base": f"{LIST}/{role.id}",
    }


def _details(visit: Visit, role_id: str, close_href: str) -> dict[str, Any]:
    """The chosen role with the first of those who have it."""
    row = role_members.one(visit.world, visit.tenant_id, role_id)
    place = (visit.world, visit.tenant_id, row.role.id, _FIRST_FEW)
    return {
        **told(visit, row),
        "first_people": [people.told(visit, user) for user in roles.users_with(*place)[0]],
        "first_clients": _first_clients(visit, row.role.id),
        "is_more": max(row.people, row.clients) > _FIRST_FEW.count,
        "close_href": close_href,
    }


def _first_clients(visit: Visit, role_id: str) -> list[dict[str, Any]]:
    """The first clients that have the role, for whom clients are shown to."""
    if visit.place.strict_reads and not visit.session.caller.is_administrator:
        return []
    found, _ = roles.clients_with(visit.world, visit.tenant_id, role_id, _FIRST_FEW)
    return [people.client_told(client) for client in found]


ROUTES = (Route("GET", "/security/roles", Allowed.MEMBER, listed),)
