"""What a filled store is asked for while it is served, each as something that can be shot.

A workload prepares what it needs from the store and gives a shot of so many seconds. Single-use
things are written into the store before each shot, which is not timed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from bench import credentials, load, names
from bench.browser import Browser
from bench.credentials import Presented
from bench.fill import Filled
from bench.load import Shot
from bench.served import Caller, NotServedError, Running
from bench.stores import PASSWORD
from gatepost.protocol import discovery as addresses
from gatepost.web.portal.list_state import LIST_PATH

CONNECTIONS = 16
Shoot = Callable[[float], Shot]

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TOKEN = addresses.ISSUER_PATH + addresses.TOKEN_PATH
_INTROSPECT = addresses.ISSUER_PATH + addresses.INTROSPECTION_PATH
_USERINFO = addresses.ISSUER_PATH + addresses.USERINFO_PATH
_ROTATING_CLIENTS = 10_000
_CALLERS = 200
_FEW_TENANTS = 100
_PAGE = 100
_IN_TURN = 2_000
_FIRST_CODES = 4_000
_MARGIN = 3


class Ground(NamedTuple):
    """A filled store that is being served."""

    filled: Filled
    running: Running
    connections: int = CONNECTIONS

    def shot(self, script: str, path: str, lines: Iterable[str], name: str) -> Shoot:
        """A script of bench/lua with its file."""
        file = credentials.written(self.filled.first.folder / f"{name}.txt", lines)
        url = self.running.url + path

        def shoot(seconds: float) -> Shot:
            return load.run(url, load.SCRIPTS / script, seconds, self.connections, [str(file)])

        return shoot

    @contextmanager
    def caller(self) -> Iterator[Caller]:
        """A connection to ask for what must be known before."""
        caller = Caller(self.running.port)
        try:
            yield caller
        finally:
            caller.close()


def client_credentials(ground: Ground) -> Shoot:
    """Tokens for a rotating set of clients from all over the store."""
    known = credentials.clients(ground.filled, _ROTATING_CLIENTS)
    lines = [credentials.token_form(*each) for each in known]
    return ground.shot("form.lua", _TOKEN, lines, "clients")


def codes(ground: Ground) -> Shoot:
    """Redemptions of codes: an access token, an id token and a refresh token each.

    Three times as many codes are made as the last shot lets expect, which may have been a cold one.
    """
    rates = [_FIRST_CODES / _MARGIN]

    def shoot(seconds: float) -> Shot:
        wanted = round(max(_FIRST_CODES, rates[-1] * _MARGIN * seconds))
        lines = map(credentials.code_form, credentials.codes(ground.filled, wanted))
        shot = ground.shot("form.lua", _TOKEN, lines, "codes")(seconds)
        rates.append(shot.per_second)
        return shot

    return shoot


def rotation(ground: Ground) -> Shoot:
    """Refreshes: each goes on with the token that an earlier answer brought."""

    def shoot(seconds: float) -> Shot:
        fresh = credentials.refresh_tokens(ground.filled, _IN_TURN)
        lines = map(credentials.refresh_form, fresh)
        return ground.shot("rotate.lua", _TOKEN, lines, "refresh")(seconds)

    return shoot


def userinfo(ground: Ground) -> Shoot:
    """What tokens of people let know."""
    lines = [f"{_USERINFO}\tAuthorization\tBearer {token}" for token in _of_people(ground)]
    return ground.shot("gets.lua", "", lines, "userinfo")


def introspection(ground: Ground) -> Shoot:
    """What tokens of clients are worth."""
    lines = [credentials.introspection_form(each) for each in _of_devices(ground)]
    return ground.shot("form.lua", _INTROSPECT, lines, "introspection")


def discovery(ground: Ground) -> Shoot:
    """The discovery document."""
    return _plain(ground, addresses.ISSUER_PATH + addresses.DISCOVERY_PATH)


def key_set(ground: Ground) -> Shoot:
    """The key set."""
    return _plain(ground, addresses.ISSUER_PATH + addresses.JWKS_PATH)


def rest_list(ground: Ground) -> Shoot:
    """The first page of the clients of tenants in turn, for their administration clients."""
    lines = [
        f"{collection}?count={_PAGE}\tAuthorization\tBearer {token}"
        for _, collection, token in _administered(ground)
    ]
    return ground.shot("gets.lua", "", lines, "list")


def rest_get(ground: Ground) -> Shoot:
    """Single clients of tenants in turn."""
    filled, shape = ground.filled, ground.filled.shape
    lines = [
        f"{collection}/{names.device(number)}\tAuthorization\tBearer {token}"
        for tenant, collection, token in _administered(ground)
        for number in names.share(shape.clients, shape.tenants, tenant)[: _IN_TURN // _FEW_TENANTS]
    ]
    if not lines:
        raise ValueError(f"there are no clients in {filled.first.folder}")
    return ground.shot("gets.lua", "", lines, "get")


def portal_list(ground: Ground) -> Shoot:
    """The portal's list of the first tenant, for an administrator who is signed in."""
    browser = Browser(ground.running.port)
    first = ground.filled.first
    browser.sign_in_to_portal(first.tenant_id, first.admin_email, PASSWORD)
    line = f"{LIST_PATH}\tCookie\t{browser.cookie}"
    browser.close()
    return ground.shot("gets.lua", "", [line], "portal")


def portal_door(ground: Ground) -> Shoot:
    """The portal for somebody who is not signed in, and is sent on to where they can."""
    return _plain(ground, "/portal/")


WORKLOADS: Mapping[str, Callable[[Ground], Shoot]] = {
    "client credentials": client_credentials,
    "code redemption": codes,
    "refresh rotation": rotation,
    "userinfo": userinfo,
    "introspection": introspection,
    "discovery": discovery,
    "key set": key_set,
    "REST list": rest_list,
    "REST get": rest_get,
    "portal list": portal_list,
    "portal, signed out": portal_door,
}


def _plain(ground: Ground, path: str) -> Shoot:
    def shoot(seconds: float) -> Shot:
        url = ground.running.url + path
        return load.run(url, load.SCRIPTS / "get.lua", seconds, ground.connections)

    return shoot


def _of_people(ground: Ground) -> list[str]:
    """Access tokens of people, by redeemed codes."""
    with ground.caller() as caller:
        presented = credentials.codes(ground.filled, _CALLERS)
        return [_token(caller, credentials.code_form(each)) for each in presented]


def _of_devices(ground: Ground) -> list[Presented]:
    """Clients with a token of their own."""
    with ground.caller() as caller:
        return [
            Presented(id_, kept, _token(caller, credentials.token_form(id_, kept)))
            for id_, kept in credentials.clients(ground.filled, _CALLERS)
        ]


def _administered(ground: Ground) -> list[tuple[int, str, str]]:
    """Some tenants, with the address of their clients and an administrator's token."""
    filled, found = ground.filled, []
    with ground.caller() as caller:
        for tenant in credentials.spread(filled.shape.tenants, _FEW_TENANTS):
            client_id = filled.names.administration(tenant)
            token = _token(caller, credentials.token_form(client_id, filled.secret(client_id)))
            owner = filled.first._replace(tenant_id=filled.names.tenant_ids[tenant])
            found.append((tenant, owner.collection, token))
    return found


def _token(caller: Caller, form: str) -> str:
    answer = caller.call("POST", _TOKEN, form, _FORM)
    if answer.status != 200:
        raise NotServedError(f"a token request got {answer.status}: {answer.body!r}")
    return str(answer.json()["access_token"])
