"""The answer to an application: by each response type and mode, and bound to what it goes with."""

import base64
import hashlib
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.flows import (
    AUTHORIZE,
    CALLBACK,
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    redeem,
)
from tests.served import Served
from tests.web.authorizing import good, grow_old
from tests.web.relying import verified

STATE = "a state &=#\"'<b>\u00e9"
NONCE = "n &=\"'<b>\u00e9\U0001f511"
CSP = "content-security-policy"
OF_CODE = {"code"}
OF_TOKEN = {"access_token", "token_type", "expires_in", "scope"}
ALWAYS = {"state", "iss", "session_state"}
TYPES: dict[str, set[str]] = {
    "code": OF_CODE,
    "code id_token": OF_CODE | {"id_token"},
    "code token": OF_CODE | OF_TOKEN,
    "code id_token token": OF_CODE | OF_TOKEN | {"id_token"},
}


class Inside(NamedTuple):
    """Somebody who is signed in and has allowed the application."""

    served: Served
    client: Application
    person: Person
    visitor: Visitor

    def ask(self, **parameters: str | None) -> Landing:
        """Ask again; no page is needed for it."""
        landing = self.visitor.authorize(self.client, **parameters)
        assert not landing.is_page, landing.response.text
        return landing


def inside(served: Served, **members: Any) -> Inside:
    """A person who allowed a hybrid client what it mostly asks for."""
    client = new_application(served, served.first, AllowAccessTokensViaBrowser=True, **members)
    person, visitor = new_person(served, served.first), Visitor(served)
    landing = visitor.through(visitor.authorize(client, scope="openid email ocsapi"), person)
    assert "code" in landing.answer
    return Inside(served, client, person, visitor)


@pytest.fixture(scope="module")
def here(on_sqlite: Served) -> Inside:
    return inside(on_sqlite)


def half(value: str) -> str:
    """The left half of a SHA-256, as an application works it out."""
    digest = hashlib.sha256(value.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.requirement("R-08", "R-09", "R-10")
@pytest.mark.parametrize("mode", [None, "query", "fragment", "form_post"])
@pytest.mark.parametrize("type_", TYPES)
def test_every_type_comes_by_its_mode(here: Inside, type_: str, mode: str | None) -> None:
    landing = here.ask(response_type=type_, response_mode=mode, state=STATE)
    if mode == "query" and type_ != "code":
        assert (landing.mode, landing.answer["error"]) == ("fragment", "invalid_request")
        return
    assert landing.mode == (mode or ("query" if type_ == "code" else "fragment"))
    assert landing.uri == CALLBACK
    assert set(landing.answer) == TYPES[type_] | ALWAYS
    assert landing.answer["state"] == STATE
    assert landing.answer["iss"] == f"{here.served.url}/identity"
    assert landing.response.headers["cache-control"] == "no-store"
    if landing.mode == "fragment":
        assert not urlsplit(landing.response.headers["location"]).query
    if landing.mode == "form_post":
        assert "location" not in landing.response.headers


@pytest.mark.requirement("R-10")
def test_without_state_and_openid_there_is_less_to_say(here: Inside) -> None:
    bare = here.ask(state=None, scope="ocsapi", nonce=None)
    assert set(bare.answer) == {"code", "iss"}


@pytest.mark.requirement("R-11", "R-12")
@pytest.mark.parametrize("mode", ["fragment", "form_post"])
@pytest.mark.parametrize("type_", TYPES)
def test_an_id_token_is_bound_to_code_token_state_and_nonce(
    served: Served, type_: str, mode: str
) -> None:
    here = inside(served)
    answer = here.ask(response_type=type_, response_mode=mode, state=STATE, nonce=NONCE).answer
    tokens = redeem(served, here.client, answer["code"]).json()
    back = verified(served, tokens["id_token"], here.client.id, "JWT")
    assert back["nonce"] == NONCE
    assert back["at_hash"] == half(tokens["access_token"])
    if "id_token" not in type_:
        return
    front = verified(served, answer["id_token"], here.client.id, "JWT")
    same = ("iss", "sub", "aud", "nonce", "auth_time", "sid", "tid", "acr", "amr")
    assert {name: front[name] for name in same} == {name: back[name] for name in same}
    assert front["sub"] == here.person.id
    assert (front["c_hash"], front["s_hash"]) == (half(answer["code"]), half(STATE))
    token = answer.get("access_token")
    assert front.get("at_hash") == (half(token) if token else None)


@pytest.mark.requirement("R-29", "R-32")
def test_a_token_of_the_browser_is_one_for_the_api(here: Inside) -> None:
    answer = here.ask(response_type="code token", scope="openid ocsapi").answer
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", "3600")
    assert answer["scope"] == "openid ocsapi"
    claims = verified(here.served, answer["access_token"], "ocsapi", "at+jwt")
    assert (claims["sub"], claims["client_id"]) == (here.person.id, here.client.id)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    told = here.served.http.get("/identity/connect/userinfo", headers=headers)
    assert told.json()["sub"] == here.person.id


@pytest.mark.requirement("R-10", "R-41", "R-56", "R-58")
@pytest.mark.parametrize("prompt", [None, "none"])
def test_a_form_posts_the_answer_and_nothing_else(here: Inside, prompt: str | None) -> None:
    landing = here.ask(
        response_type="code id_token", response_mode="form_post", state=STATE, prompt=prompt
    )
    page = landing.response
    assert (page.status_code, landing.uri, landing.mode) == (200, CALLBACK, "form_post")
    assert not urlsplit(landing.uri).query
    assert page.headers["cache-control"] == "no-store"
    assert '<form method="post"' in page.text
    assert page.text.count("<form") == page.text.count("<button") == 1
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers[CSP].split(";"))
    assert policy["form-action"] == "'self' https://app.example.com"
    assert policy["script-src"] == "'self'"
    # Only the silent answer may stand in a frame, and only in one of the application's own.
    framed = prompt == "none"
    assert policy["frame-ancestors"] == ("https://app.example.com" if framed else "'none'")
    assert ("x-frame-options" in page.headers) is not framed
    assert "<b>" not in page.text
    assert landing.answer["state"] == STATE


