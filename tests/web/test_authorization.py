"""The authorization endpoint: what the application is told, and what the journal keeps of it."""

import json
import socket
from urllib.parse import parse_qsl, urlsplit

import pytest

from gatepost.protocol.response import mode_for_errors
from tests.flows import (
    AUTHORIZE,
    CALLBACK,
    Application,
    Landing,
    Pkce,
    Visitor,
    new_application,
    pkce,
)
from tests.served import Served
from tests.web.authorizing import (
    ADDRESSES,
    FORM,
    LOCALHOST,
    LOOPBACK,
    METHODS,
    ask,
    entries,
    error_page,
    good,
    refusal,
    told_error,
)

STATE = "a state &=#\"'<b>\u00e9%0d%0a"
# The pair of RFC 7636, appendix B: one that each process draws anew would stand in names of tests.
PROOF = Pkce(
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
)
S256: dict[str, str | None] = {"code_challenge": PROOF.challenge, "code_challenge_method": "S256"}
HYBRID_ERRORS: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "foo"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unauthorized_client"),
    ({"response_mode": "jwt"}, "invalid_request"),
    ({"response_type": "code id_token", "response_mode": "query"}, "invalid_request"),
    ({"response_type": "code id_token", "nonce": None}, "invalid_request"),
    ({"response_type": "code id_token", "scope": "ocsapi"}, "invalid_scope"),
    ({"nonce": "n" * 1_001}, "invalid_request"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"scope": "openid".ljust(1_001)}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": 'x"\\\u00fc<b>'}, "invalid_request"),
    ({"prompt": "none"}, "login_required"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "9" * 20}, "invalid_request"),
    ({"claims": "[]"}, "invalid_request"),
    ({"acr_values": "tenant:other"}, "invalid_request"),
    ({"acr_values": "x" * 1_001}, "invalid_request"),
    ({"resource": "https://other.example"}, "invalid_target"),
    ({"code_challenge": PROOF.challenge}, "invalid_request"),
    ({"code_challenge_method": "S256"}, "invalid_request"),
    (S256 | {"code_challenge_method": "plain"}, "invalid_request"),
    (S256 | {"code_challenge": PROOF.challenge + "="}, "invalid_request"),
    ({"id_token_hint": "x.y.z"}, "invalid_request"),
    ({"request": "x.y.z"}, "request_not_supported"),
    ({"request_uri": "https://other.example/r"}, "request_uri_not_supported"),
    ({"registration": "{}"}, "registration_not_supported"),
]
Row = tuple[str, dict[str, str | None], str]
OF_CODE: list[tuple[dict[str, str | None], str]] = [
    ({}, "invalid_request"),
    (S256 | {"response_type": "code id_token"}, "unauthorized_client"),
    (S256 | {"response_type": "code token"}, "unauthorized_client"),
]
ERRORS: list[Row] = [
    *(("HybridClients", changes, error) for changes, error in HYBRID_ERRORS),
    *(("AuthorizationCodeClients", changes, error) for changes, error in OF_CODE),
]


@pytest.fixture(scope="module")
def clients(on_sqlite: Served) -> dict[str, Application]:
    """One of each kind that signs people in."""
    kinds = ("HybridClients", "AuthorizationCodeClients")
    return {kind: new_application(on_sqlite, on_sqlite.first, kind, **ADDRESSES) for kind in kinds}


@pytest.fixture(scope="module")
def client(clients: dict[str, Application]) -> Application:
    return clients["HybridClients"]


def sent_by(served: Served, pairs: list[tuple[str, str]], method: str) -> Landing:
    """Where a request brings a browser that was never here."""
    visitor = Visitor(served)
    if method == "POST":
        return visitor._settle(visitor.http.post(AUTHORIZE, data=dict(pairs)))
    return visitor._settle(visitor.http.get(AUTHORIZE, params=dict(pairs)))


