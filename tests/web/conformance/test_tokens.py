"""Modules about codes that come twice, and about refresh tokens."""

import math
from collections import Counter
from typing import Any

import pytest

from tests.web.conformance.checks import check_hash, check_refused, check_tokens
from tests.web.conformance.party import (
    PLANS,
    Answered,
    Party,
    check_id_token,
    of,
)
from tests.web.relying import USERINFO


def is_dead(party: Party, tokens: dict[str, Any]) -> bool:
    """Whether UserInfo refuses an access token."""
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return party.certified.served.http.get(USERINFO, headers=headers).status_code == 401


def bits(text: str) -> float:
    """How many bits a text has, by how often each of its characters stands there."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -len(text) * sum(share * math.log2(share) for share in shares)


@pytest.mark.requirement("R-16", "R-17")
@of(*PLANS)
def test_codereuse(party: Party) -> None:
    """A code that comes again is refused, and its tokens end."""
    done = party.run(party.browser())
    check_refused(party.redeem(done.answer["code"]), "invalid_grant")
    assert is_dead(party, done.tokens)


@pytest.mark.requirement("R-16", "R-17")
@of(*PLANS)
def test_codereuse_30seconds(party: Party) -> None:
    """Half a minute later too; with it ends what came by the browser."""
    done = party.run(party.browser())
    party.certified.forward(seconds=30)
    assert not is_dead(party, done.tokens)
    check_refused(party.redeem(done.answer["code"]), "invalid_grant")
    assert is_dead(party, done.tokens)
    if "access_token" in done.answer:
        assert is_dead(party, done.answer)


def refreshed(party: Party, done: Answered, refresh_token: str) -> dict[str, Any]:
    """New tokens for the same sign-in."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    tokens = check_tokens(party.token(**form))
    # a new id token has the nonce of the first or none (OpenID Connect Core, 12.2)
    claims = check_id_token(party, tokens["id_token"], None)
    for name in ("iss", "sub", "aud", "auth_time", "sid"):
        assert claims[name] == done.claims[name]
    assert claims["iat"] >= done.claims["iat"]
    check_hash(tokens["id_token"], "at_hash", tokens["access_token"])
    assert tokens["access_token"] != done.tokens["access_token"]
    assert party.userinfo(tokens["access_token"])["sub"] == done.claims["sub"]
    return tokens


@pytest.mark.requirement("R-24", "R-74")
@of(*PLANS)
def test_refresh_token(party: Party) -> None:
    """Given for offline_access, good for new tokens, and for nobody but its client."""
    done = party.run(party.browser(), scope="openid offline_access", prompt="consent")
    token = done.tokens["refresh_token"]
    assert all("\x20" <= character <= "\x7e" for character in token)
    assert bits(token) >= 96
    party.certified.forward(seconds=1)
    tokens = refreshed(party, done, token)
    assert bits(tokens["access_token"]) >= 96
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    check_refused(party.token_as(party.second, **form), "invalid_grant")
    refreshed(party, done, tokens["refresh_token"])
