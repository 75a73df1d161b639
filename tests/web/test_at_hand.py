"""A token that is at hand: told without the store, and word for word as on the thorough way.

Whatever is not right takes the thorough way, and is told there as ever.
"""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatepost.web.oidc.token_endpoint import words_of
from tests.served import Served, Tenant
from tests.web.at_hand import Lookout, be_thorough, look_out, one_at_hand
from tests.web.bare import Answer, asking, body_of, line_to
from tests.web.oauth import GRANT, TOKEN, add_client, basic, counted, expire, journal

LIMIT = 64 * 1024


@pytest.fixture
def seen(served: Served, monkeypatch: pytest.MonkeyPatch) -> Lookout:
    """What is answered at hand in this test."""
    return look_out(served, monkeypatch)


def asked(served: Served, request: bytes) -> Answer:
    """The answer to one request on a connection of its own."""
    with line_to(served) as line:
        line.send(request)
        return line.answer()


def test_the_second_token_opens_no_door_of_the_store(served: Served, seen: Lookout) -> None:
    client = add_client(served)
    seen.forget()
    first = asked(served, asking(body_of(client)))
    assert seen.was_quick == [False]
    assert seen.doors != []
    second = one_at_hand(served, client, seen)
    assert seen.doors == []
    assert second.masked == first.masked
    assert second.head != first.head
    assert second.body != first.body
    assert len(set(second.names)) == len(second.names)


def test_basic_is_at_hand_too(served: Served, seen: Lookout) -> None:
    client = add_client(served)
    one_at_hand(served, client, seen)
    header = basic(client.client_id, client.secret)["Authorization"].encode()
    body = f"grant_type={GRANT['grant_type']}".encode()
    request = asking(body, b"Authorization: " + header)
    answers = [asked(served, request) for _ in range(20)]
    assert any(seen.was_quick)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.masked for answer in answers}) == 1


def test_what_is_at_hand_is_counted(served: Served, seen: Lookout) -> None:
    client = add_client(served)
    one_at_hand(served, client, seen)
    before = counted(served, client, 1).use_count
    for _ in range(5):
        assert asked(served, asking(body_of(client))).status == 200
    assert counted(served, client, before + 5).use_count >= before + 5


@pytest.mark.requirement("R-27")
def test_a_client_that_is_disabled_gets_nothing_at_hand(served: Served, seen: Lookout) -> None:
    client = add_client(served)
    one_at_hand(served, client, seen)
    path = f"{served.api()}/ClientCredentialClients/{client.client_id}"
    body = {"Id": client.client_id, "Name": "Probe", "Enabled": False}
    answer = served.http.put(path, headers=served.admin(), json=body)
    assert answer.is_success, answer.text
    seen.forget()
    assert asked(served, asking(body_of(client))).status == 401
    assert not any(seen.was_quick)


def _plain(client: Tenant) -> bytes:
    return asking(body_of(client))


def _query(client: Tenant) -> bytes:
    return asking(body_of(client), target=f"{TOKEN}?client_secret={quote(client.secret, safe='')}")


# what is asked, and how it is answered
REFUSED: dict[str, tuple[Callable[[Tenant], bytes], int]] = {
    "wrong secret": (lambda it: _plain(it._replace(secret=it.secret + "x")), 401),
    "no secret": (lambda it: _plain(it._replace(secret="")), 401),
    "unknown client": (lambda it: _plain(it._replace(client_id="nobody")), 401),
    "no grant": (lambda it: asking(body_of(it).replace(b"grant_type", b"grant")), 400),
    "unknown grant": (lambda it: asking(body_of(it, grant_type="password")), 400),
    "another grant": (lambda it: asking(body_of(it, grant_type="refresh_token")), 400),
    "wrong scope": (lambda it: asking(body_of(it, scope="openid")), 400),
    "unknown resource": (lambda it: asking(body_of(it, resource="https://x.example")), 400),
    "secret in the query": (_query, 400),
    "two media types": (lambda it: asking(body_of(it), b"Content-Type: text/plain"), 400),
    "two credentials": (
        lambda it: asking(body_of(it), b"Authorization: a", b"Authorization: b"),
        400,
    ),
    "another scheme": (lambda it: asking(body_of(it), b"Authorization: Bearer x"), 400),
    "both methods": (
        lambda it: asking(
            body_of(it), b"Authorization: " + basic(it[1], it[2])["Authorization"].encode()
        ),
        400,
    ),
    "repeated parameter": (lambda it: asking(body_of(it) + b"&scope=ocsapi&scope=ocsapi"), 400),
    "broken form": (lambda it: asking(body_of(it) + b"&%ff=%zz"), 400),
    "compressed": (lambda it: asking(body_of(it), b"Content-Encoding: gzip"), 415),
    "too long": (lambda it: asking(body_of(it) + b"&a=" + b"a" * LIMIT), 413),
    "too many headers": (lambda it: asking(body_of(it), b"X-Long: " + b"a" * 40_000), 431),
    "JSON": (lambda _: asking(b"{}", media_type="application/json"), 415),
    "no body": (lambda _: asking(b""), 400),
    "GET": (lambda it: asking(body_of(it), start=b"GET %b HTTP/1.1"), 405),
    "PUT": (lambda it: asking(body_of(it), start=b"PUT %b HTTP/1.1"), 405),
    "nowhere": (lambda it: asking(body_of(it), target=TOKEN + "/x"), 404),
}


