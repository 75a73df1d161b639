"""Modules about telling applications: back-channel, front-channel, session management."""

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from gatepost.services.courier import Courier
from gatepost.services.note_lines import Try
from tests.flows import SIGNED_OUT, new_application
from tests.node import Frame, Message, check_session
from tests.web.conformance.party import Party, of
from tests.web.conformance.test_leaving import PLANS, STATE, check_signed_out
from tests.web.relying import JWKS, leave

BACK = "https://app.example.com/back-channel"
FRONT = "https://app.example.com/front-channel?of=ours"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
CHECK = "/identity/connect/checksession"


def telling(party: Party, **extensions: str) -> Party:
    """The same party with a client that wants to be told."""
    served = party.certified.served
    client = new_application(
        served, served.first, AllowAccessTokensViaBrowser=True, Extensions=extensions
    )
    return party._replace(client=client)


class Outbox:
    """A messenger that keeps what it is given; on the real one see test_back_channel."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str]]] = []

    def post_form(self, address: str, form: Mapping[str, str]) -> int | None:
        """Keep it."""
        self.posts.append((address, dict(form)))
        return 200


@pytest.fixture
def outbox(party: Party, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """The post of the server, each piece delivered as it is handed in."""
    kept = Outbox()
    courier: Courier = party.certified.server._courier
    monkeypatch.setattr(courier, "_messenger", kept)
    monkeypatch.setattr(courier, "send", lambda notes: [courier._try(Try(it)) for it in notes])
    return kept


@pytest.mark.requirement("R-32")
@of(*PLANS)
def test_backchannel_rp_initiated_logout(party: Party, outbox: Outbox) -> None:
    """The application is posted a logout token; then the browser goes back."""
    party = telling(party, BackChannelLogoutUri=BACK)
    visitor = party.browser()
    done = party.run(visitor)
    sent = {"id_token_hint": done.tokens["id_token"], "post_logout_redirect_uri": SIGNED_OUT}
    landing = leave(visitor, **sent, state=STATE)
    ((address, form),) = outbox.posts
    assert address == BACK
    assert set(form) == {"logout_token"}
    check_logout_token(party, form["logout_token"], done.claims)
    assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": STATE})
    check_signed_out(party, visitor)


def check_logout_token(party: Party, logout_token: str, known: dict[str, Any]) -> None:
    """A logout token that is in order, and of the same session as an id token."""
    header = jwt.get_unverified_header(logout_token)
    assert (header["typ"], header["alg"]) == ("logout+jwt", "RS256")
    served = party.certified.served
    key = jwt.PyJWKSet.from_dict(served.http.get(JWKS).json())[header["kid"]]
    told = jwt.decode(
        logout_token,
        key,
        algorithms=["RS256"],
        audience=party.client.id,
        issuer=f"{served.url}/identity",
        options={"require": ["jti"], "verify_exp": False, "verify_iat": False},
    )
    now = party.certified.world.clock.now().timestamp()
    assert now - 86_400 < told["iat"] <= now < told["exp"]
    assert told["aud"] == party.client.id
    assert told["events"] == {EVENT: {}}
    assert (told["sub"], told["sid"]) == (known["sub"], known["sid"])
    assert "nonce" not in told


@of(*PLANS)
def test_frontchannel_rp_initiated_logout(party: Party) -> None:
    """The application is framed with issuer and session; then the browser goes back."""
    party = telling(party, FrontChannelLogoutUri=FRONT)
    visitor = party.browser()
    done = party.run(visitor)
    sent = {"id_token_hint": done.tokens["id_token"], "post_logout_redirect_uri": SIGNED_OUT}
    page = leave(visitor, **sent, state=STATE).response
    (frame,) = re.findall(r'<iframe[^>]*\bsrc="([^"]*)"', page.text)
    told = dict(parse_qsl(urlsplit(html.unescape(frame)).query))
    assert html.unescape(frame).startswith(FRONT)
    assert told == {"of": "ours", "iss": done.claims["iss"], "sid": done.claims["sid"]}
    assert "frame-src https://app.example.com;" in page.headers["content-security-policy"]
    link = re.search(r'id="continue" href="([^"]*)"', page.text)
    assert link is not None
    address = html.unescape(link[1])
    assert address.startswith(SIGNED_OUT + "?")
    assert dict(parse_qsl(urlsplit(address).query)) == {"state": STATE}
    check_signed_out(party, visitor)


@of(*PLANS)
def test_session_management_rp_initiated_logout(party: Party) -> None:
    """The frame says unchanged before, and changed afterwards."""
    visitor = party.browser()
    done = party.run(visitor)
    told = Message(f"{party.client.id} {done.answer['session_state']}", "https://app.example.com")

    def said() -> str:
        named = re.search(r'data-cookie="([^"]+)"', visitor.http.get(CHECK).text)
        assert named is not None
        cookies = "; ".join(f"{n}={v}" for n, v in visitor.http.cookies.items())
        return check_session(Frame(named[1], cookies), {"it": told})["it"][0]

    assert said() == "unchanged"
    sent = {"id_token_hint": done.tokens["id_token"], "post_logout_redirect_uri": SIGNED_OUT}
    assert leave(visitor, **sent, state=STATE).answer == {"state": STATE}
    assert said() == "changed"
    check_signed_out(party, visitor)
