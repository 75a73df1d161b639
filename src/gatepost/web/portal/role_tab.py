"""The Roles tab of a client-credentials client, and Manage Roles."""

from typing import Any
from urllib.parse import urlencode

from gatepost.model.client_kinds import CLIENT_CREDENTIALS
from gatepost.model.clients import StoredClient
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.ports import ListedClient
from gatepost.services import clients, roles
from gatepost.web.http import Reply
from gatepost.web.portal import manage_roles, role_pages
from gatepost.web.portal.manage_roles import Holder
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit

_CLIENTS = "/security/clients"
_PATH = f"{_CLIENTS}/{{client_id}}/roles"


def tab(visit: Visit, listed: ListedClient) -> dict[str, Any]:
    """The roles that the client has."""
    holder = _holder(listed.client)
    held = roles.named(visit.world, visit.tenant_id, holder.held)
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
        "manage_href": holder.action if visit.may_change else None,
    }


def manage_form(visit: Visit) -> Reply:
    """The check list with the roles as they are."""
    return manage_roles.form(visit, _found(visit))


def manage(visit: Visit) -> Reply:
    """Give the client the checked roles."""

    def give(role_ids: tuple[str, ...], seen: int) -> None:
        members = {"role_ids": role_ids}
        clients.edit(visit.world, visit.act, visit.path["client_id"], members, seen)

    return manage_roles.save(visit, _found, give, "roles-saved")


def _found(visit: Visit) -> Holder:
    kind, client_id = CLIENT_CREDENTIALS, visit.path["client_id"]
    return _holder(clients.get(visit.world, visit.tenant_id, kind, client_id))


def _holder(client: StoredClient) -> Holder:
    id_ = client.settings.id
    said = {"type": "client-credentials", "client": id_, "tab": "roles"}
    return Holder(
        kind="client",
        id=id_,
        name=client.settings.name,
        held=getattr(client.settings, "role_ids", ()),
        version=client.version,
        action=f"{PREFIX}{_CLIENTS}/{id_}/roles",
        back=f"{PREFIX}{_CLIENTS}?{urlencode(said)}",
    )


ROUTES = (
    Route("GET", _PATH, Allowed.ADMINISTRATOR, manage_form),
    Route("POST", _PATH, Allowed.ADMINISTRATOR, manage),
)
