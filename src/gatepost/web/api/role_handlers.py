"""Operations on roles, and on who has which."""

from typing import Any

from gatepost.model import reading
from gatepost.services import clients, roles, users
from gatepost.services.roles import RoleDraft
from gatepost.web.api import bodies, views
from gatepost.web.api.operations import (
    ADMINISTRATOR,
    BODY_STATUSES,
    MAX_COUNT,
    MEMBER,
    PAGING,
    READ_STATUSES,
    WRITE_STATUSES,
    Allowed,
    Answer,
    Body,
    Handler,
    Operation,
    Parameter,
    Request,
    total,
)

_ROLE_TYPE = Parameter("roleTypeId", {"type": "string"}, "Only the built-in role of this type.")
_SELF_CLIENT = frozenset({Allowed.SELF_CLIENT, Allowed.MEMBER})
_SELF_USER = frozenset({Allowed.SELF_USER, Allowed.MEMBER})
_ROLE_LIST = Body("RoleList", bodies.role_list)


def operations() -> tuple[Operation, ...]:
    """The operations on roles and their holders."""
    return (*_reading(), *_writing(), *_holders(), *_held())


def _reading() -> tuple[Operation, ...]:
    listing = Operation(
        id="Roles.list_roles",
        method="GET",
        path="/Roles",
        summary="List roles, built-in ones first",
        allowed=MEMBER,
        handle=_list,
        success=200,
        result="Role[]",
        query=(*PAGING, _ROLE_TYPE),
        statuses=READ_STATUSES | {400},
        counts=True,
    )
    getting = Operation(
        id="Roles.get_roles",
        method="GET",
        path="/Roles/{roleId}",
        summary="Get a role",
        allowed=MEMBER,
        handle=_get,
        success=200,
        result="Role",
        statuses=READ_STATUSES,
    )
    counting = listing.head("Roles.count_roles", "Count roles")
    return listing, counting, getting, getting.head("Roles.exists_roles", "Tell whether it exists")


def _writing() -> tuple[Operation, ...]:
    creating = Operation(
        id="Roles.create_roles",
        method="POST",
        path="/Roles",
        summary="Add a custom role; the very same role again answers 302 with its address",
        allowed=ADMINISTRATOR,
        handle=_create,
        success=201,
        result="Role",
        body=bodies.members_body(bodies.ROLE),
        statuses=BODY_STATUSES | {302, 409},
    )
    updating = creating._replace(
        id="Roles.update_roles",
        method="PUT",
        path="/Roles/{roleId}",
        summary="Change a custom role",
        handle=_update,
        success=200,
        body=bodies.members_body(bodies.ROLE_UPDATE),
        statuses=BODY_STATUSES | {409},
    )
    removing = Operation(
        id="Roles.delete_roles",
        method="DELETE",
        path="/Roles/{roleId}",
        summary="Remove a custom role, also from everybody who has it",
        allowed=ADMINISTRATOR,
        handle=_delete,
        success=204,
        result=None,
        statuses=WRITE_STATUSES,
    )
    return creating, updating, removing


def _holders() -> tuple[Operation, ...]:
    common: dict[str, Any] = {
        "method": "GET",
        "allowed": MEMBER,
        "success": 200,
        "query": PAGING,
        "statuses": READ_STATUSES | {400},
        "counts": True,
    }
    people = Operation(
        id="Roles.list_roles_users",
        path="/Roles/{roleId}/users",
        summary="List the users that have a role; count is 1000 when absent",
        handle=_users,
        result="User[]",
        **common,
    )
    machines = Operation(
        id="Roles.list_roles_clientcredentialclients",
        path="/Roles/{roleId}/clientcredentialclients",
        summary="List the clients that have a role; count is 1000 when absent",
        handle=_clients,
        result="ClientCredentialClient[]",
        **common,
    )
    return (
        people,
        people.head("Roles.count_roles_users", "Count the users that have a role"),
        machines,
        machines.head(
            "Roles.count_roles_clientcredentialclients", "Count the clients that have a role"
        ),
    )


def _held() -> tuple[Operation, ...]:
    """Roles of clients, by both of their addresses, and of users."""
    of_client = ("ClientCredentialClientRoles", _SELF_CLIENT, _list_of_client, _replace_of_client)
    of_user = ("UserRoles", _SELF_USER, _list_of_user, _replace_of_user)
    return (
        *_held_at("/ClientCredentialClients/{clientId}", "clientCredentialClients", *of_client),
        *_held_at("/Clients/{clientId}", "clients", *of_client),
        *_held_at("/Users/{userId}", "users", *of_user),
    )


