"""Made-up words of strangers, in the forms that our parsers are fed: for L-19."""

import json
from functools import partial

from hypothesis import strategies as st

from faults.mutations import PIECES
from gatepost.model import base64url

TEXT = st.text(max_size=60) | st.lists(
    st.sampled_from(PIECES) | st.text(max_size=4), max_size=12
).map("".join)
BYTES = st.binary(max_size=120) | TEXT.map(partial(str.encode, errors="surrogatepass"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
PARTS = st.text("abcXYZ019-_=+/", max_size=40) | JSON.map(
    lambda value: base64url.encoded(json.dumps(value).encode())
)
TOKENS = st.lists(PARTS, min_size=1, max_size=6).map(".".join) | TEXT
WORDS = st.dictionaries(
    st.sampled_from(
        ("client_id", "client_secret", "client_assertion", "client_assertion_type", "code")
    )
    | TEXT,
    TEXT | TOKENS,
    max_size=5,
)
KEYS = (
    st.fixed_dictionaries(
        {
            "keys": st.lists(
                st.dictionaries(
                    st.sampled_from(("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", "d"))
                    | TEXT,
                    st.sampled_from(("RSA", "EC", "P-256", "sig", "AQAB", "RS256")) | PARTS | JSON,
                    max_size=7,
                ),
                max_size=3,
            )
        }
    )
    | JSON
)

CLAIMS = st.dictionaries(
    st.sampled_from(("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "scope", "client_id", "sid"))
    | TEXT,
    st.sampled_from(("https://a.example", "app", "ocsapi", 1_767_225_700, 1e308, -1e308, 2**64))
    | JSON,
    max_size=9,
).map(lambda value: json.dumps(value).encode())
ASKED = st.dictionaries(
    st.sampled_from(
        (
            *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state"),
            *("nonce", "prompt", "max_age", "ui_locales", "login_hint", "claims", "acr_values"),
            *("code_challenge", "code_challenge_method", "resource", "id_token_hint", "request"),
        )
    )
    | TEXT,
    st.sampled_from(
        (
            *("code", "code id_token", "id_token code", "form_post", "query", "openid ocsapi"),
            *("offline_access", "none login", "consent", "S256", "plain", "9" * 30, "-1", "A" * 43),
        )
    )
    | TEXT,
    max_size=8,
)
HEADERS = st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=6)
ZONES = st.sampled_from(("UTC", "Europe/Berlin", "America/St_Johns", "Etc/GMT+12", "../etc")) | TEXT
LOCAL_TIMES = st.datetimes().map(lambda at: at.isoformat(timespec="minutes"))
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(("page", "q", "type", "status", "expiry", "sort", "client", "tab")) | TEXT,
        TEXT | st.sampled_from(("\u0661", "99999", "000", "-1")),
    ),
    max_size=6,
).map(tuple)
_HEX = st.sampled_from(("ab" * 32, "ab", "", "zz"))
JSON_LINES = st.dictionaries(
    st.sampled_from(("tenant", "seq", "previous", "hash", "seal", "event", "kind", "at", "key"))
    | st.sampled_from(("journals", "signature")),
    _HEX | st.integers() | JSON | st.just({"action": "journal.cut", "after": {"Seq": 1}}),
    max_size=8,
).map(lambda value: (json.dumps(value) + "\n").encode())
