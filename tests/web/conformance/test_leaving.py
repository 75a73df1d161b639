"""Modules about signing out on the wish of an application."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.flows import SIGNED_OUT, Landing, Visitor
from tests.web.conformance.party import (
    ALL_THREE,
    BASIC,
    CODE_ID_TOKEN,
    CODE_TOKEN,
    Party,
    check_error,
    of,
)
from tests.web.relying import claims_of, is_question, is_signed_out_page, leave

PLANS = tuple(plans[0] for plans in (BASIC, CODE_ID_TOKEN, CODE_TOKEN, ALL_THREE))
STATE = "".join(chr(33 + n % 94) for n in range(128))


def signed_in(party: Party) -> tuple[Visitor, str]:
    """A person who signed in, and their id token."""
    visitor = party.browser()
    return visitor, str(party.run(visitor).tokens["id_token"])


def check_signed_out(party: Party, visitor: Visitor) -> None:
    """Nobody is signed in any more, as prompt=none tells."""
    check_error(party, party.ask(visitor, prompt="none"), "login_required")


def check_signed_in(party: Party, visitor: Visitor) -> None:
    """Somebody still is."""
    assert "code" in party.ask(visitor, prompt="none").landing.answer


def check_asked(party: Party, visitor: Visitor, landing: Landing) -> None:
    """The person is asked first, and sent nowhere afterwards."""
    assert is_question(landing)
    check_signed_in(party, visitor)
    landing = visitor.submit(landing, "signout")
    assert is_signed_out_page(landing)
    assert SIGNED_OUT not in landing.response.text
    check_signed_out(party, visitor)


def forged(hint: str) -> str:
    """The same claims under the algorithm none."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    return f"{head}.{hint.split('.')[1]}."


def signed_by_another(hint: str) -> str:
    """The same claims and header, signed with a key that is not ours."""
    key = rsa.generate_private_key(65537, 2048)
    header = jwt.get_unverified_header(hint)
    return jwt.encode(claims_of(hint), key, "RS256", headers=header)


@of(*PLANS)
def test_rp_initiated_logout(party: Party) -> None:
    """Hint, registered address and state: back at once, with exactly the state."""
    visitor, hint = signed_in(party)
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT}
    landing = leave(visitor, **sent, state=STATE)
    assert (landing.uri, landing.mode) == (SIGNED_OUT, "query")
    assert landing.answer == {"state": STATE}
    check_signed_out(party, visitor)


@of(*PLANS)
def test_rp_initiated_logout_no_state(party: Party) -> None:
    """Without a state none comes back."""
    visitor, hint = signed_in(party)
    landing = leave(visitor, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT)
    assert (landing.uri, landing.answer) == (SIGNED_OUT, {})
    check_signed_out(party, visitor)


@pytest.mark.requirement("R-40")
@of(*PLANS)
def test_rp_initiated_logout_bad_post_logout_redirect_uri(party: Party) -> None:
    """An address that is not registered is never gone to."""
    visitor, hint = signed_in(party)
    bad = SIGNED_OUT + "/other"
    landing = leave(visitor, id_token_hint=hint, post_logout_redirect_uri=bad, state=STATE)
    check_asked(party, visitor, landing)


@pytest.mark.requirement("R-40")
@of(*PLANS)
def test_rp_initiated_logout_query_added_to_post_logout_redirect_uri(party: Party) -> None:
    """Nor is a registered one with something added."""
    visitor, hint = signed_in(party)
    bad = SIGNED_OUT + "?foo=bar"
    landing = leave(visitor, id_token_hint=hint, post_logout_redirect_uri=bad, state=STATE)
    check_asked(party, visitor, landing)


@pytest.mark.requirement("R-40", "R-30")
@of(*PLANS)
def test_rp_initiated_logout_modified_id_token_hint(party: Party) -> None:
    """A hint without a signature proves nothing."""
    visitor, hint = signed_in(party)
    sent = {"id_token_hint": forged(hint), "post_logout_redirect_uri": SIGNED_OUT}
    check_asked(party, visitor, leave(visitor, **sent, state=STATE))


@pytest.mark.requirement("R-40", "R-30")
@of(*PLANS)
def test_rp_initiated_logout_bad_id_token_hint(party: Party) -> None:
    """Nor does one that somebody else signed."""
    visitor, hint = signed_in(party)
    sent = {"id_token_hint": signed_by_another(hint), "post_logout_redirect_uri": SIGNED_OUT}
    check_asked(party, visitor, leave(visitor, **sent, state=STATE))


@pytest.mark.requirement("R-40")
@of(*PLANS)
def test_rp_initiated_logout_no_id_token_hint(party: Party) -> None:
    """Nor does none."""
    visitor, _ = signed_in(party)
    sent = {"post_logout_redirect_uri": SIGNED_OUT, "state": STATE}
    check_asked(party, visitor, leave(visitor, **sent))


@of(*PLANS)
def test_rp_initiated_logout_no_params(party: Party) -> None:
    """With nothing said the person is asked, and then signed out."""
    visitor, _ = signed_in(party)
    check_asked(party, visitor, leave(visitor))


@of(*PLANS)
def test_rp_initiated_logout_only_state(party: Party) -> None:
    """The same with a state, which nobody gets."""
    visitor, _ = signed_in(party)
    landing = leave(visitor, state=STATE)
    check_asked(party, visitor, landing)


@of(*PLANS)
def test_rp_initiated_logout_no_post_logout_redirect_uri(party: Party) -> None:
    """With a hint and no address: signed out, and told so."""
    visitor, hint = signed_in(party)
    assert is_signed_out_page(leave(visitor, id_token_hint=hint))
    check_signed_out(party, visitor)
