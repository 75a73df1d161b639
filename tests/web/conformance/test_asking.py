"""Modules about single parameters of the request, and about addresses and objects in it."""

import json
import re
from base64 import urlsafe_b64encode

import pytest

from tests.flows import CALLBACK
from tests.web.conformance.party import (
    BASIC,
    CODE_ID_TOKEN,
    PLANS,
    Asked,
    Party,
    check_error,
    check_error_page,
    of,
)

ELSEWHERE = "https://app.example.com/not-registered"


@of(*BASIC, *CODE_ID_TOKEN)
def test_response_type_missing(party: Party) -> None:
    """Without a response type the answer has no tokens, and so may go by the query."""
    asked = party.ask(party.browser(), response_type=None)
    wanted = "form_post" if party.plan.mode == "form_post" else "query"
    assert asked.landing.mode == wanted
    party = party._replace(plan=party.plan._replace(response_type="code"))
    check_error(party, asked, "invalid_request", "unsupported_response_type")


@of(*PLANS)
def test_display_page(party: Party) -> None:
    """A wish for a page changes nothing."""
    party.run(party.browser(), display="page")


@of(*PLANS)
def test_display_popup(party: Party) -> None:
    """Nor does one for a small window."""
    party.run(party.browser(), display="popup")


@of(*PLANS)
def test_ensure_request_with_unknown_parameter_succeeds(party: Party) -> None:
    """What we do not know is ignored, and not given back."""
    party.run(party.browser(), extra="foobar")


@of(*PLANS)
def test_login_hint(party: Party) -> None:
    """The hint stands on the page, and the person may still type another address."""
    visitor = party.browser()
    asked = party.ask(visitor, login_hint="bob@example.com")
    assert re.search(r'id="email"[^>]*value="bob@example.com"', asked.landing.response.text)
    party.finish(visitor, asked)


@of(*PLANS)
def test_ui_locales(party: Party) -> None:
    """Languages that we do not speak are no error."""
    party.run(party.browser(), ui_locales="se")


@of(*PLANS)
def test_claims_locales(party: Party) -> None:
    """Nor are those for the claims."""
    party.run(party.browser(), claims_locales="se")


@of(*PLANS)
def test_ensure_request_with_acr_values_succeeds(party: Party) -> None:
    """The way a person signed in is told, and is one of those asked for."""
    done = party.run(party.browser(), acr_values="1 2")
    assert done.claims["acr"] in {"1", "2"}


@pytest.mark.requirement("R-03", "R-01")
@of(*PLANS)
def test_ensure_registered_redirect_uri(party: Party) -> None:
    """Nobody is sent to an address that is not registered."""
    visitor = party.browser()
    check_error_page(party.ask(visitor, redirect_uri=ELSEWHERE))
    party.run(visitor)
    check_error_page(party.ask(visitor, redirect_uri=ELSEWHERE))
    check_error_page(party.ask(visitor, redirect_uri=CALLBACK + "?added=1"))


@of(*BASIC)
def test_ensure_post_request_succeeds(party: Party) -> None:
    """A request by POST, from another site and so without cookies at first."""
    visitor = party.browser()
    sent = party.ask(visitor).sent
    stranger = party.browser()
    answer = stranger.http.post("/identity/connect/authorize", data=sent)
    assert answer.status_code == 303
    asked = Asked(sent, visitor.get(answer.headers["location"]))
    party.finish(visitor, asked)


def unsigned(party: Party, **members: str) -> str:
    """A request object under the algorithm none."""
    claims = {"iss": party.client.id, "aud": f"{party.certified.served.url}/identity"}
    parts = ({"alg": "none", "typ": "JWT"}, claims | members)
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


@pytest.mark.requirement("R-35")
@of(*PLANS)
def test_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    party: Party,
) -> None:
    """An object that nobody signed is refused by name, and not ignored."""
    asked = party.ask(party.browser())
    inside = unsigned(party, **asked.sent)
    check_error(party, party.ask(party.browser(), request=inside), "request_not_supported")


@pytest.mark.requirement("R-35", "R-03")
@of(*PLANS)
def test_ensure_request_object_with_redirect_uri(party: Party) -> None:
    """An address inside it makes an unregistered one outside no better."""
    asked = party.ask(party.browser())
    inside = unsigned(party, **asked.sent)
    check_error_page(party.ask(party.browser(), request=inside, redirect_uri=ELSEWHERE))


@pytest.mark.requirement("R-35", "R-36")
@of(*PLANS)
def test_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    party: Party,
) -> None:
    """An object to be fetched is refused by name."""
    there = "https://app.example.com/request-object"
    asked = party.ask(party.browser(), request_uri=there)
    check_error(party, asked, "request_uri_not_supported")
