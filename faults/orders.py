"""What the callers are told before they begin: where, as whom, how often, and by which chance."""

from pathlib import Path
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from bench.names import CALLBACK, VERIFIER
from gatepost.protocol import discovery as addresses
from gatepost.protocol.pkce import challenge_of


class Registered(Struct, frozen=True):
    """A client of the server, with its secret."""

    client_id: str
    secret: str


class Person(Struct, frozen=True):
    """Somebody with a password, who is signed in at a browser with these cookies."""

    email: str
    password: str
    cookie: str


class Orders(Struct, frozen=True, kw_only=True):
    """All of it. Each caller is a person of its own; `ports` are taken by the callers in turn."""

    journal: str
    ports: tuple[int, ...]
    tenant_id: str
    administration: Registered
    application: Registered
    role_ids: tuple[str, ...]
    people: tuple[Person, ...]
    mix: dict[str, int]
    per_second: float
    """Deeds of all callers together; 0 is as fast as they can."""
    seed: int
    chain_seconds: float
    """A refresh token is forgotten when its chain began so long ago."""
    most_seconds: float
    """They end by themselves after so long, whatever happened to who started them."""


def authorize_path(client_id: str) -> str:
    """The address by which a browser is sent to get a code for the application."""
    asked = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid ocsapi offline_access",
        "state": "only-for-faults",
        "nonce": "only-for-faults",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return f"{addresses.ISSUER_PATH}{addresses.AUTHORIZE_PATH}?{urlencode(asked)}"


def written(orders: Orders, file: Path) -> Path:
    """The orders in a file that only we can read."""
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(orders))
    return file


def read(file: Path) -> Orders:
    """The orders in a file."""
    return msgspec.json.decode(file.read_bytes(), type=Orders)
