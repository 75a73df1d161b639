"""Whether a principal may act, and with which roles: one answer for every grant and for REST.

Security.md R-27: disabling or removing takes effect at once, because this is asked each time, and
asked again inside the transaction of every change.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gatepost.model.callers import CLIENT_SUBJECT_PREFIX, Caller
from gatepost.model.clients import StoredClient, extension
from gatepost.model.errors import Code, Refused
from gatepost.model.grants import Family
from gatepost.model.people import User
from gatepost.ports import Tenancy
from gatepost.protocol.claims import Principal
from gatepost.protocol.id_tokens import Person
from gatepost.services.world import Act, World

_MARK_END = "."
_GUID_LENGTH = 36


class Roles(NamedTuple):
    """Those roles of a principal that exist, with the types of the built-in ones."""

    ids: tuple[str, ...]
    types: tuple[str, ...]


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
    if not subject.startswith(CLIENT_SUBJECT_PREFIX):
        found = _user_with_standing(tenancy, subject, client_id)
        return found[1] if found else None
    client = tenancy.clients.find(client_id)
    is_own = subject == CLIENT_SUBJECT_PREFIX + client_id
    return standing_of_client(tenancy, client) if client and is_own else None


def standing_of_client(tenancy: Tenancy, client: StoredClient) -> Standing | None:
    """The standing of a client that acts for itself."""
    if not client.settings.enabled:
        return None
    return _with_types(tenancy, client.incarnation, getattr(client.settings, "role_ids", ()))


def roles_of(tenancy: Tenancy, role_ids: tuple[str, ...]) -> Roles:
    """The roles of these ids that exist."""
    roles = tenancy.directory.some_roles(role_ids) if role_ids else ()
    types = tuple(role.type_id for role in roles if role.type_id is not None)
    return Roles(tuple(role.id for role in roles), types)


def person(tenancy: Tenancy, tenant_id: str, family: Family) -> tuple[Principal, Person] | None:
    """The person of a grant with their roles now, as both kinds of token need them."""
    found = _user_with_standing(tenancy, family.user_id, family.client_id)
    return None if found is None else speaking(tenant_id, family, *found)


def speaking(
    tenant_id: str, family: Family, user: User, stands: Standing
) -> tuple[Principal, Person]:
    """What the tokens of a grant say of a person who may act."""
    principal = Principal(
        tenant_id,
        family.user_id,
        family.client_id,
        mark(stands.incarnation, family.id),
        stands.role_ids,
        stands.role_types,
        family.grounds.auth_time,
        family.sign_in_id,
    )
    return principal, Person(user, tenant_id, stands.role_ids, stands.role_types)


def mark(incarnation: str, ground: int | str) -> str:
    """How a `jti` begins: whose it is, and the number of the secret or the grant it rests on."""
    return f"{incarnation}{ground}{_MARK_END}"


def family_of(token_mark: str) -> str:
    """The grant that a person's token rests on."""
    return token_mark.split(_MARK_END, 1)[0][-_GUID_LENGTH:]


def confirmed(tenancy: Tenancy, caller: Caller) -> Caller | str:
    """The caller with its roles as they are now, or why the token opens nothing any more."""

    def fault_of(ground: str) -> str | None:
        is_client = caller.kind == "client"
        if is_client:
            reason = _client_fault(tenancy, caller, ground)
        else:
            reason = grant_fault(tenancy.grants.family(ground))
        if reason is None and tenancy.grants.is_revoked(caller.token_mark):
            return "token_revoked"
        return reason

    return judged(caller, standing(tenancy, caller.subject, caller.client_id), fault_of)


def judged(
    caller: Caller, stands: Standing | None, fault_of: Callable[[str], str | None]
) -> Caller | str:
    """The same of what is known: the standing now, and what is wrong with a token's ground.

    The ground is the number of a secret, 0 for a key, or the id of a grant.
    """
    if stands is None:
        return "principal_inactive"
    if not caller.token_mark.startswith(stands.incarnation):
        return "principal_replaced"
    ground = caller.token_mark[len(stands.incarnation) :].partition(_MARK_END)[0]
    reason = fault_of(ground)
    if reason is not None:
        return reason
    return caller._replace(
        role_ids=frozenset(stands.role_ids), role_types=frozenset(stands.role_types)
    )


def secret_fault(
    client: StoredClient, number: str, has_secret: Callable[[int], bool]
) -> str | None:
    """The secret must still be there; 0 stands for a key, and then keys must be."""
    if number == "0":
        return None if extension(client.settings, "jwks") else "key_removed"
    return None if number.isdigit() and has_secret(int(number)) else "secret_removed"


def grant_fault(family: Family | None) -> str | None:
    """The grant must be there, and not revoked."""
    return "grant_revoked" if family is None or family.revoked_at is not None else None


def _user_with_standing(
    tenancy: Tenancy, user_id: str, client_id: str
) -> tuple[User, Standing] | None:
    client = tenancy.clients.find(client_id)
    if client is None or not client.settings.enabled:
        return None
    user = tenancy.directory.user(user_id)
    if user is None or not user.enabled:
        return None
    return user, _with_types(tenancy, client.incarnation + user.incarnation, user.role_ids)


def _client_fault(tenancy: Tenancy, caller: Caller, number: str) -> str | None:
    client = tenancy.clients.find(caller.client_id)
    if client is None:
        return "secret_removed"

    def has_secret(secret_id: int) -> bool:
        return tenancy.clients.secret(caller.client_id, secret_id) is not None

    return secret_fault(client, number, has_secret)


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
    return Standing(incarnation, *roles_of(tenancy, role_ids))
