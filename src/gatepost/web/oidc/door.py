"""The addresses below /identity, and what answers there."""

from collections.abc import Callable
from typing import NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.protocol import discovery
from gatepost.protocol.parameters import OAuthError, invalid_request, parse_form
from gatepost.services.keys import KeyRing
from gatepost.services.token import TokenRequest, TokenService
from gatepost.web.front import Endpoint
from gatepost.web.http import NO_STORE, Call, Headers, Reply, json_reply

TOKEN_BODY_LIMIT = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_PUBLIC: Headers = (("Cache-Control", "public, max-age=300"),)
_NO_CACHE: Headers = (*NO_STORE, ("Pragma", "no-cache"))
_STATUS = {
    Code.METHOD_NOT_ALLOWED: 405,
    Code.ROUTE_NOT_FOUND: 404,
    Code.BODY_TOO_LARGE: 413,
    Code.HEADERS_TOO_LARGE: 431,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.BODY_TIMEOUT: 408,
    Code.STORE_UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}
_ERROR = {
    Code.STORE_UNAVAILABLE: "temporarily_unavailable",
    Code.INTERNAL: "server_error",
}


class _Address(NamedTuple):
    methods: tuple[str, ...]
    handle: Callable[[Call], Reply]
    body_limit: int = 0


class OidcDoor:
    """Answers below /identity, and the RFC 8414 address of the same document."""

    def __init__(self, issuer: str, tokens: TokenService, ring: KeyRing) -> None:
        self._issuer = issuer
        self._tokens = tokens
        self._ring = ring
        reading = ("GET", "HEAD")
        prefix = discovery.ISSUER_PATH
        self._addresses = {
            prefix + discovery.TOKEN_PATH: _Address(("POST",), self._token, TOKEN_BODY_LIMIT),
            prefix + discovery.DISCOVERY_PATH: _Address(reading, self._document),
            prefix + discovery.JWKS_PATH: _Address(reading, self._keys),
            "/.well-known/oauth-authorization-server" + prefix: _Address(reading, self._document),
        }

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a path below /identity or /.well-known."""
        if not segments or segments[0].lower() not in {"identity", ".well-known"}:
            return None
        address = self._addresses.get("/" + "/".join(segments).lower())
        if address is None:
            return Endpoint(_unknown, explain)
        if method not in address.methods:
            return Endpoint(_wrong_method(address.methods), explain)
        return Endpoint(address.handle, explain, address.body_limit)

    def _token(self, call: Call) -> Reply:
        media_type = call.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type != _FORM:
            raise Refused(
                Code.UNSUPPORTED_MEDIA_TYPE, "the body is not form data", f"send it as {_FORM}"
            )
        form = parse_form(call.body)
        if isinstance(form, OAuthError):
            return _oauth_error(form)
        if b"client_secret" in call.query or b"client_id" in call.query:
            problem = "credentials are in the address; send them in the body or the header"
            return _oauth_error(invalid_request(problem, "credentials_in_query"))
        authorization = call.headers.get("authorization")
        answer = self._tokens.answer(TokenRequest(form, authorization, call.origin))
        if isinstance(answer, OAuthError):
            return _oauth_error(answer)
        body = {**answer._asdict(), "token_type": "Bearer"}
        return json_reply(200, body, _NO_CACHE)

    def _document(self, _call: Call) -> Reply:
        algorithms = [key.algorithm for key in self._ring.published()]
        return json_reply(200, discovery.document(self._issuer, algorithms), _PUBLIC)

    def _keys(self, _call: Call) -> Reply:
        return json_reply(200, discovery.key_set(self._ring.published()), _PUBLIC)


def explain(refused: Refused, _origin: Origin) -> Reply:
    """A refusal of the pipeline in OAuth's words."""
    status = _STATUS.get(refused.code, 400)
    error = _ERROR.get(refused.code, "invalid_request")
    description = f"{refused.reason} {refused.resolution}"
    headers = _NO_CACHE + ((("Retry-After", "1"),) if status == 503 else ())
    if isinstance(refused, WrongMethod):
        headers += (("Allow", ", ".join(refused.methods)),)
    return json_reply(status, {"error": error, "error_description": description}, headers)


class WrongMethod(Refused):
    """The address exists, but not with this method (R-80)."""

    def __init__(self, methods: tuple[str, ...]) -> None:
        allowed = ", ".join(methods)
        super().__init__(Code.METHOD_NOT_ALLOWED, "wrong method.", f"Use {allowed}.")
        self.methods = methods


def _wrong_method(methods: tuple[str, ...]) -> Callable[[Call], Reply]:
    def refuse(_call: Call) -> Reply:
        raise WrongMethod(methods)

    return refuse


def _unknown(_call: Call) -> Reply:
    raise Refused(
        Code.ROUTE_NOT_FOUND,
        "There is nothing at this address.",
        f"See {discovery.ISSUER_PATH}{discovery.DISCOVERY_PATH} for the addresses.",
    )


def _oauth_error(error: OAuthError) -> Reply:
    headers = _NO_CACHE
    if error.status == 401:
        headers += (("WWW-Authenticate", 'Basic realm="gatepost"'),)
    body = {"error": error.error, "error_description": error.description}
    return json_reply(error.status, body, headers)
