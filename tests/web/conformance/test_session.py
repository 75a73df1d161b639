"""Modules about who is signed in already: prompt, max_age, and the hint of an id token."""

import pytest

from tests.flows import Visitor
from tests.web.conformance.party import PLANS, Answered, Asked, Party, check_error, of

SIGN_IN = "/identity/signin"


def again_after(party: Party, visitor: Visitor, **parameters: str) -> tuple[Answered, Asked]:
    """A sign-in, and two seconds later another request."""
    first = party.run(visitor)
    party.certified.forward(seconds=2)
    return first, party.ask(visitor, **parameters)


@pytest.mark.requirement("R-37")
@of(*PLANS)
def test_prompt_login(party: Party) -> None:
    """The person must sign in again, and the time of it is told."""
    visitor = party.browser()
    first, asked = again_after(party, visitor, prompt="login")
    assert asked.landing.path == SIGN_IN
    second = party.finish(visitor, asked)
    assert second.claims["auth_time"] > first.claims["auth_time"]
    assert second.claims["sub"] == first.claims["sub"]


@pytest.mark.requirement("R-37")
@of(*PLANS)
def test_prompt_none_not_logged_in(party: Party) -> None:
    """Nobody is there, and no page says so."""
    check_error(party, party.ask(party.browser(), prompt="none"), "login_required")


@of(*PLANS)
def test_prompt_none_logged_in(party: Party) -> None:
    """Without a page, the same person and the same sign-in."""
    visitor = party.browser()
    first, asked = again_after(party, visitor, prompt="none")
    assert not asked.landing.is_page
    second = party.finish(visitor, asked)
    for name in ("sub", "auth_time", "sid"):
        assert second.claims[name] == first.claims[name]


@pytest.mark.requirement("R-37")
@of(*PLANS)
def test_max_age_1(party: Party) -> None:
    """A sign-in of two seconds ago is too old for a second."""
    visitor = party.browser()
    first, asked = again_after(party, visitor, max_age="1")
    assert asked.landing.path == SIGN_IN
    second = party.finish(visitor, asked)
    assert second.claims["auth_time"] > first.claims["auth_time"]


@of(*PLANS)
def test_max_age_10000(party: Party) -> None:
    """And young enough for some hours."""
    visitor = party.browser()
    first, asked = again_after(party, visitor, max_age="10000")
    assert not asked.landing.is_page
    second = party.finish(visitor, asked)
    assert second.claims["auth_time"] == first.claims["auth_time"]


@of(*PLANS)
def test_id_token_hint(party: Party) -> None:
    """An id token of an earlier flow names the person; no page is shown."""
    visitor = party.browser()
    first = party.run(visitor)
    hint = first.tokens["id_token"]
    asked = party.ask(visitor, prompt="none", id_token_hint=hint)
    assert not asked.landing.is_page
    assert party.finish(visitor, asked).claims["sub"] == first.claims["sub"]
