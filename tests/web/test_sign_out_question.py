"""The question before a sign-out that does not prove itself: nothing ends before the answer."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.flows import SIGNED_OUT, Application, Landing, Person, Visitor, new_application
from tests.flows import new_person as person_of
from tests.served import Served
from tests.web.oauth import journal
from tests.web.relying import (
    ODD,
    Leave,
    claims_of,
    is_question,
    is_signed_in,
    is_signed_out_page,
    leave,
    leave_by_post,
    use,
)


@pytest.fixture
def hint(visitor: Visitor, client: Application, person: Person) -> str:
    """The id token of the sign-in that the browser has."""
    return str(use(visitor, client, person)["id_token"])


def forged(hint: str) -> str:
    """The same claims without a signature, under the algorithm none."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{head.decode().rstrip('=')}.{hint.split('.')[1]}."


def changed(hint: str, **claims: Any) -> str:
    """Other claims under the signature of these."""
    head, _, signature = hint.split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims_of(hint) | claims).encode()).decode()
    return f"{head}.{body.rstrip('=')}.{signature}"


def is_asked(visitor: Visitor, client: Application, landing: Landing) -> bool:
    """Whether the question is there, and the session too."""
    return is_question(landing) and is_signed_in(visitor, client)


@pytest.mark.requirement("R-40")
@pytest.mark.parametrize("way", [leave, leave_by_post])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda _hint: {},
        lambda hint: {"id_token_hint": forged(hint)},
        lambda hint: {"id_token_hint": changed(hint, sub="other")},
        lambda hint: {"id_token_hint": hint[:-8] + "AAAAAAAA"},
        lambda hint: {"id_token_hint": hint.rpartition(".")[0] + "."},
        lambda _hint: {"id_token_hint": "nothing"},
        lambda _hint: {"id_token_hint": "a" * 8_192},
    ],
)
def test_without_a_hint_of_ours(
    visitor: Visitor,
    client: Application,
    hint: str,
    way: Leave,
    spoil: Callable[[str], dict[str, str]],
) -> None:
    sent = {"post_logout_redirect_uri": SIGNED_OUT, "state": "a"} | spoil(hint)
    landing = way(visitor, **sent)
    assert is_asked(visitor, client, landing)
    landing = visitor.submit(landing, "signout")
    # no client is known, so there is nobody whose address could be compared
    assert is_signed_out_page(landing)
    assert SIGNED_OUT not in landing.response.text
    assert not is_signed_in(visitor, client)


@pytest.mark.usefixtures("hint")
@pytest.mark.requirement("R-40")
def test_with_a_client_named_and_no_hint(visitor: Visitor, client: Application) -> None:
    sent = {"post_logout_redirect_uri": SIGNED_OUT, "state": ODD}
    landing = leave(visitor, client_id=client.id, **sent)
    assert is_asked(visitor, client, landing)
    assert "Boiler house" in landing.response.text
    policy = landing.response.headers["content-security-policy"]
    assert "form-action 'self' https://app.example.com;" in policy
    landing = visitor.submit(landing, "signout")
    assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": ODD})
    assert not is_signed_in(visitor, client)


@pytest.mark.usefixtures("hint")
@pytest.mark.requirement("R-40")
def test_with_the_hint_of_somebody_else(
    served: Served, visitor: Visitor, client: Application
) -> None:
    other = person_of(served, served.first)
    foreign = use(Visitor(served), client, other)["id_token"]
    landing = leave(visitor, id_token_hint=foreign, post_logout_redirect_uri=SIGNED_OUT)
    assert is_asked(visitor, client, landing)
    landing = visitor.submit(landing, "signout")
    assert landing.uri == SIGNED_OUT
    assert not is_signed_in(visitor, client)


@pytest.mark.requirement("R-40")
def test_with_an_access_token_for_a_hint(
    visitor: Visitor, client: Application, person: Person
) -> None:
    token = use(visitor, client, person)["access_token"]
    assert is_asked(visitor, client, leave(visitor, id_token_hint=token))


