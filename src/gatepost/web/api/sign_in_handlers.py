"""Operations on a person's sign-ins. They are ours: the original API has none."""

from gatepost.web.api import views
from gatepost.web.api.operations import (
    PAGING,
    READ_STATUSES,
    SELF_USER_OR_ADMINISTRATOR,
    WRITE_STATUSES,
    Answer,
    Operation,
    Request,
    listed,
)

_PATH = "/Users/{userId}/SignIns"


def operations() -> tuple[Operation, ...]:
    """The operations on sign-ins."""
    listing = Operation(
        id="SignIns.list_users_signIns",
        method="GET",
        path=_PATH,
        summary="List a person's sign-ins, newest first",
        allowed=SELF_USER_OR_ADMINISTRATOR,
        handle=_list,
        success=200,
        result="SignIn[]",
        query=PAGING,
        statuses=READ_STATUSES | {400},
        counts=True,
        ours=True,
    )
    ending = Operation(
        id="SignIns.delete_users_signIns",
        method="DELETE",
        path=_PATH + "/{signInId}",
        summary="End a sign-in at once",
        allowed=SELF_USER_OR_ADMINISTRATOR,
        handle=_end,
        success=204,
        result=None,
        statuses=WRITE_STATUSES,
        ours=True,
    )
    ending_all = ending._replace(
        id="SignIns.delete_all_users_signIns",
        path=_PATH,
        summary="End all of a person's sign-ins and revoke all that applications were given",
        handle=_end_all,
    )
    counting = listing.head("SignIns.count_users_signIns", "Count a person's sign-ins")
    return listing, counting, ending, ending_all


def _list(request: Request) -> Answer:
    found = request.sign_ins.of_person(request.act, request.path["userId"])
    return listed(request, found, views.sign_in)


def _end(request: Request) -> Answer:
    request.sign_ins.end(request.act, request.path["userId"], request.path["signInId"])
    return Answer(204)


def _end_all(request: Request) -> Answer:
    request.sign_ins.end_all(request.act, request.path["userId"])
    return Answer(204)
