"""Operations on users: the people themselves, their way in, their preferences."""

from typing import Any

import msgspec

from gatepost.model.errors import Code, Refused
from gatepost.model.people import INVITATION_STATUS_NAMES, InvitationStatus
from gatepost.model.text import quoted
from gatepost.services import users
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
    Body,
    Operation,
    Parameter,
    Request,
    texts_parameter,
    total,
)
from gatepost.web.api.partial import partly_found

_SELF_OR_MEMBER = frozenset({Allowed.SELF_USER, Allowed.MEMBER})
_SELF = frozenset({Allowed.SELF_USER})
_IDS = texts_parameter("id", "Only users with these ids; paging is then ignored.")
_STATUS = texts_parameter("status", "Only users with one of these statuses, by number or name.")
_FORCE = Parameter(
    "force", {"type": "boolean"}, "Accepted for users with roles from claims, of whom are none."
)


def operations() -> tuple[Operation, ...]:
    """The operations on users."""
    return (*_reading(), *_writing(), *_way_in(), *_preferences())


def _reading() -> tuple[Operation, ...]:
    listing = Operation(
        id="Users.list_users",
        method="GET",
        path="/Users",
        summary="List users",
        allowed=MEMBER,
        handle=_list,
        success=200,
        result="User[]",
        query=(_IDS, *PAGING),
        statuses=READ_STATUSES | {207, 400},
        counts=True,
    )
    getting = Operation(
        id="Users.get_users",
        method="GET",
        path="/Users/{userId}",
        summary="Get a user",
        allowed=_SELF_OR_MEMBER,
        handle=_get,
        success=200,
        result="User",
        statuses=READ_STATUSES,
    )
    return (
        listing,
        listing.head("Users.count_users", "Count users"),
        getting,
        getting.head("Users.exists_users", "Tell whether a user exists"),
    )


def _writing() -> tuple[Operation, ...]:
    return (
        Operation(
            id="Users.create_users",
            method="POST",
            path="/Users",
            summary="Add a user, without inviting them",
            allowed=ADMINISTRATOR,
            handle=_create,
            success=201,
            result="User",
            body=bodies.members_body(bodies.USER),
            statuses=BODY_STATUSES,
        ),
        Operation(
            id="Users.update_users",
            method="PUT",
            path="/Users/{userId}",
            summary="Change a user; what the body leaves out stays",
            allowed=ADMINISTRATOR,
            handle=_update,
            success=200,
            result="User",
            body=bodies.members_body(bodies.USER_UPDATE),
            statuses=BODY_STATUSES,
        ),
        Operation(
            id="Users.delete_users",
            method="DELETE",
            path="/Users/{userId}",
            summary="Remove a user",
            allowed=ADMINISTRATOR,
            handle=_delete,
            success=204,
            result=None,
            query=(_FORCE,),
            statuses=WRITE_STATUSES,
        ),
    )


def _way_in() -> tuple[Operation, ...]:
    return (
        Operation(
            id="Users.list_users_status",
            method="GET",
            path="/Users/Status",
            summary="List users with how far they have come on the way in",
            allowed=MEMBER,
            handle=_list_status,
            success=200,
            result="UserStatus[]",
            query=(_IDS, *PAGING, _STATUS),
            statuses=READ_STATUSES | {400},
            counts=True,
        ),
        Operation(
            id="Users.get_users_status",
            method="GET",
            path="/Users/{userId}/Status",
            summary="Get how far a user has come on the way in",
            allowed=_SELF_OR_MEMBER,
            handle=_get_status,
            success=200,
            result="UserStatus",
            statuses=READ_STATUSES,
        ),
    )


def _preferences() -> tuple[Operation, ...]:
    getting = Operation(
        id="Users.get_users_preferences",
        method="GET",
        path="/Users/{userId}/Preferences",
        summary="Get your preferences",
        allowed=_SELF,
        handle=_get_preferences,
        success=200,
        result="Preferences",
        statuses=READ_STATUSES | {422},
    )
    return (
        getting,
        getting.head("Users.exists_users_preferences", "Tell whether you may have preferences"),
        Operation(
            id="Users.update_users_preferences",
            method="PUT",
            path="/Users/{userId}/Preferences",
            summary="Replace your preferences by any JSON object",
            allowed=_SELF,
            handle=_put_preferences,
            success=200,
            result="Preferences",
            body=Body("Preferences", bodies.preferences),
            statuses=BODY_STATUSES,
        ),
    )


def _list(request: Request) -> Answer:
    found = users.find(request.world, request.tenant_id, request.texts("id"), request.page())
    shown = [views.user(user) for user in found.users]
    if found.missing:
        return partly_found(request, shown, ("user", found.missing), total(found.total))
    return Answer(200, shown, total(found.total))


def _get(request: Request) -> Answer:
    found = users.get(request.world, request.tenant_id, request.path["userId"])
    return Answer(200, views.user(found))


def _create(request: Request) -> Answer:
    sent: bodies.Members = request.body
    return Answer(201, views.user(users.add(request.world, request.act, sent.values)))


def _update(request: Request) -> Answer:
    sent: bodies.Members = request.body
    user_id = request.path["userId"]
    current = views.user(users.get(request.world, request.tenant_id, user_id))
    bodies.check_fixed(sent.fixed, msgspec.to_builtins(current))
    changed = users.change(request.world, request.act, user_id, sent.values)
    return Answer(200, views.user(changed))


def _delete(request: Request) -> Answer:
    if request.text("force") not in (None, "true", "false", "True", "False"):
        raise Refused(
            Code.INVALID_QUERY,
            "The parameter force is neither true nor false.",
            "Send force=true or force=false, or leave it out.",
        )
    request.sign_ins.remove(request.act, request.path["userId"])
    return Answer(204)


def _list_status(request: Request) -> Answer:
    statuses = tuple(_status(text) for text in request.texts("status"))
    found = users.with_status(
        request.world, request.tenant_id, (request.texts("id"), statuses), request.page()
    )
    return Answer(200, [views.user_status(user) for user in found.users], total(found.total))


def _status(text: str) -> InvitationStatus:
    """A status by number or by name (facts.md section 7, 30)."""
    by_word = INVITATION_STATUS_NAMES | {str(int(status)): status for status in InvitationStatus}
    if text not in by_word:
        raise Refused(
            Code.INVALID_QUERY,
            f"The parameter status is {quoted(text)}.",
            f"Send a number from 0 to 4, or one of {', '.join(INVITATION_STATUS_NAMES)}.",
        )
    return by_word[text]


def _get_status(request: Request) -> Answer:
    found = users.get(request.world, request.tenant_id, request.path["userId"])
    return Answer(200, views.user_status(found))


def _get_preferences(request: Request) -> Answer:
    text = users.preferences(request.world, request.tenant_id, request.path["userId"])
    return Answer(200, _kept(text))


def _put_preferences(request: Request) -> Answer:
    users.set_preferences(request.world, request.act, request.path["userId"], request.body)
    return Answer(200, _kept(request.body))


def _kept(json_text: str) -> Any:
    return msgspec.Raw(json_text.encode())
