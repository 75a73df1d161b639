"""The pipeline of the API: find, authenticate, same tenant, role, body, handler, encode.

Every call takes every step in this order, so that no operation can leave one out.
"""

import msgspec

from gatepost.model.callers import Caller
from gatepost.model.errors import Code, Refused
from gatepost.model.text import quoted
from gatepost.services.access import AccessService
from gatepost.services.named_clients import folded_id
from gatepost.services.passkey_lists import PasskeyLists
from gatepost.services.sign_in_lists import SignInLists
from gatepost.services.world import World
from gatepost.web.api import views
from gatepost.web.api.errors import ForeignTenant, WrongMethod, explain
from gatepost.web.api.json_bodies import BODY_LIMIT
from gatepost.web.api.operations import Allowed, Answer, Operation, Request
from gatepost.web.api.table import OPERATIONS, Match, Routes
from gatepost.web.endpoints import Endpoint
from gatepost.web.http import JSON, NO_STORE, Call, Reply

_REMEMBERED = frozenset(
    {
        Code.ROLE_MISSING,
        Code.ROLE_NOT_HELD,
        Code.LAST_ADMINISTRATOR,
        Code.OWN_ACCOUNT,
        Code.TENANT_NOT_FOUND,
    }
)
_encoder = msgspec.json.Encoder()


class ApiDoor:
    """Answers below /api/v1/Tenants."""

    def __init__(
        self,
        world: World,
        services: tuple[AccessService, SignInLists, PasskeyLists],
        *,
        strict_reads: bool,
        omit_nulls: bool,
    ) -> None:
        self._world = world
        self._access, self._sign_ins, self._passkeys = services
        self._omit_nulls = omit_nulls
        rows = [_strict(row) for row in OPERATIONS] if strict_reads else OPERATIONS
        self._routes = Routes(rows)

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a path below /api."""
        if not segments or segments[0].lower() != "api":
            return None
        match = self._routes.find(segments)
        if match is None:
            return Endpoint(_unknown, explain)
        operation, route = match.operations.get(method), _route(match)
        if operation is None:
            return Endpoint(lambda _call: _refuse_method(match), explain, route=route)
        limit = BODY_LIMIT if operation.body else 0
        return Endpoint(
            lambda call: self._answer(call, operation, match.path), explain, limit, route=route
        )

    def _answer(self, call: Call, operation: Operation, path: dict[str, str]) -> Reply:
        caller = self._caller(call)
        try:
            _check_tenant(caller, path["tenantId"], operation)
            _check_role(caller, operation, path)
            body = operation.body.read(call) if operation.body else None
            answer = operation.handle(self._request(call, caller, path, body))
        except Refused as refused:
            if refused.code in _REMEMBERED:
                target = f"{operation.id} {quoted('/'.join(call.segments[3:]), 200)}"
                self._access.remember_refusal(caller, call.origin, target, refused.code)
            raise
        if call.method == "HEAD" and operation.counts:
            return Reply(answer.status, b"", JSON + NO_STORE + answer.headers)
        return self._encode(answer, call)

    def _request(self, call: Call, caller: Caller, path: dict[str, str], body: object) -> Request:
        return Request(self._world, caller, call, path, body, self._sign_ins, self._passkeys)

    def _caller(self, call: Call) -> Caller:
        """RFC 6750, 2.1: the token stands in the Authorization header and nowhere else."""
        header = call.headers.get("authorization")
        if header is None:
            raise Refused(
                Code.NOT_AUTHENTICATED,
                "There is no access token in the request.",
                "Send Authorization: Bearer and an access token from the token endpoint.",
            )
        scheme, _, token = header.partition(" ")
        caller = (
            self._access.caller(token.strip(), call.origin)
            if scheme.lower() == "bearer"
            else "no_bearer"
        )
        if caller == "scope_missing":
            raise Refused(
                Code.SCOPE_MISSING,
                "The access token does not have the scope ocsapi.",
                "Ask for the scope ocsapi when the token is requested.",
            )
        if isinstance(caller, str):
            raise Refused(
                Code.INVALID_TOKEN,
                _TOKEN_FAULTS.get(caller, "The access token is not valid."),
                "Get a new access token from the token endpoint.",
            )
        return caller

    def _encode(self, answer: Answer, call: Call) -> Reply:
        if answer.value is None:
            return Reply(answer.status, b"", NO_STORE + answer.headers)
        value = answer.value
        if self._leaves_out_nulls(call) and not isinstance(value, msgspec.Raw):
            value = views.without_nulls(msgspec.to_builtins(value))
        return Reply(answer.status, _encoder.encode(value), JSON + NO_STORE + answer.headers)

    def _leaves_out_nulls(self, call: Call) -> bool:
        """The caller's word, or the setting (facts.md section 7, 14)."""
        said = call.headers.get("accept-verbosity", "").strip().lower()
        return said == "non-verbose" or (self._omit_nulls and said != "verbose")


_TOKEN_FAULTS = {
    "no_bearer": "The Authorization header does not hold a bearer token.",
    "expired_token": "The access token has expired.",
    "principal_inactive": "The user or client of the access token may not act any more.",
    "principal_replaced": "The client or user of the access token is not the one it was issued to.",
    "secret_removed": "The secret that the access token was got with was removed.",
    "wrong_issuer": "The access token was issued by another server.",
}


def _check_tenant(caller: Caller, named: str, operation: Operation) -> None:
    """Foreign and missing tenants answer alike: 404 where the contract lists it, else 403."""
    if named.lower() != caller.tenant_id:
        raise ForeignTenant(404 if 404 in operation.statuses else 403)


def _check_role(caller: Caller, operation: Operation, path: dict[str, str]) -> None:
    """Default deny: only what the row allows (R-64)."""
    allowed = operation.allowed
    if Allowed.ADMINISTRATOR in allowed and caller.is_administrator:
        return
    if Allowed.MEMBER in allowed and caller.is_member:
        return
    if Allowed.SELF_CLIENT in allowed and caller.client_id == folded_id(path["clientId"]):
        return
    own = caller.kind == "user" and caller.id == path.get("userId", "").lower()
    if Allowed.SELF_USER in allowed and own:
        return
    raise Refused(
        Code.ROLE_MISSING,
        f"This needs one of: {', '.join(sorted(allowed))}.",
        "Ask an administrator of the tenant to do it, or to give you the role.",
    )


def _strict(operation: Operation) -> Operation:
    """The seed's rule for reading clients: administrators only (facts.md section 7, 6)."""
    if operation.method not in {"GET", "HEAD"}:
        return operation
    if operation.tag.endswith("Clients"):
        return operation._replace(allowed=frozenset({Allowed.ADMINISTRATOR}))
    # what a role or another list tells of clients is theirs too; a client may still see its own
    words = operation.template.lower().split("/")
    if not any(word.endswith("clients") for word in words):
        return operation
    allowed = operation.allowed - {Allowed.MEMBER} | {Allowed.ADMINISTRATOR}
    return operation._replace(allowed=allowed)


def _route(match: Match) -> str:
    return next(iter(match.operations.values())).template


def _refuse_method(match: Match) -> Reply:
    raise WrongMethod(tuple(sorted(match.operations)))


def _unknown(_call: Call) -> Reply:
    raise Refused(
        Code.ROUTE_NOT_FOUND,
        "There is nothing at this address.",
        "See /api/docs for the addresses of the API.",
    )