@pytest.mark.requirement("R-08", "R-09", "R-10", "R-11", "R-13", "R-23", "R-35", "R-37", "R-70")
@pytest.mark.parametrize("mode", [None, "fragment", "form_post"])
@pytest.mark.parametrize("row", ERRORS, ids=str)
def test_the_application_is_told_of_its_error_with_state_and_issuer(
    on_sqlite: Served, clients: dict[str, Application], row: Row, mode: str | None
) -> None:
    kind, changes, error = row
    wish: dict[str, str | None] = {"response_mode": mode, "state": STATE} | changes
    pairs = good(clients[kind], **wish)
    for method in METHODS:
        landing = sent_by(on_sqlite, pairs, method)
        answer = told_error(landing, error)
        assert landing.uri == CALLBACK
        assert landing.mode == mode_for_errors(dict(pairs))
        assert set(answer) == {"error", "error_description", "state", "iss"}
        assert answer["state"] == STATE
        assert answer["iss"] == f"{on_sqlite.url}/identity"
        assert all(" " <= c <= "~" and c not in '"\\' for c in answer["error_description"])
        assert landing.response.headers["cache-control"] == "no-store"


@pytest.mark.requirement("R-08", "R-10")
@pytest.mark.parametrize(
    ("uri", "mode", "before"),
    [
        (CALLBACK, "query", CALLBACK + "?"),
        (CALLBACK, "fragment", CALLBACK + "#"),
        ("http://127.0.0.1:54567/cb", "query", "http://127.0.0.1:54567/cb?"),
        ("https://app.example.com/cb?app=1", "query", "https://app.example.com/cb?app=1&"),
        ("https://app.example.com/cb?app=1", "fragment", "https://app.example.com/cb?app=1#"),
        ("com.example.app:/cb", "query", "com.example.app:/cb?"),
    ],
)
def test_an_answer_is_added_to_the_address_by_303(
    on_sqlite: Served, uri: str, mode: str, before: str
) -> None:
    uris = [CALLBACK, LOOPBACK, "https://app.example.com/cb?app=1", "com.example.app:/cb"]
    client = new_application(on_sqlite, on_sqlite.first, RedirectUris=uris)
    wish = good(client, redirect_uri=uri, response_mode=mode, state=None, prompt="none")
    answer = ask(on_sqlite, wish)
    assert (answer.status_code, answer.content) == (303, b"")
    location = answer.headers["location"]
    assert location.startswith(before)
    told = dict(parse_qsl(location.removeprefix(before), strict_parsing=True))
    assert set(told) == {"error", "error_description", "iss"}


