"""What may be used once is used once, however many ask at the same moment; on both stores."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest

from gatepost.model.grants import Family
from gatepost.protocol.grants import refresh_token as grant
from gatepost.services import journal, keys
from tests.flows import (
    Application,
    Visitor,
    new_application,
    new_person,
    signed_in_tokens,
    token,
)
from tests.interop import verifier
from tests.served import Served
from tests.web.granting import (
    ALL_SCOPES,
    ask,
    is_active,
    new_code,
    redeemed,
    refreshed,
    rest,
    userinfo,
)
from tests.web.keyed import Keyed

AT_ONCE = 50


def at_once(call: Callable[[int], httpx.Response], many: int = AT_ONCE) -> list[httpx.Response]:
    """What each of many callers is answered who wait for each other and then ask together."""
    ready = Barrier(many)

    def ask_together(number: int) -> httpx.Response:
        ready.wait(timeout=30)
        return call(number)

    with ThreadPoolExecutor(many) as threads:
        return list(threads.map(ask_together, range(many)))


def outcomes(answers: list[httpx.Response]) -> Counter[str]:
    """How many were answered how."""
    return Counter(
        str(answer.status_code) if answer.is_success else str(answer.json()["error"])
        for answer in answers
    )


def chain(served: Served, family_id: str) -> list[int]:
    """The generations of a family's refresh tokens."""
    statement = "SELECT generation FROM refresh_tokens WHERE family_id = '{}' ORDER BY generation"
    with served.house.database.engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(statement.format(family_id))]


def family_of(served: Served, access_token: str) -> Family:
    """The grant that an access token rests on."""
    said = verifier.access_token(served, access_token)
    with served.house.store.reading(said["tid"]) as tenancy:
        family = tenancy.grants.family(said["jti"].split(".")[0][-36:])
    assert family is not None
    return family


def offline_client(served: Served, collection: str = "HybridClients") -> Application:
    """A client that may refresh."""
    return new_application(served, served.first, collection, AllowOfflineAccess=True)


