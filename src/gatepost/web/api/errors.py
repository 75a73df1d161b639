"""A refusal as the API words it: status and title by code, `ErrorResponse` as the body."""

from typing import NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.web.http import NO_STORE, Headers, Reply, json_reply


class Shown(NamedTuple):
    """How a code is shown."""

    status: int
    error: str


SHOWN = {
    Code.MALFORMED_BODY: Shown(400, "The body cannot be read"),
    Code.UNSUPPORTED_MEDIA_TYPE: Shown(415, "The content type is not supported"),
    Code.BODY_TOO_LARGE: Shown(413, "The body is too large"),
    Code.BODY_TIMEOUT: Shown(408, "The request took too long"),
    Code.HEADERS_TOO_LARGE: Shown(431, "The headers are too large"),
    Code.INVALID_MEMBER: Shown(400, "Missing or invalid input"),
    Code.INVALID_QUERY: Shown(400, "Invalid query parameter"),
    Code.FORM_NOT_OURS: Shown(403, "Forbidden"),
    Code.LIMIT_REACHED: Shown(400, "Limit exceeded"),
    Code.DUPLICATE_USER: Shown(400, "User already exists"),
    Code.BUILT_IN_ROLE: Shown(400, "Built-in role"),
    Code.NOT_AUTHENTICATED: Shown(401, "Unauthorized"),
    Code.INVALID_TOKEN: Shown(401, "Unauthorized"),
    Code.SCOPE_MISSING: Shown(403, "Forbidden"),
    Code.ROLE_MISSING: Shown(403, "Forbidden"),
    Code.ROLE_NOT_HELD: Shown(403, "Forbidden"),
    Code.LAST_ADMINISTRATOR: Shown(403, "The last administrator stays"),
    Code.OWN_ACCOUNT: Shown(403, "Forbidden"),
    Code.TENANT_NOT_FOUND: Shown(404, "Tenant not found"),
    Code.ROUTE_NOT_FOUND: Shown(404, "Not found"),
    Code.CLIENT_NOT_FOUND: Shown(404, "Client not found"),
    Code.SECRET_NOT_FOUND: Shown(404, "Secret not found"),
    Code.ROLE_NOT_FOUND: Shown(404, "Role not found"),
    Code.USER_NOT_FOUND: Shown(404, "User not found"),
    Code.SIGN_IN_NOT_FOUND: Shown(404, "Sign-in not found"),
    Code.PASSKEY_NOT_FOUND: Shown(404, "Passkey not found"),
    Code.METHOD_NOT_ALLOWED: Shown(405, "Method not allowed"),
    Code.CLIENT_ID_TAKEN: Shown(409, "Client Id already exists"),
    Code.ROLE_TAKEN: Shown(409, "Role already exists"),
    Code.TENANT_TAKEN: Shown(409, "Tenant already exists"),
    Code.CHANGED_MEANWHILE: Shown(409, "Changed meanwhile"),
    Code.STORE_UNAVAILABLE: Shown(503, "Service unavailable"),
    Code.INTERNAL: Shown(500, "Internal server error"),
}


class WrongMethod(Refused):
    """The address exists, but not with this method (R-80)."""

    def __init__(self, methods: tuple[str, ...]) -> None:
        allowed = ", ".join(methods)
        super().__init__(
            Code.METHOD_NOT_ALLOWED,
            "This address does not take the method.",
            f"Use one of {allowed}.",
        )
        self.methods = methods


class ForeignTenant(Refused):
    """Another tenant than the caller's; a missing one answers alike (R-63)."""

    def __init__(self, status: int) -> None:
        super().__init__(
            Code.TENANT_NOT_FOUND,
            "There is no such tenant for this access token.",
            "Use the id of the tenant that the token was issued in; it is the token's tid.",
        )
        self.status = status


def explain(refused: Refused, origin: Origin) -> Reply:
    """The refusal as `ErrorResponse` (facts.md section 4)."""
    shown = SHOWN.get(refused.code, Shown(400, "Bad request"))
    status = refused.status if isinstance(refused, ForeignTenant) else shown.status
    body = {
        "OperationId": origin.operation_id,
        "Error": shown.error,
        "Reason": refused.reason,
        "Resolution": refused.resolution,
    }
    return json_reply(status, body, NO_STORE + _extra_headers(refused, status))


def _extra_headers(refused: Refused, status: int) -> Headers:
    """RFC 6750, 3 for 401 and 403; RFC 9110 for 405 and 503."""
    if refused.code is Code.INVALID_TOKEN:
        return (("WWW-Authenticate", 'Bearer realm="gatepost", error="invalid_token"'),)
    if status == 401:
        return (("WWW-Authenticate", 'Bearer realm="gatepost"'),)
    if refused.code in {Code.ROLE_MISSING, Code.SCOPE_MISSING}:
        return (("WWW-Authenticate", 'Bearer realm="gatepost", error="insufficient_scope"'),)
    if isinstance(refused, WrongMethod):
        return (("Allow", ", ".join(refused.methods)),)
    return (("Retry-After", "1"),) if status == 503 else ()
