"""What reads the words of strangers, each with what it is fed: for L-19."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from hypothesis import strategies as st

from gatepost.crypto import compact
from gatepost.crypto.passkeys import WebAuthnPasskeys
from gatepost.model import base64url, key_sets, reading, search, secret_values, uris
from gatepost.model.bodies import RoleBody, SecretBody, UserBody
from gatepost.model.client_kinds import CLIENT_KINDS
from gatepost.model.errors import Refused
from gatepost.model.events import Origin
from gatepost.model.setting_values import Unusable, lifetime, listen, networks, public_url, smtp_url
from gatepost.protocol import client_authentication, parameters, request_objects, requested_claims
from gatepost.web import addresses, http
from gatepost.web.api import json_bodies

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSALS = (Refused, Unusable)
"""How some of them say no; any other exception is one too many."""

_PIECES = (
    *("&", "=", "%", "%00", "%zz", "+", ";", "/", "//", "..", ".", ":", "?", "#", "@", "[", "]"),
    *("http://", "https://", "localhost", "127.0.0.1", "[::1]", "a.example", ":8443", ":99999"),
    *("client_id=", "grant_type", "refresh_token", "openid", "Basic ", "Bearer ", "e30", "eyJ"),
    *("{", "}", '"', "\\u0000", "\\ud800", "null", "1e999", "-0", "[]", "true", "\u202e", "\ud800"),
    *("2026-01-01T00:00:00Z", "9999-12-31", "T24:00", "+14:00", "0", "-1", "kid", "alg", "none"),
)
_TEXT = st.text(max_size=60) | st.lists(
    st.sampled_from(_PIECES) | st.text(max_size=4), max_size=12
).map("".join)
_BYTES = st.binary(max_size=120) | _TEXT.map(partial(str.encode, errors="surrogatepass"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_PARTS = st.text("abcXYZ019-_=+/", max_size=40) | _JSON.map(
    lambda value: base64url.encoded(json.dumps(value).encode())
)
_TOKENS = st.lists(_PARTS, min_size=1, max_size=6).map(".".join) | _TEXT
_WORDS = st.dictionaries(
    st.sampled_from(
        ("client_id", "client_secret", "client_assertion", "client_assertion_type", "code")
    )
    | _TEXT,
    _TEXT | _TOKENS,
    max_size=5,
)
_KEYS = (
    st.fixed_dictionaries(
        {
            "keys": st.lists(
                st.dictionaries(
                    st.sampled_from(("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", "d"))
                    | _TEXT,
                    st.sampled_from(("RSA", "EC", "P-256", "sig", "AQAB", "RS256"))
                    | _PARTS
                    | _JSON,
                    max_size=7,
                ),
                max_size=3,
            )
        }
    )
    | _JSON
)


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


def _assertion(text: str) -> object:
    return _PASSKEYS.credential_id(text), _PASSKEYS.registered(text, "AAAA")


_PROXIES = networks("127.0.0.0/8, ::1")
_PASSKEYS = WebAuthnPasskeys("localhost", "http://localhost:8080")
_BODIES = [*(kind.settings for kind in CLIENT_KINDS), SecretBody, RoleBody, UserBody]

PARSERS: Mapping[str, Parser] = {
    "form": Parser(parameters.parse_form, _BYTES),
    "pairs": Parser(parameters.parse_pairs, _BYTES),
    "JSON object": Parser(parameters.json_object, _BYTES | _JSON.map(json.dumps)),
    "printable": Parser(parameters.printable, _TEXT),
    "path": Parser(http.path_segments, _BYTES.map(b"/".__add__)),
    "query": Parser(http.query_pairs, _BYTES),
    "JSON body": Parser(_json_body, _BYTES | _JSON.map(lambda value: json.dumps(value).encode())),
    "redirect address": Parser(uris.redirect_uri_fault, _TEXT),
    "logout address": Parser(uris.logout_uri_fault, _TEXT),
    "origin": Parser(uris.origin_fault, _TEXT),
    "page address": Parser(uris.page_uri_fault, _TEXT),
    "moment": Parser(reading.read_moment, _TEXT),
    "signed token": Parser(compact.opened, _TOKENS),
    "base64url": Parser(base64url.decoded, _TEXT),
    "secret": Parser(secret_values.is_well_formed, _TEXT),
    "search": Parser(search.search_for, _TEXT),
    "key set": Parser(key_sets.read_key_set, _KEYS),
    "request object": Parser(
        lambda payload: request_objects.read(payload, "app", "https://a.example", NOW),
        _BYTES | _JSON.map(lambda value: json.dumps(value).encode()),
    ),
    "claims": Parser(requested_claims.read_claims, _JSON.map(json.dumps) | _TEXT),
    "credentials": Parser(_credentials, st.tuples(st.none() | _TEXT, _WORDS)),
    "caller's address": Parser(
        _address, st.tuples(st.sampled_from(("127.0.0.1", "::1", "")) | _TEXT, st.none() | _TEXT)
    ),
    "passkey": Parser(_assertion, _JSON.map(json.dumps) | _TEXT),
    **{
        f"setting {read.__name__}": Parser(read, _TEXT)
        for read in (lifetime, listen, networks, public_url, smtp_url)
    },
    **{
        f"body {struct.__name__}": Parser(
            partial(reading.read_members, reading.members_of(struct)),
            st.dictionaries(
                st.sampled_from([member.name for member in reading.members_of(struct)]) | _TEXT,
                _JSON,
                max_size=5,
            ),
        )
        for struct in _BODIES
    },
}
