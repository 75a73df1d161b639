"""Calls from browser applications of other origins: exactly the registered ones, and where."""

from typing import Any

import httpx
import pytest

from tests.flows import Application, new_application, new_person, signed_in_tokens
from tests.served import Served

BASE = "/identity/connect/"
DISCOVERY = "/identity/.well-known/openid-configuration"
SHARED = {
    DISCOVERY: "GET, HEAD",
    "/.well-known/oauth-authorization-server/identity": "GET, HEAD",
    DISCOVERY + "/jwks": "GET, HEAD",
    BASE + "token": "POST",
    BASE + "userinfo": "GET, HEAD, POST",
    BASE + "revocation": "POST",
}
CLOSED = [
    BASE + "authorize",
    BASE + "par",
    BASE + "introspect",
    BASE + "deviceauthorization",
    BASE + "endsession",
    BASE + "checksession",
    "/identity/signin",
    "/identity/resume",
    "/identity/consent",
    "/identity/account",
    "/identity/device",
    "/identity/nothing",
    "/portal/",
]
ORIGIN = "https://spa.example.com"
LOCAL = "http://localhost:4200"
NEARLY = [
    "null",
    "*",
    "",
    "https://spa.example.com/",
    "https://spa.example.com.evil.example",
    "https://spa.example.co",
    "https://evil-spa.example.com",
    "https://x.spa.example.com",
    "https://example.com",
    "http://spa.example.com",
    "https://spa.example.com:443",
    "https://spa.example.com:8443",
    "https://SPA.example.com",
    "HTTPS://spa.example.com",
    "https://spa.example.com, https://evil.example",
    "https://evil.example https://spa.example.com",
    "https://user@spa.example.com",
    "https://spa.example.com%00",
    "spa.example.com",
    "http://localhost:4201",
    "http://localhost",
    "http://127.0.0.1:4200",
    "https://spa.example.com" + "x" * 300,
]


def allowing(answer: httpx.Response) -> dict[str, str]:
    """What an answer lets a browser's script do."""
    marks = ("access-control-", "timing-allow-origin")
    return {name: value for name, value in answer.headers.items() if name.startswith(marks)}


def new_spa(served: Served, *origins: str, **members: Any) -> Application:
    """A browser application with these origins."""
    wish: dict[str, Any] = {"AllowedCorsOrigins": list(origins), **members}
    return new_application(served, served.first, "AuthorizationCodeClients", **wish)


@pytest.fixture(scope="module")
def spa(on_sqlite: Served) -> Application:
    """An application of two origins."""
    return new_spa(on_sqlite, ORIGIN, LOCAL)


@pytest.mark.requirement("R-07")
@pytest.mark.parametrize("origin", [ORIGIN, LOCAL])
@pytest.mark.parametrize("path", SHARED)
@pytest.mark.usefixtures("spa")
def test_a_registered_origin_may_read_and_ask_ahead(
    on_sqlite: Served, path: str, origin: str
) -> None:
    ahead = on_sqlite.http.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert (ahead.status_code, ahead.content) == (204, b"")
    assert allowing(ahead) == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": SHARED[path],
        "access-control-allow-headers": "Authorization, Content-Type",
        "access-control-max-age": "600",
    }
    method = SHARED[path].partition(",")[0]
    answer = on_sqlite.http.request(method, path, headers={"Origin": origin})
    assert allowing(answer) == {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "WWW-Authenticate, Operation-Id",
    }
    assert answer.headers["vary"] == ahead.headers["vary"] == "Origin"


@pytest.mark.requirement("R-07")
@pytest.mark.parametrize("origin", [None, *NEARLY])
@pytest.mark.parametrize("path", SHARED)
@pytest.mark.usefixtures("spa")
def test_no_other_origin_may(on_sqlite: Served, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    ahead = on_sqlite.http.options(path, headers=headers)
    assert (ahead.status_code, allowing(ahead)) == (204, {})
    answer = on_sqlite.http.request(SHARED[path].partition(",")[0], path, headers=headers)
    assert allowing(answer) == {}
    # A cache must not give the answer for one origin to another.
    assert answer.headers["vary"] == "Origin"


@pytest.mark.requirement("R-07")
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", CLOSED)
def test_everywhere_else_no_origin_may(
    on_sqlite: Served, spa: Application, path: str, method: str
) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    answer = on_sqlite.http.request(method, path, headers=headers, params={"client_id": spa.id})
    assert allowing(answer) == {}
    assert method != "OPTIONS" or answer.status_code in {404, 405}


@pytest.mark.requirement("R-07", "R-27")
def test_a_change_of_the_origins_counts_at_once(served: Served) -> None:
    client = new_spa(served)
    origin = f"https://{client.id}.example.com"
    path = f"{served.api()}/AuthorizationCodeClients/{client.id}"
    for origins in ([], [origin], ["https://other.example.com"], [origin]):
        body = {"AllowedCorsOrigins": origins}
        assert served.http.put(path, json=body, headers=served.admin()).status_code == 200
        answer = served.http.get(DISCOVERY, headers={"Origin": origin})
        assert ("access-control-allow-origin" in answer.headers) == (origin in origins)
    assert served.http.delete(path, headers=served.admin()).status_code == 204
    assert allowing(served.http.get(DISCOVERY, headers={"Origin": origin})) == {}


@pytest.mark.requirement("R-07")
def test_a_refusal_can_be_read_too(on_sqlite: Served, spa: Application) -> None:
    """Or a script could not tell a wrong code from a broken network."""
    origin = {"Origin": ORIGIN}
    form = {"grant_type": "authorization_code", "client_id": spa.id, "code": "wrong"}
    for answer, status in (
        (on_sqlite.http.post(BASE + "token", data=form, headers=origin), 400),
        (on_sqlite.http.post(BASE + "token", data={"grant_type": "x"}, headers=origin), 401),
        (on_sqlite.http.post(BASE + "token", json=form, headers=origin), 415),
        (on_sqlite.http.get(BASE + "userinfo", headers=origin), 401),
        (on_sqlite.http.post(BASE + "revocation", data={"token": "x"}, headers=origin), 401),
    ):
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.requirement("R-07", "R-53")
def test_no_cookie_counts_where_scripts_may_read(on_sqlite: Served, spa: Application) -> None:
    person = new_person(on_sqlite, on_sqlite.first)
    tokens = signed_in_tokens(on_sqlite, spa, person)
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {tokens['access_token']}"}
    answer = on_sqlite.http.get(BASE + "userinfo", headers=headers)
    assert answer.json()["sub"] == person.id
    assert "access-control-allow-credentials" not in answer.headers
    assert "set-cookie" not in answer.headers
    revoked = on_sqlite.http.post(
        BASE + "revocation",
        data={"client_id": spa.id, "token": tokens["access_token"]},
        headers={"Origin": ORIGIN},
    )
    assert (revoked.status_code, revoked.content) == (200, b"")
    assert revoked.headers["access-control-allow-origin"] == ORIGIN
    assert on_sqlite.http.get(BASE + "userinfo", headers=headers).status_code == 401
