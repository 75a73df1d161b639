"""Authorization requests that come ahead of the browser (RFC 9126): kept, used once, bound."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gatepost.model.grants import PushedRequest
from gatepost.services.authorize import REQUEST_URI_PREFIX
from tests.flows import (
    AUTHORIZE,
    CALLBACK,
    Application,
    Landing,
    Visitor,
    new_application,
    new_person,
    pkce,
    redeem,
)
from tests.served import Served
from tests.web.authorizing import FORM, error_page, good, refusal, told_error
from tests.web.oauth import basic, journal, refused

PUSH = "/identity/connect/par"
GONE = "invalid_request_uri"


def push(served: Served, client: Application, **changes: str | None) -> httpx.Response:
    """Push a good request with changes, authenticated by secret in the body where there is one."""
    wish: dict[str, str | None] = {"client_secret": client.secret} | changes
    return served.http.post(PUSH, data=dict(good(client, **wish)))


def push_by_header(served: Served, client: Application, header: dict[str, str]) -> httpx.Response:
    """Push a good request, authenticated by a header alone."""
    return served.http.post(PUSH, data=dict(good(client)), headers=header)


def reference(answer: httpx.Response) -> str:
    """The reference of a request that was kept."""
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


def go(visitor: Visitor, client: Application | str, request_uri: str, **more: str) -> Landing:
    """Send a browser with a reference and nothing else."""
    client_id = client if isinstance(client, str) else client.id
    params = {"client_id": client_id, "request_uri": request_uri} | more
    return visitor._settle(visitor.http.get(AUTHORIZE, params=params))


def kept(served: Served, request_uri: str) -> PushedRequest | None:
    """The row of a reference."""
    world = served.house.world
    value = request_uri.removeprefix(REQUEST_URI_PREFIX)
    with world.store.reading(served.first.id) as tenancy:
        return tenancy.grants.pushed(world.secrets.digest_of("pushed-request", value))


def expire(served: Served, request_uri: str) -> None:
    """Let a pushed request have expired just now."""
    pushed = kept(served, request_uri)
    assert pushed is not None
    world = served.house.world
    with world.store.writing(served.first.id) as tenancy:
        tenancy.grants.remove_pushed(pushed.digest)
        tenancy.grants.add_pushed(replace(pushed, expires_at=world.clock.now()))


@pytest.fixture
def client(on_sqlite: Served) -> Application:
    return new_application(on_sqlite, on_sqlite.first)


@pytest.mark.requirement("R-08", "R-19")
def test_a_pushed_request_is_carried_out(served: Served) -> None:
    client = new_application(served, served.first)
    person, proof, visitor = new_person(served, served.first), pkce(), Visitor(served)
    wish = {"code_challenge": proof.challenge, "code_challenge_method": "S256", "state": "pushed"}
    answer = push(served, client, **wish)
    assert set(answer.json()) == {"request_uri", "expires_in"}
    assert answer.json()["expires_in"] == 90
    assert answer.headers["cache-control"] == "no-store"
    request_uri = reference(answer)
    assert request_uri.startswith("urn:ietf:params:oauth:request_uri:")
    assert len(request_uri.removeprefix(REQUEST_URI_PREFIX)) >= 43
    landing = visitor.through(go(visitor, client, request_uri), person)
    assert (landing.uri, landing.answer["state"]) == (CALLBACK, "pushed")
    tokens = redeem(served, client, landing.answer["code"], code_verifier=proof.verifier)
    assert tokens.status_code == 200


def test_a_public_client_pushes_by_its_name(on_sqlite: Served) -> None:
    client = new_application(on_sqlite, on_sqlite.first, "AuthorizationCodeClients")
    refused(push(on_sqlite, client), 400, "invalid_request")
    wish = {"code_challenge": pkce().challenge, "code_challenge_method": "S256"}
    landing = go(Visitor(on_sqlite), client, reference(push(on_sqlite, client, **wish)))
    assert landing.path == "/identity/signin"


def test_what_was_pushed_counts_and_nothing_beside_it(
    on_sqlite: Served, client: Application
) -> None:
    request_uri = reference(push(on_sqlite, client, state="pushed", prompt="none"))
    landing = go(
        Visitor(on_sqlite),
        client,
        request_uri,
        state="beside",
        prompt="login",
        redirect_uri="https://evil.example/",
        response_mode="fragment",
        scope="openid offline_access",
    )
    assert (landing.uri, landing.mode) == (CALLBACK, "query")
    assert told_error(landing, "login_required")["state"] == "pushed"


@pytest.mark.requirement("R-39")
def test_a_reference_is_good_once(served: Served) -> None:
    client = new_application(served, served.first)
    request_uri = reference(push(served, client))
    visitor = Visitor(served)
    assert go(visitor, client, request_uri).path == "/identity/signin"
    for browser in (visitor, Visitor(served)):
        answer = go(browser, client, request_uri).response
        error_page(answer, GONE)
        assert refusal(served, answer).reason == "request_uri_unknown"


@pytest.mark.requirement("R-39")
def test_of_many_at_once_one_has_it(served: Served) -> None:
    client = new_application(served, served.first)
    request_uri = reference(push(served, client))
    visitors = [Visitor(served) for _ in range(6)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        found = list(pool.map(lambda visitor: go(visitor, client, request_uri).path, visitors))
    assert sorted(found) == [AUTHORIZE] * (len(visitors) - 1) + ["/identity/signin"]


@pytest.mark.requirement("R-39")
def test_a_reference_expires(served: Served) -> None:
    client = new_application(served, served.first)
    request_uri = reference(push(served, client))
    pushed = kept(served, request_uri)
    assert pushed is not None
    assert pushed.expires_at - pushed.created_at == timedelta(seconds=90)
    expire(served, request_uri)
    error_page(go(Visitor(served), client, request_uri).response, GONE)


@pytest.mark.requirement("R-20", "R-39", "R-63")
def test_a_reference_is_of_the_client_that_pushed_it(
    on_sqlite: Served, client: Application
) -> None:
    request_uri = reference(push(on_sqlite, client))
    neighbour = new_application(on_sqlite, on_sqlite.first)
    foreigner = new_application(on_sqlite, on_sqlite.second)
    for other in (neighbour, foreigner):
        error_page(go(Visitor(on_sqlite), other, request_uri).response, GONE)
    for nobody in ("", "nobody"):
        answer = go(Visitor(on_sqlite), nobody, request_uri).response
        error_page(answer, "unauthorized_client")
    assert go(Visitor(on_sqlite), client, request_uri).path == "/identity/signin"


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize("change", [{"Enabled": False}, {"RedirectUris": [CALLBACK + "/moved"]}])
def test_a_pushed_request_is_judged_again(
    on_sqlite: Served, client: Application, change: dict[str, Any]
) -> None:
    request_uri = reference(push(on_sqlite, client))
    path = f"{on_sqlite.api()}/HybridClients/{client.id}"
    changed = on_sqlite.http.put(path, json=change, headers=on_sqlite.admin())
    assert changed.status_code == 200
    answer = go(Visitor(on_sqlite), client, request_uri).response
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("value", ["unknown", "", "x" * 9_000, "\u00e9"])
def test_an_unknown_reference_leads_nowhere(
    on_sqlite: Served, client: Application, value: str
) -> None:
    error_page(go(Visitor(on_sqlite), client, REQUEST_URI_PREFIX + value).response, GONE)


BAD: list[tuple[dict[str, str | None], str]] = [
    ({"redirect_uri": CALLBACK + "/"}, "invalid_request"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unauthorized_client"),
    ({"response_type": "code id_token", "nonce": None}, "invalid_request"),
    ({"response_mode": "jwt"}, "invalid_request"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"claims": "x"}, "invalid_request"),
    ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ({"acr_values": "tenant:other"}, "invalid_request"),
    ({"resource": "https://other.example"}, "invalid_target"),
    ({"request": "x.y.z"}, "request_not_supported"),
    ({"request_uri": "https://other.example/r"}, "invalid_request"),
    ({"request_uri": REQUEST_URI_PREFIX + "x"}, "invalid_request"),
    ({"registration": "{}"}, "registration_not_supported"),
]


@pytest.mark.requirement("R-01", "R-09", "R-10", "R-11", "R-13", "R-23", "R-35")
@pytest.mark.parametrize(("changes", "error"), BAD, ids=str)
def test_a_bad_request_is_refused_where_it_is_pushed(
    on_sqlite: Served, client: Application, changes: dict[str, str | None], error: str
) -> None:
    answer = push(on_sqlite, client, **changes)
    refused(answer, 400, error)
    last = journal(on_sqlite, client.id)[-1].event
    assert (last.action, last.actor.kind) == ("token.refused", "client")
    assert last.origin.operation_id == answer.headers["operation-id"]


@pytest.mark.requirement("R-19", "R-20", "R-21", "R-27")
def test_only_the_client_itself_pushes(on_sqlite: Served, client: Application) -> None:
    off = new_application(on_sqlite, on_sqlite.first, Enabled=False)
    mine = basic(client.id, client.secret or "")
    for answer in (
        push(on_sqlite, client, client_secret="wrong"),
        push(on_sqlite, client, client_secret=None),
        push(on_sqlite, client, client_id="nobody"),
        push(on_sqlite, off),
        push_by_header(on_sqlite, client, basic(client.id, "wrong")),
    ):
        refused(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"] == 'Basic realm="gatepost"'
    assert reference(push_by_header(on_sqlite, client, mine))
    refused(push_by_header(on_sqlite, off, mine), 400, "invalid_request")
    twice = dict(good(client, client_secret=client.secret))
    refused(on_sqlite.http.post(PUSH, data=twice, headers=mine), 400, "invalid_request")
    in_address = on_sqlite.http.post(
        PUSH, params={"client_secret": client.secret}, data=dict(good(client))
    )
    refused(in_address, 400, "invalid_request")


@pytest.mark.requirement("R-22")
def test_a_client_that_signs_nobody_in_pushes_nothing(on_sqlite: Served) -> None:
    machine = new_application(on_sqlite, on_sqlite.first, "ClientCredentialClients")
    refused(push(on_sqlite, machine), 400, "unauthorized_client")


@pytest.mark.requirement("R-60")
def test_a_row_keeps_no_secret(on_sqlite: Served, client: Application) -> None:
    pushed = kept(on_sqlite, reference(push(on_sqlite, client)))
    assert pushed is not None
    assert set(pushed.parameters) == {name for name, _ in good(client)}
    assert client.secret is not None
    assert client.secret not in json.dumps(pushed.parameters)


@pytest.mark.requirement("R-05", "R-07", "R-55", "R-68", "R-80")
def test_the_endpoint_is_for_clients_and_their_forms(
    on_sqlite: Served, client: Application
) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        answer = on_sqlite.http.request(method, PUSH, headers={"Origin": "https://a.example"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert on_sqlite.http.post(PUSH, json=dict(good(client))).status_code == 415
    twice = f"client_id={client.id}&client_secret={client.secret}&state=a&state=b"
    refused(on_sqlite.http.post(PUSH, content=twice, headers=FORM), 400, "invalid_request")
    huge = on_sqlite.http.post(PUSH, content=b"x=" + b"y" * 70_000, headers=FORM)
    assert huge.status_code == 413
