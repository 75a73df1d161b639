"""The authorization endpoint: an address or client that is not known leads nowhere at all."""

from urllib.parse import quote

import pytest

from tests.flows import CALLBACK, Application, Visitor, new_application
from tests.served import Served
from tests.web.authorizing import (
    ADDRESSES,
    LOCALHOST,
    LOOPBACK,
    METHODS,
    ask,
    error_page,
    good,
    is_echoed,
    told_error,
)

# Each is one that peers took for https://app.example.com/signin-oidc, for the loopback address, or
# for the one on localhost.
TRICKS = [
    "https://app.example.com/signin-oidc/",
    "https://app.example.com/signin-oidc?added=1",
    "https://app.example.com/signin-oidc?",
    "https://app.example.com/signin-oidc#fragment",
    "https://app.example.com/SIGNIN-OIDC",
    "https://APP.EXAMPLE.COM/signin-oidc",
    "HTTPS://app.example.com/signin-oidc",
    "https://app.example.com:443/signin-oidc",
    "https://app.example.com./signin-oidc",
    "http://app.example.com/signin-oidc",
    "https://app.example.com@evil.example/signin-oidc",
    "https://evil.example@app.example.com/signin-oidc",
    "https://evil.example\\@app.example.com/signin-oidc",
    "https://app.example.com\\@evil.example/signin-oidc",
    "https://app.example.com\\signin-oidc",
    "https://app.example.com/\tsignin-oidc",
    "\thttps://app.example.com/signin-oidc",
    "https://app.example.com/signin-oidc\n",
    "https://app.example.com/signin-oidc\r\nLocation: https://evil.example",
    " https://app.example.com/signin-oidc",
    "https://app.example.com/x/../signin-oidc",
    "https://app.example.com/%2e%2e/signin-oidc",
    "https://app.example.com/x/%2E%2E/signin-oidc",
    "https://app.example.com/x/%252e%252e/signin-oidc",
    "https://app.example.com/signin%2Doidc",
    "https://app.example.com//signin-oidc",
    "https:app.example.com/signin-oidc",
    "https://evil.example/https://app.example.com/signin-oidc",
    "https://app.example.com.evil.example/signin-oidc",
    "https://\u0430pp.example.com/signin-oidc",
    "https://app.example.com/signin-oidc*",
    "*",
    "javascript:alert(document.domain)//https://app.example.com/signin-oidc",
    "data:text/html,<script>alert(1)</script>",
    "/identity/account",
    "//app.example.com/signin-oidc",
    "signin-oidc",
    "http://localhost:5005/callback.html",
    "http://localhost/callback.html",
    "http://localhost:5004@evil.example/callback.html",
    "http://localhost:80@evil.example/callback.html",
    "http://LOCALHOST:5004/callback.html",
    "http://127.0.0.1:5004/callback.html",
    "http://127.0.0.1:80@evil.example/cb",
    "http://127.0.0.1:0/cb",
    "http://127.0.0.1:99999/cb",
    "http://127.0.0.1:80/cb?x",
    "http://127.0.0.1:80/CB",
    "http://127.0.0.2/cb",
    "http://127.1/cb",
    "http://[::1]/cb",
    "https://127.0.0.1/cb",
    "x" * 9_000,
]


@pytest.fixture(scope="module")
def client(on_sqlite: Served) -> Application:
    return new_application(on_sqlite, on_sqlite.first, **ADDRESSES)


@pytest.mark.requirement("R-01", "R-02", "R-03")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("uri", TRICKS)
def test_an_address_that_differs_leads_nowhere(
    on_sqlite: Served, client: Application, uri: str, method: str
) -> None:
    answer = ask(on_sqlite, good(client, redirect_uri=uri), method)
    error_page(answer, "invalid_request (bad_client)")
    assert len(uri) < 8 or not is_echoed(uri, answer.text)
    assert "evil.example" not in answer.text


@pytest.mark.requirement("R-01", "R-03")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("uri", [None, ""])
def test_a_request_without_an_address_leads_nowhere(
    on_sqlite: Served, client: Application, uri: str | None, method: str
) -> None:
    """Also where one address alone is registered: the application has to say it."""
    error_page(ask(on_sqlite, good(client, redirect_uri=uri), method), "invalid_request")


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("uri", [CALLBACK, LOCALHOST, LOOPBACK, "http://127.0.0.1:54567/cb"])
def test_a_registered_address_is_taken(on_sqlite: Served, client: Application, uri: str) -> None:
    landing = Visitor(on_sqlite).authorize(client, redirect_uri=uri, prompt="none")
    assert told_error(landing, "login_required")
    assert landing.uri == uri


