"""The addresses below /identity that clients call, and what answers there."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gatepost.model import measures
from gatepost.model.errors import Code, Refused
from gatepost.ports import Store
from gatepost.protocol import discovery
from gatepost.services.authorize import AuthorizeService, Pushed
from gatepost.services.devices import DeviceService, DeviceStart
from gatepost.services.keys import KeyRing
from gatepost.services.token import TokenService
from gatepost.services.token_use import TokenUse
from gatepost.web.endpoints import Endpoint, Together
from gatepost.web.http import Call, Headers, Reply, json_reply
from gatepost.web.oidc.cors import Cors
from gatepost.web.oidc.telling import NO_CACHE, WrongMethod, answered, bearer_error, explain
from gatepost.web.oidc.token_endpoint import TokenEndpoint

TOKEN_BODY_LIMIT = 64 * 1024
_PUBLIC: Headers = (("Cache-Control", "public, max-age=300"),)
AT_HAND = (
    ("POST", discovery.TOKEN_PATH),
    ("GET", discovery.DISCOVERY_PATH),
    ("GET", discovery.JWKS_PATH),
)
"""The addresses whose answers may be at hand."""


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
    together: Together | None = None


class OidcDoor:
    """Answers below /identity, and the RFC 8414 address of the same document."""

    def __init__(self, issuer: str, desk: Desk, store: Store) -> None:
        self._issuer = issuer
        self._desk = desk
        self._store = store
        self._cors = Cors(self._is_registered)
        self._tokens = TokenEndpoint(desk.tokens, self._cors)
        self._addresses = self._table()

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a path below /identity or /.well-known."""
        if not segments or segments[0].lower() not in {"identity", ".well-known"}:
            return None
        route = "/" + "/".join(segments).lower()
        address = self._addresses.get(route)
        if address is None:
            return Endpoint(_unknown, explain)
        return self._endpoint(address, method)._replace(route=route)

    def _endpoint(self, address: _Address, method: str) -> Endpoint:
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
                posting,
                self._tokens.answer,
                limit,
                at_hand=self._tokens.at_hand,
                together=self._tokens.together,
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
            counted = measures.error(refused.code.value)
            reply = explain(refused, call.origin)._replace(counted=counted)
        return self._cors.shared(call, reply)

    def _is_registered(self, origin: str) -> bool:
        with self._store.reading_all() as deployment:
            return deployment.has_origin(origin)

    def _at_hand(self, handle: Callable[[Call], Reply]) -> Callable[[Call], Reply | None]:
        """What needs only the keys, while they are known."""

        def answer(call: Call) -> Reply | None:
            if "origin" in call.headers or self._desk.ring.at_hand() is None:
                return None
            return self._cors.shared(call, handle(call))

        return answer

    def _introspect(self, call: Call) -> Reply:
        def told(members: Mapping[str, Any]) -> Reply:
            return json_reply(200, members, NO_CACHE)

        return answered(call, self._desk.use.introspect, told)

    def _revoke(self, call: Call) -> Reply:
        def told(_nothing: None) -> Reply:
            """RFC 7009, 2.2: empty, and without a content type for a library to stumble over."""
            return Reply(200, b"", NO_CACHE)

        return answered(call, self._desk.use.revoke, told)

    def _push(self, call: Call) -> Reply:
        def told(pushed: Pushed) -> Reply:
            return json_reply(201, pushed._asdict(), NO_CACHE)

        return answered(call, self._desk.authorize.push, told)

    def _device(self, call: Call) -> Reply:
        def told(start: DeviceStart) -> Reply:
            page = f"{self._issuer}/device"
            pages = {
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code={start.user_code}",
            }
            return json_reply(200, {**start._asdict(), **pages}, NO_CACHE)

        return answered(call, self._desk.devices.start, told)

    def _userinfo(self, call: Call) -> Reply:
        """OpenID Connect Core, 5.3; the token in the header and nowhere else (R-33)."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if not scheme:
            return bearer_error(401, None)
        found: dict[str, Any] | str = "no_bearer"
        if scheme.lower() == "bearer":
            found = self._desk.use.userinfo(token.strip(), call.origin)
        if isinstance(found, dict):
            return json_reply(200, found)
        if found == "scope_missing":
            return bearer_error(403, "insufficient_scope")
        return bearer_error(401, "invalid_token")

    def _document(self, _call: Call) -> Reply:
        algorithms = [key.algorithm for key in self._desk.ring.published()]
        return json_reply(200, discovery.document(self._issuer, algorithms), _PUBLIC)

    def _keys(self, _call: Call) -> Reply:
        return json_reply(200, discovery.key_set(self._desk.ring.published()), _PUBLIC)


def _endpoint(address: _Address, method: str, handle: Callable[[Call], Reply]) -> Endpoint:
    if method not in address.methods:
        return Endpoint(_wrong_method(address.methods), explain)
    return Endpoint(
        handle,
        explain,
        address.body_limit,
        at_hand=address.at_hand,
        together=address.together,
    )


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
