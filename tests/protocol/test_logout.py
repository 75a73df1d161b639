"""Signing out, as functions of values: hints, ways back, logout tokens, frames, session states."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.protocol.id_tokens import ID_TOKEN_TYPE
from gatepost.protocol.logout import (
    EVENT,
    LOGOUT_TOKEN_LIFETIME,
    LOGOUT_TOKEN_TYPE,
    Hint,
    SessionState,
    front_channel_address,
    logout_token_claims,
    read_hint,
    session_state,
    way_back,
    way_back_address,
)
from gatepost.protocol.redirects import Target
from tests.node import Frame, Message, check_session

ISSUER = "https://gatepost.example/identity"
OUT = "https://app.example.com/signed-out"
LOOPBACK = "http://127.0.0.1/out"
NOW = datetime(2026, 1, 1, 12, 0, 0, 750_000, tzinfo=UTC)
AT = int(NOW.timestamp())
OF = SessionState("boiler", "https://app.example.com", "a-browser_state")
ODD = "x y&=?#/+%ü€\U0001f600;'\"<>\\"


def payload(**changes: Any) -> bytes:
    """The claims of an id token, with changes; None leaves a claim out."""
    claims = {"iss": ISSUER, "sub": "kim", "aud": "boiler", "sid": "s1", "exp": 1} | changes
    return json.dumps({name: value for name, value in claims.items() if value is not None}).encode()


class TestHint:
    def test_says_of_whom_and_to_whom(self) -> None:
        assert read_hint(payload(), ISSUER) == Hint(ISSUER, "kim", "boiler", "s1")

    def test_may_lack_a_session(self) -> None:
        assert read_hint(payload(sid=None), ISSUER) == Hint(ISSUER, "kim", "boiler", None)

    def test_may_have_expired_long_ago(self) -> None:
        assert read_hint(payload(exp=0), ISSUER) is not None

    @pytest.mark.requirement("R-31")
    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://other.example/identity"},
            {"iss": ISSUER + "/"},
            {"iss": None},
            {"sub": None},
            {"aud": None},
            {"sub": 1},
            {"aud": ["boiler"]},
            {"sid": {}},
        ],
    )
    def test_is_none_where_it_is_not_ours(self, changes: dict[str, Any]) -> None:
        assert read_hint(payload(**changes), ISSUER) is None

    @pytest.mark.requirement("R-72")
    @given(st.binary(max_size=200))
    def test_is_none_for_what_cannot_be_read(self, octets: bytes) -> None:
        assert read_hint(octets, ISSUER) is None


class TestWayBack:
    @pytest.mark.requirement("R-40")
    @pytest.mark.parametrize("asked", [OUT, LOOPBACK, "http://127.0.0.1:5004/out"])
    def test_is_a_registered_address(self, asked: str) -> None:
        asked_for = {"post_logout_redirect_uri": asked}
        assert way_back(asked_for, "boiler", (OUT, LOOPBACK)) == Target("boiler", asked)

    @pytest.mark.requirement("R-40", "R-01", "R-02")
    @pytest.mark.parametrize(
        "asked",
        [
            OUT + "?a=b",
            OUT + "?",
            OUT + "/",
            OUT + "#a",
            OUT + "%2f",
            OUT.upper(),
            OUT.replace("https", "http"),
            OUT.replace("app.example.com", "app.example.com:443"),
            OUT.replace("app.example.com", "app.example.com.evil.example"),
            OUT.replace("app.", "evil@app."),
            "https://evil.example/?" + OUT,
            "javascript:alert(1)",
            "//app.example.com/signed-out",
            "http://127.0.0.1:5004/out?a=b",
            "http://127.0.0.1:5004@evil.example/out",
            "http://localhost/out",
            " " + OUT,
        ],
    )
    def test_is_none_for_any_other(self, asked: str) -> None:
        assert way_back({"post_logout_redirect_uri": asked}, "boiler", (OUT, LOOPBACK)) is None

    def test_is_none_where_none_is_asked_for_or_registered(self) -> None:
        assert way_back({}, "boiler", (OUT,)) is None
        assert way_back({"post_logout_redirect_uri": OUT}, "boiler", ()) is None

    @pytest.mark.parametrize("state", [None, "a", "s" * 128, ODD])
    @pytest.mark.parametrize("uri", [OUT, OUT + "?a=b%20c"])
    def test_carries_exactly_the_state(self, uri: str, state: str | None) -> None:
        address = way_back_address(Target("boiler", uri), state)
        assert address.startswith(uri)
        assert address.isascii()
        assert not urlsplit(address).fragment
        told = parse_qsl(urlsplit(address).query, strict_parsing=True) if "?" in address else []
        before = [("a", "b c")] if "?" in uri else []
        assert told == before + ([] if state is None else [("state", state)])


class TestLogoutToken:
    @pytest.mark.requirement("R-32")
    def test_says_exactly_this(self) -> None:
        claims = logout_token_claims(ISSUER, "boiler", ("kim", "s1"), NOW, "rnd")
        assert claims == {
            "iss": ISSUER,
            "aud": "boiler",
            "iat": AT,
            "exp": int((NOW + LOGOUT_TOKEN_LIFETIME).timestamp()),
            "jti": "rnd",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sub": "kim",
            "sid": "s1",
        }
        assert claims["events"] == {EVENT: {}}

    def test_is_of_a_type_of_its_own_and_short_lived(self) -> None:
        assert LOGOUT_TOKEN_TYPE == "logout+jwt"
        assert LOGOUT_TOKEN_TYPE != ID_TOKEN_TYPE
        assert timedelta(0) < LOGOUT_TOKEN_LIFETIME <= timedelta(minutes=2)


class TestFrame:
    def test_names_issuer_and_session(self) -> None:
        address = front_channel_address(OUT, ISSUER, "s 1&")
        assert address.startswith(OUT + "?")
        assert dict(parse_qsl(urlsplit(address).query)) == {"iss": ISSUER, "sid": "s 1&"}

    def test_keeps_the_query_that_is_registered(self) -> None:
        address = front_channel_address(OUT + "?a=b", ISSUER, "s1")
        told = dict(parse_qsl(urlsplit(address).query))
        assert told == {"a": "b", "iss": ISSUER, "sid": "s1"}

    def test_is_bare_where_no_session_is_wanted(self) -> None:
        assert front_channel_address(OUT + "?a=b", ISSUER, None) == OUT + "?a=b"


class TestSessionState:
    def test_is_a_hash_and_its_salt(self) -> None:
        made = session_state(OF, "NaCl")
        digest, dot, salt = made.partition(".")
        assert (len(digest), dot, salt) == (43, ".", "NaCl")
        assert " " not in made

    @pytest.mark.parametrize(
        "other",
        [
            OF._replace(client_id="other"),
            OF._replace(origin="https://evil.example"),
            OF._replace(browser_state="another"),
        ],
    )
    def test_differs_with_each_part(self, other: SessionState) -> None:
        assert session_state(other, "NaCl") != session_state(OF, "NaCl")

    def test_differs_with_the_salt(self) -> None:
        assert session_state(OF, "a").split(".")[0] != session_state(OF, "b").split(".")[0]

    @pytest.mark.parametrize("is_safe", [True, False])
    def test_is_what_the_page_computes_in_the_browser(self, is_safe: bool) -> None:
        """By the browser's own hash, and by the page's where the browser has none."""
        frame = Frame("state", f"a=b; state={OF.browser_state}; statement=c", is_safe)
        asked = {
            "unchanged": OF,
            "long": OF._replace(client_id="c" * 100),
            "another client": OF._replace(client_id="other"),
            "another origin": OF._replace(origin="https://evil.example"),
            "another state": OF._replace(browser_state="another"),
        }
        messages = {
            name: Message(f"{of.client_id} {session_state(of, 'NaCl')}", OF.origin)
            for name, of in asked.items()
        }
        messages["another client"] = Message(
            f"boiler {session_state(asked['another client'], 'a')}", OF.origin
        )
        assert check_session(frame, messages) == {
            "unchanged": ["unchanged", OF.origin],
            "long": ["unchanged", OF.origin],
            "another client": ["changed", OF.origin],
            "another origin": ["changed", OF.origin],
            "another state": ["changed", OF.origin],
        }