WRONG_BESIDES = [
    {},
    {"response_type": "foo"},
    {"response_type": None},
    {"response_mode": "fragment"},
    {"response_mode": "form_post"},
    {"scope": "x" * 2_000},
    {"prompt": "none"},
    {"request": "x"},
    {"request_uri": "https://evil.example/x"},
    {"code_challenge": "short"},
    {"state": None, "nonce": None},
]


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("besides", WRONG_BESIDES)
def test_whatever_else_is_wrong_nobody_is_sent_to_an_unknown_address(
    on_sqlite: Served, client: Application, besides: dict[str, str | None], method: str
) -> None:
    evil = good(client, redirect_uri="https://evil.example/", **besides)
    error_page(ask(on_sqlite, evil, method), "invalid_request (bad_client)")
    nobody = good("5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11", **besides)
    error_page(ask(on_sqlite, nobody, method), "unauthorized_client")


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "client_id",
    [None, "", "nobody", "5b2a9a0e-6f0c-4c39-9d43-6a3f0a0f5d11", "\u00e9'\"<b>", "x" * 9_000],
)
def test_an_unknown_client_leads_nowhere(
    on_sqlite: Served, client_id: str | None, method: str
) -> None:
    pairs = [pair for pair in good("", client_id=client_id) if pair[0] != "client_id" or client_id]
    answer = ask(on_sqlite, pairs, method)
    error_page(answer, "unauthorized_client")
    assert not client_id or not is_echoed(client_id, answer.text)


@pytest.mark.requirement("R-03", "R-22", "R-27")
@pytest.mark.parametrize("method", METHODS)
def test_a_client_that_signs_nobody_in_leads_nowhere(served: Served, method: str) -> None:
    for kind in ("ClientCredentialClients", "DeviceCodeClients"):
        client = new_application(served, served.first, kind)
        error_page(ask(served, good(client), method), "unauthorized_client")
    off = new_application(served, served.first, Enabled=False)
    page = ask(served, good(off), method)
    error_page(page, "unauthorized_client")
    assert "switched off" in page.text


@pytest.mark.requirement("R-27", "R-63", "R-83")
def test_a_removed_client_leads_nowhere(served: Served) -> None:
    client = new_application(served, served.first)
    path = f"{served.api()}/HybridClients/{client.id}"
    assert served.http.delete(path, headers=served.admin()).status_code == 204
    error_page(ask(served, good(client)), "unauthorized_client")


REPEATABLE = [
    "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "response_mode",
    "code_challenge", "code_challenge_method", "prompt", "max_age", "login_hint", "acr_values",
    "id_token_hint", "claims", "resource", "request", "request_uri", "ui_locales", "unknown",
]  # fmt: skip


@pytest.mark.requirement("R-03", "R-05")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", REPEATABLE)
def test_no_parameter_may_be_there_twice(
    on_sqlite: Served, client: Application, name: str, method: str
) -> None:
    """With nobody to tell: which of two addresses or clients would it be?"""
    pairs = good(client)
    value = dict(pairs).get(name, "x")
    others = [pair for pair in pairs if pair[0] != name]
    for second in (value, "https://evil.example/", ""):
        answer = ask(on_sqlite, [*others, (name, value), (name, second)], method)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "invalid_request" in answer.text
        assert "evil.example" not in answer.text


@pytest.mark.requirement("R-03", "R-68", "R-72")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "tail",
    [
        "&x=%zz",
        "&x=%ff",
        "&x=%00",
        "&state=a%00b",
        "&" * 101,
        "&" + "x" * 101 + "=1",
        "&x=" + "x" * 16_385,
        "&".join(f"p{i}=1" for i in range(120)),
    ],
)
def test_what_is_no_form_leads_nowhere(
    on_sqlite: Served, client: Application, tail: str, method: str
) -> None:
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in good(client))
    answer = ask(on_sqlite, text + tail, method)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "invalid_request" in answer.text
