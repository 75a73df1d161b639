"""What the tests of the authorization endpoint share: raw requests, error pages, the journal."""

import html
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from msgspec.structs import replace

from gatepost.model.events import OPERATOR, Action, ChainedEvent, Event, Origin
from gatepost.model.sign_ins import SignInDigests
from gatepost.services import journal
from tests.flows import AUTHORIZE, CALLBACK, Application, Landing, Visitor
from tests.served import Served, Tenant

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
METHODS = ("GET", "POST")
LOCALHOST = "http://localhost:5004/callback.html"
LOOPBACK = "http://127.0.0.1/cb"
ADDRESSES: dict[str, Any] = {"RedirectUris": [CALLBACK, LOCALHOST, LOOPBACK]}


def good(client: Application | str, **changes: str | None) -> list[tuple[str, str]]:
    """The parameters of a request that is in order, with changes; None leaves one out."""
    sent: dict[str, str | None] = {
        "client_id": client if isinstance(client, str) else client.id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "some-state",
        "nonce": "some-nonce",
    }
    return [(name, value) for name, value in (sent | changes).items() if value is not None]


def ask(served: Served, pairs: list[tuple[str, str]] | str, method: str = "GET") -> httpx.Response:
    """The very first answer to an authorization request, from a browser that was never here."""
    text = pairs if isinstance(pairs, str) else urlencode(pairs)
    browser = Visitor(served).http
    if method == "POST":
        return browser.post(AUTHORIZE, content=text, headers=FORM)
    return browser.get(f"{AUTHORIZE}?{text}")


def error_page(answer: httpx.Response, error: str) -> str:
    """The page of an error that only the person is told; its support id."""
    assert answer.status_code == 400, answer.text
    assert "location" not in answer.headers
    assert "refresh" not in answer.headers
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert f"<code>{error}</code>" in answer.text
    support_id = answer.headers["operation-id"]
    assert f"<code>{support_id}</code>" in answer.text
    assert "<form" not in answer.text
    assert 'http-equiv="refresh"' not in answer.text
    return support_id


def entries(served: Served, support_id: str) -> list[Event]:
    """What the journal says under a support id."""
    found: tuple[ChainedEvent, ...] = journal.of_operation(served.house.world, support_id)
    return [link.event for link in found]


def refusal(served: Served, answer: httpx.Response) -> Event:
    """The one event of an answer, which is a refusal."""
    (event,) = entries(served, answer.headers["operation-id"])
    assert event.action is Action.AUTHORIZATION_REFUSED
    return event


def is_echoed(text: str, page: str) -> bool:
    """Whether a page shows a text, plain or escaped."""
    return any(form in page for form in {text, html.escape(text)})


def told_error(landing: Landing, error: str) -> dict[str, str]:
    """The answer of an error at the application."""
    assert not landing.is_page, landing.response.text
    assert landing.answer.get("error") == error, landing.answer
    assert "code" not in landing.answer
    return landing.answer


def grow_old(visitor: Visitor, tenant: Tenant, **by: float) -> None:
    """Let the sign-in of a browser have been made earlier than it was."""
    world = visitor.served.house.world
    token = visitor.http.cookies["gatepost-sid"]
    session = world.secrets.digest_of("session", token)
    silent = world.secrets.digest_of("silent", world.dice.token(32))
    with world.store.writing(tenant.id) as tenancy:
        sign_in = tenancy.sign_ins.with_session([session])
        assert sign_in is not None
        older = replace(sign_in, signed_in_at=sign_in.signed_in_at - timedelta(**by))
        tenancy.sign_ins.end(sign_in.id)
        tenancy.sign_ins.add(older, SignInDigests(session, silent))
        tenancy.journal.append(
            Event(
                at=world.clock.now(),
                action=Action.SIGNED_IN,
                actor=OPERATOR,
                origin=Origin("grow_old", ""),
                target=sign_in.user_id,
            )
        )
