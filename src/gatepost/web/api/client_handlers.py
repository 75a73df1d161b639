"""Operations on clients of one kind; every kind has the same seven."""

from collections.abc import Callable

from gatepost.model.client_kinds import CLIENT_KINDS, ClientKind
from gatepost.model.fields import MAX_TAGS
from gatepost.services import clients
from gatepost.web.api import bodies, views
from gatepost.web.api.operations import (
    ADMINISTRATOR,
    BODY_STATUSES,
    MEMBER,
    PAGING,
    READ_STATUSES,
    WRITE_STATUSES,
    Allowed,
    Answer,
    Operation,
    Request,
    texts_parameter,
    total,
)
from gatepost.web.api.partial import partly_found

SELF_OR_MEMBER = frozenset({Allowed.SELF_CLIENT, Allowed.MEMBER})
_LIST_PARAMETERS = (
    texts_parameter("id", "Only clients with these ids; paging is then ignored."),
    texts_parameter("tag", "Only clients that have all of these tags."),
)


def operations() -> tuple[Operation, ...]:
    """The operations of all kinds."""
    return tuple(row for kind in CLIENT_KINDS for row in _of_kind(kind))


def _of_kind(kind: ClientKind) -> tuple[Operation, ...]:
    listing, getting = _listing(kind), _getting(kind)
    name, camel = kind.collection, _camel(kind)
    return (
        listing,
        listing.head(f"{name}.count_{camel}", f"Count {kind.label}s"),
        _creating(kind),
        getting,
        getting.head(f"{name}.exists_{camel}", f"Tell whether {kind.one} exists"),
        _updating(kind),
        _deleting(kind),
    )


def _listing(kind: ClientKind) -> Operation:
    partial = {207} if kind.some_missing_is_partial else set()
    return Operation(
        id=f"{kind.collection}.list_{_camel(kind)}",
        method="GET",
        path=f"/{kind.collection}",
        summary=f"List {kind.label}s",
        allowed=MEMBER,
        handle=_list(kind),
        success=200,
        result=f"{kind.settings.__name__}[]",
        query=_LIST_PARAMETERS + PAGING,
        statuses=READ_STATUSES | {400} | partial,
        counts=True,
    )


def _getting(kind: ClientKind) -> Operation:
    return Operation(
        id=f"{kind.collection}.get_{_camel(kind)}",
        method="GET",
        path=f"/{kind.collection}/{{clientId}}",
        summary=f"Get {kind.one}",
        allowed=SELF_OR_MEMBER,
        handle=_get(kind),
        success=200,
        result=kind.settings.__name__,
        statuses=READ_STATUSES,
    )


def _creating(kind: ClientKind) -> Operation:
    schema = kind.settings.__name__
    return Operation(
        id=f"{kind.collection}.create_{_camel(kind)}",
        method="POST",
        path=f"/{kind.collection}",
        summary=f"Add {kind.one}",
        allowed=ADMINISTRATOR,
        handle=_create(kind),
        success=201,
        result=f"{schema}CreateResponse" if kind.has_secret else schema,
        body=bodies.client_create(kind),
        statuses=BODY_STATUSES | {409},
    )


def _updating(kind: ClientKind) -> Operation:
    return Operation(
        id=f"{kind.collection}.update_{_camel(kind)}",
        method="PUT",
        path=f"/{kind.collection}/{{clientId}}",
        summary=f"Change {kind.one}; what the body leaves out stays",
        allowed=ADMINISTRATOR,
        handle=_update(kind),
        success=200,
        result=kind.settings.__name__,
        body=bodies.client_update(kind),
        statuses=BODY_STATUSES | {409},
    )


def _deleting(kind: ClientKind) -> Operation:
    return Operation(
        id=f"{kind.collection}.delete_{_camel(kind)}",
        method="DELETE",
        path=f"/{kind.collection}/{{clientId}}",
        summary=f"Remove {kind.one}",
        allowed=ADMINISTRATOR,
        handle=_delete(kind),
        success=204,
        result=None,
        statuses=WRITE_STATUSES,
    )


def _camel(kind: ClientKind) -> str:
    return kind.collection[0].lower() + kind.collection[1:]


def _list(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        wanted = clients.Selection(
            request.texts("id"), request.few_texts("tag", MAX_TAGS), request.page()
        )
        found = clients.find(request.world, request.tenant_id, kind, wanted)
        shown = [views.client(client) for client in found.clients]
        headers = total(found.total)
        if found.missing and kind.some_missing_is_partial:
            return partly_found(request, shown, (kind.label, found.missing), headers)
        return Answer(200, shown, headers)

    return handle


def _get(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        client_id = request.path["clientId"]
        found = clients.get(request.world, request.tenant_id, kind, client_id)
        return Answer(200, views.client(found))

    return handle


def _create(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        sent: bodies.ClientMembers = request.body
        added = clients.add(request.world, request.act, kind, sent.settings, sent.draft)
        if added.secret is None or added.value is None:
            return Answer(201, views.client(added.client))
        return Answer(201, views.created(added.client, added.secret, added.value))

    return handle


def _update(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        client_id = request.path["clientId"]
        changed = clients.change(request.world, request.act, kind, client_id, request.body)
        return Answer(200, views.client(changed))

    return handle


def _delete(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        clients.remove(request.world, request.act, kind, request.path["clientId"])
        return Answer(204)

    return handle
