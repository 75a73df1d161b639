"""What reads the words of strangers, each with what it is fed: for L-19."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from hypothesis import strategies as st

from faults.words import (
    ASKED,
    BYTES,
    CLAIMS,
    FIELDS,
    HEADERS,
    JSON,
    JSON_LINES,
    KEYS,
    LOCAL_TIMES,
    TEXT,
    TOKENS,
    WORDS,
    ZONES,
)
from gatepost.crypto import compact
from gatepost.crypto.foreign_keys import ForeignKeys
from gatepost.crypto.passkeys import WebAuthnPasskeys
from gatepost.model import (
    base64url,
    checkpoints,
    factors,
    journal_lines,
    key_sets,
    reading,
    search,
    secret_values,
    uris,
    weak_passwords,
)
from gatepost.model.bodies import RoleBody, SecretBody, UserBody
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.errors import Refused
from gatepost.model.events import Origin
from gatepost.model.setting_values import Unusable, lifetime, listen, networks, public_url, smtp_url
from gatepost.protocol import (
    authorization,
    client_assertions,
    client_authentication,
    logout,
    parameters,
    request_objects,
    requested_claims,
    totp,
)
from gatepost.protocol.claims import read_access_claims
from gatepost.protocol.redirects import Target
from gatepost.web import addresses, http, wire
from gatepost.web.api import json_bodies
from gatepost.web.portal import list_state
from gatepost.web.portal.moments import Zone
from gatepost.web.portal.visits import Fields
from tests.protocol.asking import EXPECTED, GOOD, OFFLINE

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSALS = (Refused, Unusable)
"""How some of them say no; any other exception is one too many."""


class Parser(NamedTuple):
    """Something that reads, and what it is given to read."""

    read: Callable[[Any], object]
    fed: st.SearchStrategy[Any]


def _credentials(given: tuple[str | None, Mapping[str, str]]) -> object:
    return client_authentication.presented(*given)


def _address(given: tuple[str, str | None]) -> object:
    return addresses.caller_address(*given, _PROXIES)


def _json_body(body: bytes) -> object:
    headers = {"content-type": "application/json"}
    return json_bodies.read_json(
        http.Call("POST", ("api",), b"", headers, body, Origin("fuzz", "127.0.0.1"))
    )


def _asked(given: dict[str, str]) -> object:
    """A good request with words of a stranger in it."""
    sent = GOOD | given
    found = authorization.target(sent, OFFLINE)
    if isinstance(found, Target):
        return authorization.read(sent, found, OFFLINE, EXPECTED)
    return found


def _assertion_claims(payload: bytes) -> object:
    return client_assertions.check_assertion_claims(payload, "app", frozenset({_ISSUER}), NOW)


def _local_time(given: tuple[str, str]) -> object:
    return Zone.named(given[0]).read(given[1])


def _assertion(text: str) -> object:
    return _PASSKEYS.credential_id(text), _PASSKEYS.registered(text, "AAAA")


_PROXIES = networks("127.0.0.0/8, ::1")
_PASSKEYS = WebAuthnPasskeys("localhost", "http://localhost:8080")
_TITLES = frozenset({"JWT", "at+jwt"})
_EC_KEY = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
_ISSUER = "https://a.example"
_BODIES = [*(kind.settings for kind in CLIENT_KINDS), SecretBody, RoleBody, UserBody]

PARSERS: Mapping[str, Parser] = {
    "form": Parser(parameters.parse_form, BYTES),
    "pairs": Parser(parameters.parse_pairs, BYTES),
    "JSON object": Parser(parameters.json_object, BYTES | JSON.map(json.dumps)),
    "printable": Parser(parameters.printable, TEXT),
    "path": Parser(http.path_segments, BYTES.map(b"/".__add__)),
    "query": Parser(http.query_pairs, BYTES),
    "JSON body": Parser(_json_body, BYTES | JSON.map(lambda value: json.dumps(value).encode())),
    "redirect address": Parser(uris.redirect_uri_fault, TEXT),
    "logout address": Parser(uris.logout_uri_fault, TEXT),
    "origin": Parser(uris.origin_fault, TEXT),
    "page address": Parser(uris.page_uri_fault, TEXT),
    "moment": Parser(reading.read_moment, TEXT),
    "signed token": Parser(compact.opened, TOKENS),
    "base64url": Parser(base64url.decoded, TEXT),
    "secret": Parser(secret_values.is_well_formed, TEXT),
    "search": Parser(search.search_for, TEXT),
    "key set": Parser(key_sets.read_key_set, KEYS),
    "request object": Parser(
        lambda payload: request_objects.read(payload, "app", "https://a.example", NOW),
        BYTES | JSON.map(lambda value: json.dumps(value).encode()),
    ),
    "claims": Parser(requested_claims.read_claims, JSON.map(json.dumps) | TEXT),
    "credentials": Parser(_credentials, st.tuples(st.none() | TEXT, WORDS)),
    "caller's address": Parser(
        _address, st.tuples(st.sampled_from(("127.0.0.1", "::1", "")) | TEXT, st.none() | TEXT)
    ),
    "passkey": Parser(_assertion, JSON.map(json.dumps) | TEXT),
    "headers": Parser(wire.read_headers, HEADERS),
    "authorization request": Parser(_asked, ASKED),
    "claims of an access token": Parser(lambda it: read_access_claims(it, _ISSUER, NOW), CLAIMS),
    "claims of an assertion": Parser(_assertion_claims, CLAIMS),
    "client of an assertion": Parser(client_assertions.claimed_client, TOKENS),
    "hint of an id token": Parser(lambda it: logout.read_hint(it, _ISSUER), CLAIMS | BYTES),
    "token of a client's own key": Parser(
        lambda it: ForeignKeys().verify({"keys": [_EC_KEY]}, it, _TITLES), TOKENS
    ),
    "one-time code": Parser(lambda it: totp.matched_step(b"k" * 20, it, NOW), TEXT),
    "recovery code": Parser(factors.typed_recovery_code, TEXT),
    "password": Parser(lambda it: weak_passwords.weak_fault(it, ("Kim",), "x".__eq__), TEXT),
    "line of a journal": Parser(journal_lines.read, BYTES | JSON_LINES),
    "line of checkpoints": Parser(checkpoints.read, BYTES | JSON_LINES),
    "time of a browser": Parser(_local_time, st.tuples(ZONES, LOCAL_TIMES | TEXT)),
    "list of the portal": Parser(lambda it: list_state.read(Fields(it)), FIELDS),
    **{
        f"setting {read.__name__}": Parser(read, TEXT)
        for read in (lifetime, listen, networks, public_url, smtp_url)
    },
    **{
        f"body {struct.__name__}": Parser(
            partial(reading.read_members, reading.members_of(struct)),
            st.dictionaries(
                st.sampled_from([member.name for member in reading.members_of(struct)]) | TEXT,
                JSON,
                max_size=5,
            ),
        )
        for struct in _BODIES
    },
}
