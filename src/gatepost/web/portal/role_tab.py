"""The Roles tab of a client-credentials client, and Manage Roles."""

from typing import Any
from urllib.parse import urlencode

from gatepost.model.bodies import UserBody
from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, Refused
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.ports import ListedClient
from gatepost.services import clients, roles
from gatepost.web.http import Reply
from gatepost.web.portal import role_pages
from gatepost.web.portal.role_choices import FIELD, role_choices
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

_PATH = "/security/clients/{client_id}/roles"


def tab(visit: Visit, listed: ListedClient) -> dict[str, Any]:
    """The roles that the client has."""
    held = roles.named(visit.world, visit.tenant_id, _held(listed.client))
    return {
        "roles": [
            {
                "name": role_pages.name_of(visit, role),
                "description": role.description or "",
                "href": role_pages.address(role=role.id),
            }
            for role in held
        ],
        "administers": any(role.type_id == ADMINISTRATOR for role in held),
        "manage_href": _address(listed.client) if visit.may_change else None,
    }


def manage_form(visit: Visit) -> Reply:
    """The check list with the roles as they are."""
    client = _client(visit)
    return _page(visit, 200, client, _held(client))


def manage(visit: Visit) -> Reply:
    """Give the client the checked roles. When somebody else changed it meanwhile, look again."""
    client = _client(visit)
    form = visit.form(_purpose(client))
    wanted, seen = form.all(FIELD), form.get("seen")
    try:
        clients.edit(
            visit.world, visit.act, client.settings.id, {FIELD: wanted}, version_in(seen)
        )
    except Refused as refused:
        if refused.code is Code.CHANGED_MEANWHILE:
            now = _client(visit)
            return _page(visit, 409, now, wanted, theirs=_names(visit, _held(now)))
        problem = f"{refused.reason} {refused.resolution}"
        return _page(visit, 400, client, wanted, problem=problem)
    said = {"type": "client-credentials", "client": client.settings.id, "tab": "roles"}
    return redirect(f"{PREFIX}/security/clients?{urlencode({**said, 'done': 'roles-saved'})}")