@pytest.mark.requirement("R-19", "R-21", "R-68")
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_told_on_the_thorough_way(
    served: Served, seen: Lookout, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    request, status = REFUSED[name]
    client = add_client(served)
    one_at_hand(served, client, seen)
    seen.forget()
    told = asked(served, request(client))
    assert not any(seen.was_quick)
    be_thorough(monkeypatch)
    before = asked(served, request(client))
    assert told.masked == before.masked
    assert told.status == status


@pytest.mark.requirement("R-19", "R-27")
@pytest.mark.parametrize("state", ["expired", "disabled"])
def test_who_may_not_any_more_is_refused_with_a_mark(
    served: Served, seen: Lookout, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    client = add_client(served, Enabled=state != "disabled")
    if state == "expired":
        one_at_hand(served, client, seen)
        expire(served, client)
    seen.forget()
    told = [asked(served, _plain(client)) for _ in range(3)]
    assert not any(seen.was_quick)
    be_thorough(monkeypatch)
    before = asked(served, _plain(client))
    assert {answer.masked for answer in told} == {before.masked}
    assert told[0].status == 401
    actions = [str(link.event.action) for link in journal(served, client.client_id)]
    assert "token.refused" in actions


# right, and yet not told at hand: nothing is lost by it
THOROUGH: dict[str, Callable[[Tenant], bytes]] = {
    "another origin": lambda it: asking(body_of(it), b"Origin: https://app.example.com"),
    "upper case": lambda it: asking(body_of(it), target=TOKEN.upper()),
    "mixed case": lambda it: asking(body_of(it), target="/Identity/connect/Token"),
    "a query": lambda it: asking(body_of(it), target=TOKEN + "?a=b"),
    "escaped": lambda it: asking(body_of(it), target="/identity/connect/%74oken"),
    "whole address": lambda it: asking(body_of(it), target="http://x" + TOKEN),
}


@pytest.mark.parametrize("name", THOROUGH)
def test_what_is_asked_otherwise_is_answered_as_before(
    served: Served, seen: Lookout, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    client = add_client(served)
    one_at_hand(served, client, seen)
    seen.forget()
    told = asked(served, THOROUGH[name](client))
    assert not any(seen.was_quick)
    be_thorough(monkeypatch)
    before = asked(served, THOROUGH[name](client))
    assert told.masked == before.masked
    assert told.status == 200


DOCUMENTS = {
    "discovery": b"/identity/.well-known/openid-configuration",
    "discovery by RFC 8414": b"/.well-known/oauth-authorization-server/identity",
    "keys": b"/identity/.well-known/openid-configuration/jwks",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("asked_with", [b"", b"Accept: text/html\r\n", b"Content-Length: 0\r\n"])
def test_a_document_is_the_same_at_hand(
    served: Served,
    seen: Lookout,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    asked_with: bytes,
) -> None:
    request = b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (DOCUMENTS[name], asked_with)
    told = {asked(served, request).masked for _ in range(5)}
    be_thorough(monkeypatch)
    assert told == {asked(served, request).masked}
    assert asked(served, request).status == 200
    assert len(seen.was_quick) in {0, 5}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS"])
def test_another_method_on_a_document_is_told_as_before(
    served: Served, seen: Lookout, monkeypatch: pytest.MonkeyPatch, name: str, method: bytes
) -> None:
    request = b"%b %b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    told = asked(served, request % (method, DOCUMENTS[name]))
    assert not any(seen.was_quick)
    be_thorough(monkeypatch)
    assert told.masked == asked(served, request % (method, DOCUMENTS[name])).masked
    assert told.status in {204, 405}


Read = tuple[str, str | None, bytes]
HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=8)
READ = st.tuples(HEADER, st.none() | HEADER, st.binary(max_size=8))


@given(READ, READ)
@example(("a", "None", b""), ("a", None, b""))
@example(("a", "", b"b"), ("a", None, b"\nb"))
@example(("a", "x", b""), ("a", None, b"x"))
def test_different_requests_have_different_words(one: Read, other: Read) -> None:
    assert (words_of(*one) == words_of(*other)) == (one == other)


@pytest.mark.requirement("R-27", "R-20")
def test_a_repeated_request_is_refused_once_its_secret_is_removed(
    served: Served, seen: Lookout
) -> None:
    client = add_client(served)
    one_at_hand(served, client, seen)
    secrets = f"{served.api()}/ClientCredentialClients/{client.client_id}/secrets"
    assert served.http.delete(f"{secrets}/1", headers=served.admin()).status_code == 204
    seen.forget()
    assert asked(served, asking(body_of(client))).status == 401
    assert seen.was_quick == [False]
