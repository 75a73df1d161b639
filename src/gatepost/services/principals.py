"""Whether a principal may act, and with which roles: one answer for every grant and for REST.

Security.md R-27: disabling or removing takes effect at once, because this is asked each time, and
asked again inside the transaction of every change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX, Caller
from gatepost.model.clients import StoredClient
from gatepost.model.errors import Code, Refused
from gatepost.ports import Tenancy
from gatepost.services.world import Act, World

_MARK_END = "."


class Standing(NamedTuple):
    """A principal that may act now.

    The incarnation is the client's, followed by the user's where there is one: a token is bound
    to both, and neither can be replaced under it (R-83).
    """

    incarnation: str
    role_ids: tuple[str, ...]
    role_types: tuple[str, ...]


def standing(tenancy: Tenancy, subject: str, client_id: str) -> Standing | None:
    """The standing of a subject that acts through a client; None when either may not act."""
    client = tenancy.clients.find(client_id)
    if client is None:
        return None
    if subject.startswith(CLIENT_SUBJECT_PREFIX):
        is_own = subject == CLIENT_SUBJECT_PREFIX + client_id
        return standing_of_client(tenancy, client) if is_own else None
    if not client.settings.enabled:
        return None
    user = tenancy.directory.user(subject)
    if user is None or not user.enabled:
        return None
    return _with_types(tenancy, client.incarnation + user.incarnation, user.role_ids)


def standing_of_client(tenancy: Tenancy, client: StoredClient) -> Standing | None:
    """The standing of a client that acts for itself."""
    if not client.settings.enabled:
        return None
    return _with_types(tenancy, client.incarnation, getattr(client.settings, "role_ids", ()))


def mark(incarnation: str, secret_id: int) -> str:
    """How the `jti` of a client's token begins: which client it was, and which secret it used."""
    return f"{incarnation}{secret_id}{_MARK_END}"


def confirmed(tenancy: Tenancy, caller: Caller) -> Caller | str:
    """The caller with its roles as they are now, or why the token opens nothing any more."""
    stands = standing(tenancy, caller.subject, caller.client_id)
    if stands is None:
        return "principal_inactive"
    if not caller.token_mark.startswith(stands.incarnation):
        return "principal_replaced"
    if caller.kind == "client":
        number = caller.token_mark[len(stands.incarnation) :].partition(_MARK_END)[0]
        if not number.isdigit() or not tenancy.clients.secret(caller.client_id, int(number)):
            return "secret_removed"
    return caller._replace(
        role_ids=frozenset(stands.role_ids), role_types=frozenset(stands.role_types)
    )


@contextmanager
def writing_as(world: World, act: Act) -> Iterator[Tenancy]:
    """A change by somebody who may still make it: confirmed after the writers before have ended.

    Without this, whoever was disabled or lost a role could go on for as long as a request waits.
    """
    with world.store.writing(act.tenant_id) as tenancy:
        if act.caller.kind != "operator":
            _check_still_allowed(tenancy, act.caller)
        yield tenancy


def _check_still_allowed(tenancy: Tenancy, caller: Caller) -> None:
    now = confirmed(tenancy, caller)
    if isinstance(now, str):
        raise Refused(
            Code.INVALID_TOKEN,
            "The access token stopped being valid while the request was under way.",
            "Get a new access token from the token endpoint.",
        )
    if not caller.role_ids <= now.role_ids:
        raise Refused(
            Code.ROLE_MISSING,
            "You lost a role while the request was under way.",
            "Ask an administrator of the tenant to do it, or to give you the role.",
        )


def _with_types(tenancy: Tenancy, incarnation: str, role_ids: tuple[str, ...]) -> Standing:
    roles = tenancy.directory.some_roles(role_ids)
    types = tuple(role.type_id for role in roles if role.type_id is not None)
    return Standing(incarnation, tuple(role.id for role in roles), types)