def _held_at(
    owner: str, word: str, resource: str, readers: frozenset[Allowed], *handlers: Handler
) -> tuple[Operation, ...]:
    """Listing, counting and replacing the roles of what has this address."""
    listing = Operation(
        id=f"{resource}.list_{word}_roles",
        method="GET",
        path=f"{owner}/Roles",
        summary="List the roles held",
        allowed=readers,
        handle=handlers[0],
        success=200,
        result="Role[]",
        query=PAGING,
        statuses=READ_STATUSES | {400, 408},
        counts=True,
    )
    replacing = Operation(
        id=f"{resource}.replace_{word}_roles",
        method="PUT",
        path=f"{owner}/Roles",
        summary="Give these roles and the member role, and no others",
        allowed=ADMINISTRATOR,
        handle=handlers[1],
        success=200,
        result="Role[]",
        body=_ROLE_LIST,
        statuses=BODY_STATUSES,
    )
    counting = listing.head(f"{resource}.count_{word}_roles", "Count the roles held")
    return listing, counting, replacing


def _list(request: Request) -> Answer:
    type_id = request.text("roleTypeId")
    found, number = roles.find(
        request.world, request.tenant_id, type_id.lower() if type_id else None, request.page()
    )
    return Answer(200, [_view(request, role) for role in found], total(number))


def _get(request: Request) -> Answer:
    found = roles.get(request.world, request.tenant_id, request.path["roleId"])
    return Answer(200, _view(request, found))


def _create(request: Request) -> Answer:
    sent: bodies.Members = request.body
    known = {"RoleScope": 1, "TenantId": request.tenant_id}
    bodies.check_fixed(sent.fixed, known)
    reading.refuse(reading.required(bodies.ROLE.members, ("name",), sent.values))
    created = roles.add(request.world, request.act, RoleDraft(**sent.values))
    place = f"/api/v1/Tenants/{request.tenant_id}/Roles/{created.role.id}"
    headers = (("Location", place),)
    if created.was_there:
        return Answer(302, None, headers)
    return Answer(201, _view(request, created.role), headers)


def _update(request: Request) -> Answer:
    sent: bodies.Members = request.body
    role_id = request.path["roleId"].lower()
    current = roles.get(request.world, request.tenant_id, role_id)
    fixed = {"RoleScope": 1, "TenantId": request.tenant_id, "RoleTypeId": current.type_id}
    bodies.check_fixed(sent.fixed | {"Id": sent.values.pop("id", None)}, fixed | {"Id": role_id})
    changed = roles.change(request.world, request.act, role_id, RoleDraft(**sent.values))
    return Answer(200, _view(request, changed))


def _delete(request: Request) -> Answer:
    roles.remove(request.world, request.act, request.path["roleId"])
    return Answer(204)


def _users(request: Request) -> Answer:
    found, number = roles.users_with(
        request.world, request.tenant_id, request.path["roleId"], request.page(MAX_COUNT)
    )
    return Answer(200, [views.user(user) for user in found], total(number))


def _clients(request: Request) -> Answer:
    found, number = roles.clients_with(
        request.world, request.tenant_id, request.path["roleId"], request.page(MAX_COUNT)
    )
    return Answer(200, [views.client(client) for client in found], total(number))


def _list_of_client(request: Request) -> Answer:
    client_id = request.path["clientId"]
    return _held_page(request, clients.roles_of(request.world, request.tenant_id, client_id))


def _replace_of_client(request: Request) -> Answer:
    client_id = request.path["clientId"]
    changed = clients.replace_roles(request.world, request.act, client_id, request.body)
    return _held_all(request, getattr(changed.settings, "role_ids", ()))


def _list_of_user(request: Request) -> Answer:
    user = users.get(request.world, request.tenant_id, request.path["userId"])
    return _held_page(request, user.role_ids)


def _replace_of_user(request: Request) -> Answer:
    changed = users.replace_roles(request.world, request.act, request.path["userId"], request.body)
    return _held_all(request, changed.role_ids)


def _held_page(request: Request, role_ids: tuple[str, ...]) -> Answer:
    page = request.page()
    every = _held_all(request, role_ids)
    return every._replace(value=every.value[page.skip : page.skip + page.count])


def _held_all(request: Request, role_ids: tuple[str, ...]) -> Answer:
    held = roles.named(request.world, request.tenant_id, role_ids)
    return Answer(200, [_view(request, role) for role in held], total(len(held)))


def _view(request: Request, role: Any) -> views.RoleView:
    return views.role(role, request.tenant_id, request.world.theme)