def watch_doors(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The store's doors that are opened, from now on, by who holds one open already."""
    store, held = served.house.store, threading.local()
    nested: list[str] = []

    def watched(door: str, open_: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def opened(*tenant_id: str) -> Iterator[Any]:
            if getattr(held, "one", False):
                nested.append(door)
            with open_(*tenant_id) as unit:
                held.one = True
                try:
                    yield unit
                finally:
                    held.one = False

        return opened

    for door in ("reading", "writing", "reading_all", "writing_all"):
        monkeypatch.setattr(store, door, watched(door, getattr(store, door)))
    return nested


@pytest.mark.requirement("R-16", "R-17")
@pytest.mark.parametrize("collection", ["HybridClients", "AuthorizationCodeClients"])
def test_one_of_fifty_gets_the_tokens_of_a_code(served: Served, collection: str) -> None:
    client = offline_client(served, collection)
    code = new_code(served, client, new_person(served, served.first), scope=ALL_SCOPES)
    answers = at_once(lambda _: redeemed(served, code))
    assert outcomes(answers) == {"200": 1, "invalid_grant": AT_ONCE - 1}
    (tokens,) = (answer.json() for answer in answers if answer.is_success)
    family = family_of(served, tokens["access_token"])
    assert chain(served, family.id) == [1]
    assert family.revoked_because == "code_reused", "the other uses may have been a thief's"
    assert userinfo(served, tokens["access_token"]).status_code == 401
    assert outcomes([refreshed(served, client, tokens["refresh_token"])]) == {"invalid_grant": 1}
    assert journal.verify(served.house.world, served.first.id).fault is None


@pytest.mark.requirement("R-25")
@pytest.mark.parametrize("collection", ["HybridClients", "AuthorizationCodeClients"])
def test_fifty_refreshes_with_one_token_make_one_successor(
    served: Served, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant, "REFRESH_GRACE", timedelta(minutes=1))  # for a slow machine
    client = offline_client(served, collection)
    person = new_person(served, served.first)
    first = signed_in_tokens(served, client, person, scope=ALL_SCOPES)
    answers = at_once(lambda _: refreshed(served, client, first["refresh_token"]))
    assert outcomes(answers) == {"200": AT_ONCE}
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert successor != first["refresh_token"]
    family = family_of(served, first["access_token"])
    assert chain(served, family.id) == [1, 2]
    assert family.revoked_at is None
    assert len({answer.json()["access_token"] for answer in answers}) == AT_ONCE
    assert refreshed(served, client, successor).status_code == 200
    assert chain(served, family.id) == [1, 2, 3]


@pytest.mark.requirement("R-25", "R-27")
def test_a_revocation_among_refreshes_leaves_nothing_alive(served: Served) -> None:
    client = offline_client(served)
    person = new_person(served, served.first)
    first = signed_in_tokens(served, client, person, scope=ALL_SCOPES)
    value = first["refresh_token"]

    def call(number: int) -> httpx.Response:
        if number == 10:
            return ask(served, client, "revocation", token=value)
        return refreshed(served, client, value)

    answers = at_once(call, 20)
    assert outcomes(answers).keys() <= {"200", "invalid_grant"}
    assert answers[10].status_code == 200
    given = [answer.json() for answer in answers if answer.is_success and answer.content]
    for tokens in (first, *given):
        assert rest(served, served.first, tokens["access_token"]).status_code == 401
        again = refreshed(served, client, tokens["refresh_token"])
        assert outcomes([again]) == {"invalid_grant": 1}


@pytest.mark.requirement("R-16", "R-17")
def test_one_of_fifty_polls_gets_the_tokens_of_a_device(served: Served) -> None:
    client = new_application(served, served.first, "DeviceCodeClients")
    codes = ask(served, client, "deviceauthorization").json()
    visitor = Visitor(served)
    page = visitor.submit(visitor.get("/identity/device"), user_code=codes["user_code"])
    landing = visitor.submit(visitor.sign_in(page, new_person(served, served.first)), "allow")
    assert landing.response.status_code == 200
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": codes["device_code"],
    }
    answers = at_once(lambda _: token(served, client, **form))
    assert outcomes(answers) == {"200": 1, "invalid_grant": AT_ONCE - 1}
    (access,) = (answer.json()["access_token"] for answer in answers if answer.is_success)
    assert family_of(served, access).revoked_because == "device_code_reused"
    assert rest(served, served.first, access).status_code == 401


@pytest.mark.requirement("R-16", "R-31")
def test_one_of_fifty_uses_of_an_assertion_is_let_in(served: Served) -> None:
    keyed = Keyed(served)
    assertion = keyed.assertion()
    answers = at_once(lambda _: keyed.ask(assertion))
    assert outcomes(answers) == {"200": 1, "invalid_client": AT_ONCE - 1}
    (access,) = (answer.json()["access_token"] for answer in answers if answer.is_success)
    assert is_active(served, new_application(served, served.first), access)


def test_no_call_waits_for_a_second_connection(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When all connections are in use, each would wait for one that another holds."""
    nested = watch_doors(served, monkeypatch)
    monkeypatch.setattr(keys, "RING_AGE", timedelta(0))  # so that they are read each time
    client, person = offline_client(served), new_person(served, served.first)
    visitor = Visitor(served)
    first = redeemed(served, new_code(served, client, person, visitor, scope=ALL_SCOPES)).json()
    hinted = visitor.authorize(client, prompt="none", id_token_hint=first["id_token"])
    assert "code" in hinted.answer
    second = refreshed(served, client, first["refresh_token"]).json()
    assert userinfo(served, second["access_token"]).status_code == 200
    for shown in (second["access_token"], second["refresh_token"]):
        assert is_active(served, client, shown)
        assert ask(served, client, "revocation", token=shown).status_code == 200
    assert rest(served, served.first, first["access_token"]).status_code == 401
    keyed = Keyed(served)
    assert keyed.ask(keyed.assertion()).status_code == 200
    assert nested == []
