"""Who has a role: people and clients, each with a button to take it, and a search to give it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from gatepost.model.errors import NotFound, Refused
from gatepost.model.tenants import MEMBER
from gatepost.services import role_members, roles, user_lists
from gatepost.services.role_members import CountedRole
from gatepost.web.http import Reply
from gatepost.web.portal import paging, people, role_pages
from gatepost.web.portal.paging import Shown
from gatepost.web.portal.role_pages import LIST
from gatepost.web.portal.visits import Allowed, Route, Visit, redirect

_DONE: Mapping[str, str] = {"given": "roles.done_given", "taken": "roles.done_taken"}


class _Problem(NamedTuple):
    """What was refused, and for whom."""

    id: str = ""
    text: str | None = None


def members(visit: Visit) -> Reply:
    """The page."""
    done = _DONE.get(visit.query().get("done"))
    return _page(visit, 200, _Problem(), visit.say(done) if done else None)


def give(visit: Visit) -> Reply:
    """Give a person the role."""
    return _changed(visit, "given", role_members.give)


def take_from_person(visit: Visit) -> Reply:
    """Take the role from a person."""
    return _changed(visit, "taken", role_members.take_from_person)


def take_from_client(visit: Visit) -> Reply:
    """Take the role from a client."""
    return _changed(visit, "taken", role_members.take_from_client)


def _changed(visit: Visit, done: str, change: Callable[..., None]) -> Reply:
    role = roles.get(visit.world, visit.tenant_id, visit.path["role_id"])
    id_ = visit.form(_purpose(role.id)).get("id")
    try:
        change(visit.world, visit.act, role.id, id_)
    except NotFound:
        raise
    except Refused as refused:
        problem = _Problem(id_, f"{refused.reason} {refused.resolution}")
        return _page(visit, 400, problem, None)
    return redirect(f"{LIST}/{role.id}/members?{urlencode({**_place(visit), 'done': done})}")


def _page(visit: Visit, status: int, problem: _Problem, notice: str | None) -> Reply:
    counted = role_members.one(visit.world, visit.tenant_id, visit.path["role_id"])
    query = visit.query()
    return visit.page(
        status,
        "role_members.html",
        "roles",
        notice=notice,
        problem=problem.text,
        refused=problem,
        role=role_pages.told(visit, counted),
        is_member_role=counted.role.type_id == MEMBER,
        proof=visit.proof(_purpose(counted.role.id)),
        place=urlencode(_place(visit)),
        q=paging.search_in(query),
        found=_found(visit, counted, paging.search_in(query)),
        people=_people(visit, counted, paging.number_in(query)),
        clients=_clients(visit, counted, paging.number_in(query, "clients")),
        back=role_pages.address(role=counted.role.id),
    )


def _found(visit: Visit, counted: CountedRole, search: str) -> dict[str, Any] | None:
    """The first people who are found, with whether they have the role already."""
    if not search or not visit.may_change:
        return None
    page = user_lists.page(visit.world, visit.tenant_id, search, paging.part(1))
    rows = [
        {**people.told(visit, row.user), "has_it": counted.role.id in row.user.role_ids}
        for row in page.rows
    ]
    return {"rows": rows, "is_more": page.total > len(rows)}


def _people(visit: Visit, counted: CountedRole, number: int) -> dict[str, Any]:
    place = (visit.world, visit.tenant_id, counted.role.id, paging.part(number))
    rows = [people.told(visit, user) for user in roles.users_with(*place)[0]]
    return _list(visit, "page", number, (rows, counted.people))


def _clients(visit: Visit, counted: CountedRole, number: int) -> dict[str, Any]:
    place = (visit.world, visit.tenant_id, counted.role.id, paging.part(number))
    rows = [people.client_told(client) for client in roles.clients_with(*place)[0]]
    return _list(visit, "clients", number, (rows, counted.clients))


def _list(
    visit: Visit, name: str, number: int, found: tuple[list[dict[str, Any]], int]
) -> dict[str, Any]:
    rows, total = found
    base, place = f"{LIST}/{visit.path['role_id']}/members", _place(visit)

    def address(n: int) -> str:
        return f"{base}?{urlencode({**place, name: n})}"

    pager = paging.pager(visit, number, Shown(len(rows), total), address)
    return {"rows": rows, "pager": pager}


def _place(visit: Visit) -> dict[str, str | int]:
    """Where in the lists the person is, to come back there."""
    query = visit.query()
    said: dict[str, str | int] = {
        "q": paging.search_in(query),
        "page": paging.number_in(query),
        "clients": paging.number_in(query, "clients"),
    }
    return {name: value for name, value in said.items() if value not in ("", 1)}


def _purpose(role_id: str) -> str:
    return f"role-members {role_id}"


_PATH = "/security/roles/{role_id}/members"
ROUTES = (
    Route("GET", _PATH, Allowed.MEMBER, members),
    Route("POST", f"{_PATH}/add", Allowed.ADMINISTRATOR, give),
    Route("POST", f"{_PATH}/remove", Allowed.ADMINISTRATOR, take_from_person),
    Route("POST", f"{_PATH}/remove-client", Allowed.ADMINISTRATOR, take_from_client),
)