@pytest.mark.requirement("R-40")
def test_with_another_client_named_than_the_hint_is_for(
    served: Served, visitor: Visitor, client: Application, hint: str
) -> None:
    elsewhere = "https://other.example.com/signed-out"
    other = new_application(served, served.first, PostLogoutRedirectUris=[elsewhere])
    sent = {"id_token_hint": hint, "client_id": other.id}
    landing = leave(visitor, **sent, post_logout_redirect_uri=SIGNED_OUT)
    assert is_asked(visitor, client, landing)
    landing = visitor.submit(landing, "signout")
    assert is_signed_out_page(landing)


@pytest.mark.requirement("R-40")
@pytest.mark.parametrize("way", [leave, leave_by_post])
@pytest.mark.parametrize(
    "address",
    [
        SIGNED_OUT + "?added=query",
        SIGNED_OUT + "/",
        "https://evil.example/signed-out",
        "https://app.example.com/signin-oidc",
        "javascript:alert(1)",
        "//evil.example",
    ],
)
def test_with_an_address_that_is_not_registered(
    visitor: Visitor, client: Application, hint: str, way: Leave, address: str
) -> None:
    sent = {"id_token_hint": hint, "state": "a"}
    landing = way(visitor, **sent, post_logout_redirect_uri=address)
    assert is_asked(visitor, client, landing)
    for button in ("stay", "signout"):
        landing = visitor.submit(landing, button)
        assert landing.is_page
        assert address not in landing.response.headers.get("location", "")
        landing = way(visitor, **sent, post_logout_redirect_uri=address)
    assert is_signed_out_page(landing)
    assert not is_signed_in(visitor, client)


@pytest.mark.requirement("R-79")
@pytest.mark.parametrize("way", [leave, leave_by_post])
@pytest.mark.parametrize("name", ["id_token_hint", "post_logout_redirect_uri", "state"])
def test_what_is_too_long_is_an_error_and_not_absent(
    visitor: Visitor, client: Application, hint: str, way: Leave, name: str
) -> None:
    sent = {"client_id": client.id, "post_logout_redirect_uri": SIGNED_OUT}
    landing = way(visitor, **(sent | {name: hint + "a" * 8_193}))
    assert landing.is_page
    assert landing.response.status_code == 400
    assert is_signed_in(visitor, client)


@pytest.mark.requirement("R-76")
def test_the_journal_tells_what_to_register(
    served: Served, visitor: Visitor, client: Application, hint: str
) -> None:
    leave(visitor, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT + "/")
    events = [link.event for link in journal(served, client.id)]
    (refused,) = [event for event in events if event.reason == "logout_uri_unknown"]
    assert refused.after is not None
    assert refused.after["Sent"] == SIGNED_OUT + "/"
    assert refused.after["Registered"] == [SIGNED_OUT]


@pytest.mark.usefixtures("hint")
def test_no_keeps_everything(visitor: Visitor, client: Application) -> None:
    landing = visitor.submit(leave(visitor), "stay")
    assert landing.path == "/identity/account"
    sent = {"client_id": client.id, "post_logout_redirect_uri": SIGNED_OUT, "state": "a"}
    landing = visitor.submit(leave(visitor, **sent), "stay")
    assert (landing.uri, landing.answer) == (SIGNED_OUT, {"state": "a"})
    assert is_signed_in(visitor, client)


@pytest.mark.usefixtures("hint")
@pytest.mark.parametrize("sent", [{}, {"state": "s" * 128}, {"client_id": "unknown"}])
def test_with_nothing_that_names_anybody(
    visitor: Visitor, client: Application, sent: dict[str, str]
) -> None:
    landing = leave(visitor, **sent)
    assert is_asked(visitor, client, landing)
    landing = visitor.submit(landing, "signout")
    assert is_signed_out_page(landing)
    assert not is_signed_in(visitor, client)
