"""Operations on the secrets of both kinds of client that have secrets."""

from collections.abc import Callable

from gatepost.model.client_kinds import CLIENT_CREDENTIALS, HYBRID, ClientKind
from gatepost.model.clients import SecretDraft
from gatepost.model.errors import Code, NotFound
from gatepost.services import client_secrets
from gatepost.web.api import bodies, views
from gatepost.web.api.operations import (
    ADMINISTRATOR,
    BODY_STATUSES,
    PAGING,
    READ_STATUSES,
    WRITE_STATUSES,
    Allowed,
    Answer,
    Operation,
    Request,
    total,
)

SELF_OR_ADMINISTRATOR = frozenset({Allowed.SELF_CLIENT, Allowed.ADMINISTRATOR})
_MAX_DIGITS = 9


def operations() -> tuple[Operation, ...]:
    """The operations of both kinds. A client-credentials client may rotate its own secrets."""
    own = _of_kind(CLIENT_CREDENTIALS, SELF_OR_ADMINISTRATOR)
    return own + _of_kind(HYBRID, ADMINISTRATOR)


def _of_kind(kind: ClientKind, allowed: frozenset[Allowed]) -> tuple[Operation, ...]:
    tail = _tail(kind)
    listing, getting, updating = _listing(kind), _getting(kind), _updating(kind)
    rows = (
        listing,
        listing.head(f"Secrets.count_{tail}", f"Count the secrets of {kind.one}"),
        _creating(kind),
        getting,
        getting.head(f"Secrets.exists_{tail}", "Tell whether a secret exists"),
        _deleting(kind),
    )
    return (*(row._replace(allowed=allowed) for row in rows), updating)


def _listing(kind: ClientKind) -> Operation:
    return Operation(
        id=f"Secrets.list_{_tail(kind)}",
        method="GET",
        path=_path(kind),
        summary=f"List the secrets of {kind.one}",
        allowed=ADMINISTRATOR,
        handle=_list(kind),
        success=200,
        result="ClientSecret[]",
        query=PAGING,
        statuses=READ_STATUSES | {400},
        counts=True,
    )


def _getting(kind: ClientKind) -> Operation:
    return Operation(
        id=f"Secrets.get_{_tail(kind)}",
        method="GET",
        path=_path(kind) + "/{secretId}",
        summary=f"Get a secret of {kind.one}, without its value",
        allowed=ADMINISTRATOR,
        handle=_get(kind),
        success=200,
        result="ClientSecret",
        statuses=READ_STATUSES,
    )


def _creating(kind: ClientKind) -> Operation:
    return Operation(
        id=f"Secrets.create_{_tail(kind)}",
        method="POST",
        path=_path(kind),
        summary=f"Add a secret to {kind.one}; its value is told this once",
        allowed=ADMINISTRATOR,
        handle=_create(kind),
        success=201,
        result="ClientSecretResponse",
        body=bodies.members_body(bodies.SECRET),
        statuses=BODY_STATUSES,
    )


def _updating(kind: ClientKind) -> Operation:
    return Operation(
        id=f"Secrets.update_{_tail(kind)}",
        method="PUT",
        path=_path(kind) + "/{secretId}",
        summary="Change description or expiry of a secret, never its value",
        allowed=ADMINISTRATOR,
        handle=_update(kind),
        success=200,
        result="ClientSecret",
        body=bodies.members_body(bodies.SECRET),
        statuses=BODY_STATUSES,
    )


def _deleting(kind: ClientKind) -> Operation:
    return Operation(
        id=f"Secrets.delete_{_tail(kind)}",
        method="DELETE",
        path=_path(kind) + "/{secretId}",
        summary="Remove a secret; it stops working at once",
        allowed=ADMINISTRATOR,
        handle=_delete(kind),
        success=204,
        result=None,
        statuses=WRITE_STATUSES,
    )


def _tail(kind: ClientKind) -> str:
    return f"{kind.collection[0].lower()}{kind.collection[1:]}_secrets"


def _path(kind: ClientKind) -> str:
    return f"/{kind.collection}/{{clientId}}/Secrets"


def _list(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        found, number = client_secrets.find(
            request.world, request.tenant_id, kind, request.path["clientId"], request.page()
        )
        return Answer(200, [views.secret(secret) for secret in found], total(number))

    return handle


def _get(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        found = client_secrets.get(
            request.world, request.tenant_id, kind, request.path["clientId"], _secret_id(request)
        )
        return Answer(200, views.secret(found))

    return handle


def _create(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        sent: bodies.Members = request.body
        bodies.check_fixed(sent.fixed, {})
        new = client_secrets.add(
            request.world, request.act, kind, request.path["clientId"], SecretDraft(**sent.values)
        )
        return Answer(201, views.new_secret(new.secret, new.value))

    return handle


def _update(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        sent: bodies.Members = request.body
        secret_id = _secret_id(request)
        bodies.check_fixed(sent.fixed, {"Id": secret_id})
        changed = client_secrets.change(
            request.world,
            request.act,
            kind,
            request.path["clientId"],
            (secret_id, SecretDraft(**sent.values)),
        )
        return Answer(200, views.secret(changed))

    return handle


def _delete(kind: ClientKind) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        client_secrets.remove(
            request.world, request.act, kind, request.path["clientId"], _secret_id(request)
        )
        return Answer(204)

    return handle


def _secret_id(request: Request) -> int:
    text = request.path["secretId"]
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise NotFound(Code.SECRET_NOT_FOUND, "secret", text)
    return int(text)
