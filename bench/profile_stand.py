"""The product's own objects on a store of one client, as a worker has them, and a request to them.

The parts are made once more beside the server, because the server shows its front alone. They are
of the same classes, are given the same things, and read the same store.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import credentials, fill, names
from bench.fill import Filled, Shape
from gatepost.app import House, Server, open_house
from gatepost.cli.access_log import AccessLog
from gatepost.model.events import Origin
from gatepost.model.keys import Algorithm, SigningKey
from gatepost.ports import Signer
from gatepost.protocol.discovery import ISSUER_PATH, TOKEN_PATH
from gatepost.protocol.parameters import OAuthError, parse_form
from gatepost.services import keys
from gatepost.services.cards import Cards
from gatepost.services.client_login import Books, ClientLogin, FormRequest, KnownClient
from gatepost.services.keys import KeyRing
from gatepost.services.refusals import RefusalBook
from gatepost.services.repeats import Repeats
from gatepost.services.usage import UsageBook
from gatepost.web.front import Whole
from gatepost.web.http import Call, path_segments

HOST = "127.0.0.1:8080"
URL = f"http://{HOST}"
ISSUER = URL + ISSUER_PATH
PATH = ISSUER_PATH + TOKEN_PATH
PEER = "127.0.0.1"
BEFORE = b"date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
"""The header lines of the server library, as the application is given them."""


class NotAtHandError(RuntimeError):
    """The product did not answer as it does under load, so its parts would tell nothing."""


class Stand(NamedTuple):
    """A house with its server, and the parts beside it."""

    filled: Filled
    house: House
    server: Server
    login: ClientLogin
    ring: KeyRing
    repeats: Repeats

    def look(self) -> None:
        """What the watch does four times a second; and the access log begins anew."""
        self.house.store.look()
        self.ring.look()
        self.server.front.note = AccessLog("text").note

    def known(self, request: FormRequest) -> KnownClient:
        """The client of a request, whose card is kept from now on."""
        found = self.login.known(request)
        if isinstance(found, OAuthError):
            raise NotAtHandError(found.reason)
        return found

    def signing_key(self) -> SigningKey:
        """The key that signs now."""
        key = self.ring.signing()
        if key is None:
            raise NotAtHandError("no key signs")
        return key

    def token_form(self) -> str:
        """A client-credentials request."""
        return credentials.token_form(names.device(0), names.secret(names.device(0)))


class Request(NamedTuple):
    """A POST to the token endpoint, as it comes from the wire and as it is read."""

    whole: Whole
    call: Call
    read: FormRequest


class AlreadySigned:
    """A signer that has its one token ready, so that all but the signature is left."""

    def __init__(self, signer: Signer, token: str) -> None:
        self.generate, self.verify = signer.generate, signer.verify
        self.resealed = signer.resealed
        self._token = token

    def sign(self, *_what: object) -> str:
        """The token."""
        return self._token


@contextmanager
def stand(folder: Path, algorithm: Algorithm) -> Iterator[Stand]:
    """A filled SQLite store that signs so, open."""
    filled = fill.house(folder, None, Shape(tenants=1, clients=1, users=1))
    house = open_house(filled.first.settings)
    try:
        keys.ensure(house.world, algorithm)
        yield on_house(filled, house)
    finally:
        house.close()


def on_house(filled: Filled, house: House) -> Stand:
    """The parts on an open house, which have looked at it once."""
    world = house.world
    books = Books(UsageBook(), RefusalBook(world))
    login = ClientLogin(world, frozenset({ISSUER}), books, Cards(world.store))
    parts = (login, KeyRing(world), Repeats(world, login.cards))
    made = Stand(filled, house, Server(house, URL), *parts)
    made.look()
    return made


def without_signature(of: Stand, token: str) -> Stand:
    """The same house with a signer that has its token ready."""
    ready = AlreadySigned(of.house.world.signer, token)
    world = of.house.world._replace(signer=ready)
    return on_house(of.filled, of.house._replace(world=world))


def request(form: str) -> Request:
    """The request of a form, with the headers that the load generator sends."""
    body = form.encode()
    headers = {
        "host": HOST,
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    origin = Origin("00000000-0000-4000-8000-000000000000", PEER)
    path = PATH.encode()
    read = parse_form(body)
    if isinstance(read, OAuthError):
        raise NotAtHandError(read.reason)
    return Request(
        Whole("POST", path, raw, body, PEER),
        Call("POST", path_segments(path), b"", headers, body, origin),
        FormRequest(read, None, origin),
    )


def message(of: Request) -> bytes:
    """The same request as it stands on the wire."""
    lines = b"".join(b"%b: %b\r\n" % pair for pair in of.whole.headers)
    return b"POST %b HTTP/1.1\r\n%b\r\n%b" % (of.whole.target, lines, of.whole.body)


Calls = Mapping[str, Callable[[], object]]
"""Parts of an answer, each to be called alone."""
