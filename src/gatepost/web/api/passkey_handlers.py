"""Operations on a person's passkeys. They are ours: the original API has none."""

from gatepost.web.api import views
from gatepost.web.api.operations import (
    ADMINISTRATOR,
    PAGING,
    READ_STATUSES,
    SELF_USER_OR_ADMINISTRATOR,
    WRITE_STATUSES,
    Answer,
    Operation,
    Request,
    listed,
)

_PATH = "/Users/{userId}/Passkeys"


def operations() -> tuple[Operation, ...]:
    """The operations on passkeys. People remove their own on their account page."""
    listing = Operation(
        id="Passkeys.list_users_passkeys",
        method="GET",
        path=_PATH,
        summary="List a person's passkeys, oldest first",
        allowed=SELF_USER_OR_ADMINISTRATOR,
        handle=_list,
        success=200,
        result="Passkey[]",
        query=PAGING,
        statuses=READ_STATUSES | {400},
        counts=True,
        ours=True,
    )
    removing = Operation(
        id="Passkeys.delete_users_passkeys",
        method="DELETE",
        path=_PATH + "/{passkeyId}",
        summary="Remove a person's passkey and sign them out everywhere",
        allowed=ADMINISTRATOR,
        handle=_remove,
        success=204,
        result=None,
        statuses=WRITE_STATUSES,
        ours=True,
    )
    removing_all = removing._replace(
        id="Passkeys.delete_all_users_passkeys",
        path=_PATH,
        summary="Remove all of a person's passkeys and sign them out everywhere",
        handle=_remove_all,
    )
    counting = listing.head("Passkeys.count_users_passkeys", "Count a person's passkeys")
    return listing, counting, removing, removing_all


def _list(request: Request) -> Answer:
    found = request.passkeys.of_person(request.tenant_id, request.path["userId"])
    return listed(request, found, views.passkey)


def _remove(request: Request) -> Answer:
    request.passkeys.remove(request.act, request.path["userId"], request.path["passkeyId"])
    return Answer(204)


def _remove_all(request: Request) -> Answer:
    request.passkeys.remove_all(request.act, request.path["userId"])
    return Answer(204)