@pytest.mark.requirement("R-35", "R-36")
@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_a_request_names_is_fetched(on_sqlite: Served, method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        there = f"http://127.0.0.1:{listener.getsockname()[1]}"
        pages = {"ClientUri": f"{there}/about", "LogoUri": f"{there}/logo.png"}
        client = new_application(on_sqlite, on_sqlite.first, **pages)
        hidden = json.dumps({"jwks_uri": f"{there}/keys", "sector_identifier_uri": there})
        for changes, error in (
            ({"request_uri": f"{there}/request.jwt"}, "request_uri_not_supported"),
            ({"request": "e30.e30.e30"}, "request_not_supported"),
            ({"registration": hidden}, "registration_not_supported"),
        ):
            told_error(sent_by(on_sqlite, good(client, **changes), method), error)
        assert sent_by(on_sqlite, good(client), method).path == "/identity/signin"
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.requirement("R-05")
@pytest.mark.parametrize("method", METHODS)
def test_unknown_and_empty_parameters_are_ignored(
    on_sqlite: Served, client: Application, method: str
) -> None:
    more = {"foobar": "x", "display": "popup", "ui_locales": "de fr", "claims_locales": "de"}
    empty = {"prompt": "", "max_age": "", "request": "", "response_mode": "", "x": ""}
    answer = ask(on_sqlite, good(client, **more, **empty), method)
    assert answer.status_code == 303
    assert "error" not in answer.headers["location"]


@pytest.mark.requirement("R-76", "R-01")
def test_the_support_id_leads_an_administrator_to_what_differs(served: Served) -> None:
    client = new_application(served, served.first, **ADDRESSES)
    sent = "https://app.example.com/Signin-oidc"
    support_id = error_page(
        ask(served, good(client, redirect_uri=sent)), "invalid_request (bad_client)"
    )
    (event,) = entries(served, support_id)
    assert (event.action, event.reason) == ("authorization.refused", "redirect_uri_unknown")
    assert (event.target, event.actor.kind) == (client.id, "anonymous")
    assert event.origin.address == "127.0.0.1"
    assert event.after == {
        "Sent": sent,
        "Registered": [CALLBACK, LOCALHOST, LOOPBACK],
        "Nearest": CALLBACK,
        "FirstDifference": len("https://app.example.com/S"),
        "Mend": "Register the address that was sent, or correct it in the application.",
    }


@pytest.mark.requirement("R-76")
@pytest.mark.parametrize("method", METHODS)
def test_every_refusal_is_in_the_journal_with_its_reason(served: Served, method: str) -> None:
    client = new_application(served, served.first, "AuthorizationCodeClients")
    off = new_application(served, served.first, Enabled=False)
    machine = new_application(served, served.first, "ClientCredentialClients")
    for pairs, target, reason in (
        (good(client), client, "pkce_missing"),
        (good(client, redirect_uri=None), client, "redirect_uri_missing"),
        (good(client, prompt="create"), client, "pkce_missing"),
        (good(client, response_type="token"), client, "response_type_not_supported"),
        (good(off), off, "client_disabled"),
        (good(machine), machine, "kind_without_browser"),
        (
            good(client, request_uri="urn:ietf:params:oauth:request_uri:unknown"),
            client,
            "request_uri_unknown",
        ),
    ):
        event = refusal(served, ask(served, pairs, method))
        assert (event.target, event.reason) == (target.id, reason)


@pytest.mark.requirement("R-37")
def test_what_silent_renewal_is_told_every_hour_is_no_refusal(on_sqlite: Served) -> None:
    client = new_application(on_sqlite, on_sqlite.first)
    answer = ask(on_sqlite, good(client, prompt="none"))
    assert "error=login_required" in answer.headers["location"]
    assert entries(on_sqlite, answer.headers["operation-id"]) == []


@pytest.mark.requirement("R-07")
def test_no_other_site_may_read_what_the_endpoint_says(on_sqlite: Served) -> None:
    origin = "https://spa.example.com"
    client = new_application(
        on_sqlite,
        on_sqlite.first,
        "AuthorizationCodeClients",
        RedirectUris=[origin + "/cb"],
        AllowedCorsOrigins=[origin],
    )
    proof = pkce()
    sent = good(
        client,
        redirect_uri=origin + "/cb",
        code_challenge=proof.challenge,
        code_challenge_method="S256",
        prompt="none",
    )
    browser = Visitor(on_sqlite).http
    for method in ("GET", "POST", "OPTIONS"):
        answer = browser.request(method, AUTHORIZE, params=dict(sent), headers={"Origin": origin})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert (answer.status_code == 405) == (method == "OPTIONS")


@pytest.mark.requirement("R-80")
@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_endpoint_takes_get_and_post_alone(
    on_sqlite: Served, client: Application, method: str
) -> None:
    override = {"X-HTTP-Method-Override": "GET"}
    answer = on_sqlite.http.request(method, AUTHORIZE, params=dict(good(client)), headers=override)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "location" not in answer.headers


@pytest.mark.requirement("R-39", "R-54")
def test_a_post_from_another_site_comes_back_with_the_cookies(on_sqlite: Served) -> None:
    """A browser sends no Lax cookies with it, and none would be looked at."""
    client = new_application(on_sqlite, on_sqlite.first)
    foreign = {"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"}
    bare = Visitor(on_sqlite).http
    posted = bare.post(AUTHORIZE, data=dict(good(client)), headers=foreign)
    assert posted.status_code == 303
    # New cookies would take the place of those that the browser kept back.
    assert "set-cookie" not in posted.headers
    there = urlsplit(posted.headers["location"])
    assert there.path == AUTHORIZE
    named = dict(parse_qsl(there.query, strict_parsing=True))
    assert set(named) == {"client_id", "request_uri"}
    assert named["client_id"] == client.id
    page = Visitor(on_sqlite).get(posted.headers["location"])
    assert page.path == "/identity/signin"
    again = Visitor(on_sqlite).http.get(posted.headers["location"])
    error_page(again, "invalid_request_uri")


@pytest.mark.requirement("R-55", "R-68")
def test_a_post_is_form_data_of_a_bounded_size(on_sqlite: Served, client: Application) -> None:
    browser = Visitor(on_sqlite).http
    for media_type in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        answer = browser.post(
            AUTHORIZE, content=b"client_id=x", headers={"Content-Type": media_type}
        )
        assert answer.status_code == 415
        assert "location" not in answer.headers
    huge = browser.post(AUTHORIZE, content=b"x=" + b"y" * 70_000, headers=FORM)
    assert huge.status_code == 413
    mixed = browser.post(AUTHORIZE, params=dict(good(client)), content=b"", headers=FORM)
    error_page(mixed, "unauthorized_client")
