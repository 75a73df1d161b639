"""The addresses below /identity that clients call, and what answers there."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.ports import Store
from gatepost.protocol import discovery
from gatepost.protocol.grants import client_credentials
from gatepost.protocol.parameters import OAuthError, invalid_request, parse_form
from gatepost.services.authorize import AuthorizeService, Pushed
from gatepost.services.client_login import FormRequest
from gatepost.services.devices import DeviceService, DeviceStart
from gatepost.services.keys import KeyRing
from gatepost.services.token import Tokens, TokenService
from gatepost.services.token_use import TokenUse
from gatepost.web.front import Endpoint
from gatepost.web.http import Call, Headers, Reply, json_reply
from gatepost.web.oidc.cors import VARY, Cors

Found = TypeVar("Found")
TOKEN_BODY_LIMIT = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_NO_CACHE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
_TOLD_TO_ALL: Headers = (*_NO_CACHE, *VARY)
_PUBLIC: Headers = (("Cache-Control", "public, max-age=300"),)
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
_FOR_ITSELF = client_credentials.GRANT_TYPE.encode()
AT_HAND = (
    ("POST", discovery.TOKEN_PATH),
    ("GET", discovery.DISCOVERY_PATH),
    ("GET", discovery.JWKS_PATH),
)
"""The addresses whose answers may be at hand."""

_CREDENTIALS = ("client_secret", "client_assertion", "client_id")


class Desk(NamedTuple):
    """The services that answer clients."""

    tokens: TokenService
    use: TokenUse
    authorize: AuthorizeService
    devices: DeviceService
    ring: KeyRing


class _Address(NamedTuple):
    methods: tuple[str, ...]
    handle: Callable[[Call], Reply]
    body_limit: int = 0
    for_browsers: bool = True
    at_hand: Callable[[Call], Reply | None] | None = None


class OidcDoor:
    """Answers below /identity, and the RFC 8414 address of the same document."""

    def __init__(self, issuer: str, desk: Desk, store: Store) -> None:
        self._issuer = issuer
        self._desk = desk
        self._store = store
        self._cors = Cors(self._is_registered)
        self._addresses = self._table()

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a path below /identity or /.well-known."""
        if not segments or segments[0].lower() not in {"identity", ".well-known"}:
            return None
        address = self._addresses.get("/" + "/".join(segments).lower())
        if address is None:
            return Endpoint(_unknown, explain)
        if not address.for_browsers:
            return _endpoint(address, method, address.handle)
        if method == "OPTIONS":
            return Endpoint(lambda call: self._cors.preflight(call, address.methods), explain)
        return _endpoint(address, method, lambda call: self._shared(address, call))

    def _table(self) -> dict[str, _Address]:
        reading, posting = ("GET", "HEAD"), ("POST",)
        limit = TOKEN_BODY_LIMIT
        own = {
            discovery.DISCOVERY_PATH: _Address(
                reading, self._document, at_hand=self._at_hand(self._document)
            ),
            discovery.JWKS_PATH: _Address(reading, self._keys, at_hand=self._at_hand(self._keys)),
            discovery.TOKEN_PATH: _Address(
                posting, self._token, limit, at_hand=self._token_at_hand
            ),
            discovery.USERINFO_PATH: _Address((*reading, "POST"), self._userinfo, limit),
            discovery.REVOCATION_PATH: _Address(posting, self._revoke, limit),
            discovery.PUSHED_PATH: _Address(posting, self._push, limit, for_browsers=False),
            discovery.DEVICE_PATH: _Address(posting, self._device, limit, for_browsers=False),
            discovery.INTROSPECTION_PATH: _Address(
                posting, self._introspect, limit, for_browsers=False
            ),
        }
        prefix = discovery.ISSUER_PATH
        at_root = "/.well-known/oauth-authorization-server" + prefix
        return {prefix + path: address for path, address in own.items()} | {
            at_root: own[discovery.DISCOVERY_PATH]
        }

    def _shared(self, address: _Address, call: Call) -> Reply:
        """The answer, readable for a registered origin; refusals too."""
        try:
            reply = address.handle(call)
        except Refused as refused:
            reply = explain(refused, call.origin)
        return self._cors.shared(call, reply)

    def _is_registered(self, origin: str) -> bool:
        with self._store.reading_all() as deployment:
            return deployment.has_origin(origin)

    def _token(self, call: Call) -> Reply:
        return _answered(call, self._desk.tokens.answer, _told)

    def _token_at_hand(self, call: Call) -> Reply | None:
        """The same without the store; whether an origin may read it is in the store too."""
        # Looked for before anything is read: every other grant needs the store.
        if _FOR_ITSELF not in call.body or "origin" in call.headers:
            return None
        try:
            request = _request(call)
        except Refused:
            return None  # the way of all others tells it, with the headers of all others
        if isinstance(request, OAuthError):
            return None
        tokens = self._desk.tokens.at_hand(request)
        return None if tokens is None else json_reply(200, tokens, _TOLD_TO_ALL)

    def _at_hand(self, handle: Callable[[Call], Reply]) -> Callable[[Call], Reply | None]:
        """What needs only the keys, while they are known."""

        def answer(call: Call) -> Reply | None:
            if "origin" in call.headers or self._desk.ring.at_hand() is None:
                return None
            return self._cors.shared(call, handle(call))

        return answer

    def _introspect(self, call: Call) -> Reply:
        def told(members: Mapping[str, Any]) -> Reply:
            return json_reply(200, members, _NO_CACHE)

        return _answered(call, self._desk.use.introspect, told)

    def _revoke(self, call: Call) -> Reply:
        def told(_nothing: None) -> Reply:
            """RFC 7009, 2.2: empty, and without a content type for a library to stumble over."""
            return Reply(200, b"", _NO_CACHE)

        return _answered(call, self._desk.use.revoke, told)

    def _push(self, call: Call) -> Reply:
        def told(pushed: Pushed) -> Reply:
            return json_reply(201, pushed._asdict(), _NO_CACHE)

        return _answered(call, self._desk.authorize.push, told)

    def _device(self, call: Call) -> Reply:
        def told(start: DeviceStart) -> Reply:
            page = f"{self._issuer}/device"
            pages = {
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={start.user_code}",
            }
            return json_reply(200, {**start._asdict(), **pages}, _NO_CACHE)

        return _answered(call, self._desk.devices.start, told)

    def _userinfo(self, call: Call) -> Reply:
        """OpenID Connect Core, 5.3; the token in the header and nowhere else (R-33)."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if not scheme:
            return _bearer_error(401, None)
        found: dict[str, Any] | str = "no_bearer"
        if scheme.lower() == "bearer":
            found = self._desk.use.userinfo(token.strip(), call.origin)
        if isinstance(found, dict):
            return json_reply(200, found)
        if found == "scope_missing":
            return _bearer_error(403, "insufficient_scope")
        return _bearer_error(401, "invalid_token")

    def _document(self, _call: Call) -> Reply:
        algorithms = [key.algorithm for key in self._desk.ring.published()]
        return json_reply(200, discovery.document(self._issuer, algorithms), _PUBLIC)

    def _keys(self, _call: Call) -> Reply:
        return json_reply(200, discovery.key_set(self._desk.ring.published()), _PUBLIC)


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


def _told(tokens: Tokens) -> Reply:
    return json_reply(200, tokens, _NO_CACHE)


def _endpoint(address: _Address, method: str, handle: Callable[[Call], Reply]) -> Endpoint:
    if method not in address.methods:
        return Endpoint(_wrong_method(address.methods), explain)
    return Endpoint(handle, explain, address.body_limit, at_hand=address.at_hand)


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


def _request(call: Call) -> FormRequest | OAuthError:
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


def _answered(
    call: Call, answer: Callable[[FormRequest], Found | OAuthError], told: Callable[[Found], Reply]
) -> Reply:
    """What a service found for a client's call, told its own way; errors are told alike."""
    request = _request(call)
    found = request if isinstance(request, OAuthError) else answer(request)
    return _oauth_error(found) if isinstance(found, OAuthError) else told(found)


def _oauth_error(error: OAuthError) -> Reply:
    headers = _NO_CACHE
    if error.status == 401:
        headers += (("WWW-Authenticate", 'Basic realm="gatepost"'),)
    body = {"error": error.error, "error_description": error.description}
    return json_reply(error.status, body, headers)


def _bearer_error(status: int, error: str | None) -> Reply:
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
    return (*_NO_CACHE, ("WWW-Authenticate", challenge))