@pytest.mark.requirement("R-56")
@pytest.mark.parametrize("prompt", [None, "none"])
@pytest.mark.parametrize("beside", [None, "none"])
def test_what_was_kept_ahead_decides_who_may_frame_the_answer(
    here: Inside, prompt: str | None, beside: str | None
) -> None:
    """A request by POST, or one that was pushed: the address does not say how it wants its answer.

    And what the address says beside it is not what was asked.
    """
    wish = good(here.client, response_mode="form_post", prompt=prompt)
    there = Visitor(here.served).http.post(AUTHORIZE, data=dict(wish)).headers["location"]
    page = here.visitor.get(there + (f"&prompt={beside}" if beside else "")).response
    sources = "https://app.example.com" if prompt == "none" else "'none'"
    assert page.headers[CSP].endswith(f"frame-ancestors {sources}")


@pytest.mark.requirement("R-56", "R-58")
@pytest.mark.parametrize("prompt", [None, "none"])
def test_a_form_posts_an_error_too(here: Inside, prompt: str | None) -> None:
    landing = here.ask(response_mode="form_post", state=STATE, scope="profile", prompt=prompt)
    assert landing.mode == "form_post"
    assert landing.answer["error"] == "invalid_scope"
    assert landing.answer["state"] == STATE
    sources = "https://app.example.com" if prompt else "'none'"
    assert landing.response.headers[CSP].endswith(f"frame-ancestors {sources}")


@pytest.mark.requirement("R-39")
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_a_post_finds_who_is_signed_in_when_it_comes_back(here: Inside, mode: str) -> None:
    """The POST of another site has no cookies; the GET that it leads to has them."""
    wish = good(here.client, response_mode=mode, state=STATE)
    foreign = {"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}
    posted = Visitor(here.served).http.post(AUTHORIZE, data=dict(wish), headers=foreign)
    assert posted.status_code == 303
    assert "code=" not in posted.headers["location"]
    landing = here.visitor.get(posted.headers["location"])
    assert (landing.mode, landing.uri) == (mode, CALLBACK)
    assert redeem(here.served, here.client, landing.answer["code"]).status_code == 200
    assert landing.answer["state"] == STATE


@pytest.mark.requirement("R-37")
def test_a_claim_comes_where_it_was_asked_for(here: Inside) -> None:
    claims = '{"id_token":{"email":null,"unknown":null},"userinfo":{"name":{"essential":true}}}'
    wish = {"response_type": "code id_token", "scope": "openid", "claims": claims}
    answer = here.ask(**wish).answer
    tokens = redeem(here.served, here.client, answer["code"]).json()
    for id_token in (answer["id_token"], tokens["id_token"]):
        told = verified(here.served, id_token, here.client.id, "JWT")
        assert told["email"] == here.person.email
        assert not {"unknown", "name"} & set(told)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    info = here.served.http.get("/identity/connect/userinfo", headers=headers).json()
    assert info["name"] == "Kim Lee"
    assert "email" not in info
    plain = redeem(here.served, here.client, here.ask(scope="openid").answer["code"]).json()
    assert "email" not in verified(here.served, plain["id_token"], here.client.id, "JWT")


@pytest.mark.requirement("R-18", "R-37")
def test_a_code_is_not_made_from_a_parameter(here: Inside) -> None:
    """What the answer says is not for the request to say."""
    landing = here.ask(code="mine", id_token="mine", iss="https://evil.example", error="x")
    assert landing.answer["code"] != "mine"
    assert landing.answer["iss"] == f"{here.served.url}/identity"
    assert set(landing.answer) == OF_CODE | ALWAYS


@pytest.mark.requirement("R-09", "R-27")
def test_a_change_of_the_client_counts_at_once(on_sqlite: Served) -> None:
    here = inside(on_sqlite)
    path = f"{on_sqlite.api()}/HybridClients/{here.client.id}"
    for body, error in (
        ({"AllowAccessTokensViaBrowser": False}, "unauthorized_client"),
        ({"AllowAccessTokensViaBrowser": True}, None),
    ):
        changed = on_sqlite.http.put(path, json=body, headers=on_sqlite.admin())
        assert changed.status_code == 200
        assert here.ask(response_type="code token").answer.get("error") == error
    moved = {"RedirectUris": ["https://app.example.com/other"]}
    assert on_sqlite.http.put(path, json=moved, headers=on_sqlite.admin()).status_code == 200
    assert here.visitor.authorize(here.client).response.status_code == 400


@pytest.mark.requirement("R-37")
def test_auth_time_is_that_of_the_sign_in(on_sqlite: Served) -> None:
    here = inside(on_sqlite)
    first = verified(on_sqlite, _id_token(here), here.client.id, "JWT")
    grow_old(here.visitor, on_sqlite.first, seconds=100)
    later = verified(on_sqlite, _id_token(here), here.client.id, "JWT")
    assert first["auth_time"] - later["auth_time"] == 100
    assert (first["sub"], first["sid"]) == (later["sub"], later["sid"])


def _id_token(here: Inside) -> str:
    return here.ask(response_type="code id_token").answer["id_token"]
