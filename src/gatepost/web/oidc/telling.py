"""How calls of clients are read and answered: forms in, OAuth's words out."""

from collections.abc import Callable
from typing import TypeVar

from gatepost.model import measures
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.protocol.parameters import OAuthError, invalid_request, parse_form
from gatepost.services.client_login import FormRequest
from gatepost.web.http import Call, Headers, Reply, json_reply

NO_CACHE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))

Found = TypeVar("Found")
_FORM = "application/x-www-form-urlencoded"
_STATUS = {
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.BODY_TOO_LARGE: 413,
    Code.BODY_TIMEOUT: 408,
    Code.HEADERS_TOO_LARGE: 431,
    Code.ROUTE_NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.STORE_UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}
_ERROR = {
    Code.STORE_UNAVAILABLE: "temporarily_unavailable",
    Code.INTERNAL: "server_error",
}
_CREDENTIALS = ("client_secret", "client_assertion", "client_id")


def answered(
    call: Call, answer: Callable[[FormRequest], Found | OAuthError], told: Callable[[Found], Reply]
) -> Reply:
    """What a service found for a client's call, told its own way; errors are told alike."""
    request = request_of(call)
    found = request if isinstance(request, OAuthError) else answer(request)
    return oauth_error(found) if isinstance(found, OAuthError) else told(found)


def request_of(call: Call) -> FormRequest | OAuthError:
    """The form of a client's call; nothing secret may stand in the address (R-19)."""
    media_type = call.headers.get("content-type", "")
    if media_type != _FORM and media_type.split(";")[0].strip().lower() != _FORM:
        raise Refused(
            Code.UNSUPPORTED_MEDIA_TYPE, "the body is not form data", f"send it as {_FORM}"
        )
    form = parse_form(call.body)
    if isinstance(form, OAuthError):
        return form
    if call.query and any(name.encode() in call.query for name in _CREDENTIALS):
        problem = "credentials are in the address; send them in the body or the header"
        return invalid_request(problem, "credentials_in_query")
    return FormRequest(form, call.headers.get("authorization"), call.origin)


def right_request(call: Call) -> FormRequest | None:
    """The form, if there is nothing wrong with it; else the way of all others tells it."""
    try:
        request = request_of(call)
    except Refused:
        return None
    return request if isinstance(request, FormRequest) else None


def explain(refused: Refused, _origin: Origin) -> Reply:
    """A refusal of the pipeline in OAuth's words."""
    status = _STATUS.get(refused.code, 400)
    error = _ERROR.get(refused.code, "invalid_request")
    description = f"{refused.reason} {refused.resolution}"
    headers = NO_CACHE + ((("Retry-After", "1"),) if status == 503 else ())
    if isinstance(refused, WrongMethod):
        headers += (("Allow", ", ".join(refused.methods)),)
    return json_reply(status, {"error": error, "error_description": description}, headers)


class WrongMethod(Refused):
    """The address exists, but not with this method (R-80)."""

    def __init__(self, methods: tuple[str, ...]) -> None:
        allowed = ", ".join(methods)
        super().__init__(Code.METHOD_NOT_ALLOWED, "wrong method.", f"Use {allowed}.")
        self.methods = methods


def oauth_error(error: OAuthError) -> Reply:
    """An error as RFC 6749, 5.2 wants it."""
    headers = NO_CACHE
    if error.status == 401:
        headers += (("WWW-Authenticate", 'Basic realm="gatepost"'),)
    if error.wait:
        headers += (("Retry-After", str(error.wait)),)
    body = {"error": error.error, "error_description": error.description}
    return json_reply(error.status, body, headers, measures.error(error.error))


def bearer_error(status: int, error: str | None) -> Reply:
    """RFC 6750, 3: without a token nothing is said but that one is needed."""
    challenge = 'Bearer realm="gatepost"'
    if error is None:
        return json_reply(status, {"error": "invalid_request"}, _challenged(challenge))
    words = {
        "invalid_token": "the access token is not valid here, or not any more",
        "insufficient_scope": "the access token does not have the scope openid",
    }[error]
    challenge += f', error="{error}", error_description="{words}"'
    if error == "insufficient_scope":
        challenge += ', scope="openid"'
    return json_reply(status, {"error": error, "error_description": words}, _challenged(challenge))


def _challenged(challenge: str) -> Headers:
    return (*NO_CACHE, ("WWW-Authenticate", challenge))
