"""Devices over HTTP: their codes, the page of their person, the polls, and one answer."""

from typing import Any

import pytest

from gatepost.services.devices import LETTERS
from gatepost.services.redemption import Redemption
from tests.flows import (
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    set_password,
    token,
)
from tests.interop import verifier
from tests.served import Served
from tests.web.granting import ask, rest, userinfo
from tests.web.indoors import Indoors, indoors
from tests.web.oauth import journal, refused

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
DEVICES = "DeviceCodeClients"
PAGE = "/identity/device"


def start(served: Served, client: Application, **form: str) -> dict[str, Any]:
    """A device asks for its codes."""
    answer = ask(served, client, "deviceauthorization", **form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def poll(served: Served, client: Application, codes: dict[str, Any]) -> Any:
    """A device asks for its tokens."""
    return token(served, client, grant_type=GRANT_TYPE, device_code=codes["device_code"])


def told(answer: Any) -> str:
    """The error that a device hears."""
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"])


def typed(visitor: Visitor, user_code: str) -> Landing:
    """Type a code into the page."""
    return visitor.submit(visitor.get(PAGE), user_code=user_code)


def decided(visitor: Visitor, person: Person, user_code: str, button: str = "allow") -> Landing:
    """Type the code, sign in where that is asked, and decide."""
    landing = typed(visitor, user_code)
    if 'id="password"' in landing.response.text:
        landing = visitor.sign_in(landing, person)
    assert user_code in landing.response.text
    return visitor.submit(landing, button)


@pytest.fixture
def product() -> Indoors:
    return indoors()


@pytest.mark.requirement("R-12", "R-29")
def test_a_device_gets_tokens_for_whoever_let_it_in(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES, AccessTokenLifetime=300)
    codes = start(served, client, scope="openid ocsapi offline_access")
    assert codes["verification_uri"] == f"{served.url}{PAGE}"
    assert codes["verification_uri_complete"].endswith(f"?user_code={codes['user_code']}")
    assert (codes["expires_in"], codes["interval"]) == (300, 5)
    assert told(poll(served, client, codes)) == "authorization_pending"
    landing = decided(Visitor(served), person, codes["user_code"])
    assert (landing.response.status_code, landing.is_page) == (200, True)
    answer = poll(served, client, codes)
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (body["scope"], body["expires_in"]) == ("openid ocsapi", 300)
    said = verifier.access_token(served, body["access_token"])
    assert (said["sub"], said["client_id"]) == (person.id, client.id)
    about = verifier.id_token(served, body["id_token"], client.id)
    assert about["at_hash"] == verifier.half_hash(body["access_token"])
    assert (about["sub"], about["sid"]) == (person.id, said["sid"])
    assert userinfo(served, body["access_token"]).json()["sub"] == person.id
    noted = [link.event for link in journal(served, client.id)]
    assert [e.after for e in noted if e.action == "device.decided"] == [
        {"Decision": "approved", "Scopes": ["openid", "ocsapi"]}
    ]


@pytest.mark.requirement("R-16", "R-17")
def test_a_second_use_ends_what_came_of_the_first(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES)
    codes = start(served, client)
    decided(Visitor(served), person, codes["user_code"])
    access_token = poll(served, client, codes).json()["access_token"]
    assert rest(served, served.first, access_token).status_code == 200
    refused(poll(served, client, codes), 400, "invalid_grant")
    assert rest(served, served.first, access_token).status_code == 401


def test_a_device_that_is_turned_away_is_told_so(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES)
    codes, visitor = start(served, client), Visitor(served)
    decided(visitor, person, codes["user_code"], "deny")
    for _ in range(2):
        refused(poll(served, client, codes), 400, "access_denied")
    assert typed(visitor, codes["user_code"]).response.status_code == 400


@pytest.mark.requirement("R-20")
def test_a_device_code_is_its_clients_alone(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES)
    others = [new_application(served, tenant, DEVICES) for tenant in (served.first, served.second)]
    codes = start(served, client)
    decided(Visitor(served), person, codes["user_code"])
    for other in others:
        refused(poll(served, other, codes), 400, "invalid_grant")
    hybrid = new_application(served, served.first)
    refused(poll(served, hybrid, codes), 400, "unauthorized_client")
    assert poll(served, client, codes).status_code == 200


@pytest.mark.requirement("R-63")
def test_somebody_of_another_tenant_cannot_let_a_device_in(served: Served) -> None:
    stranger = new_person(served, served.second)
    client = new_application(served, served.first, DEVICES)
    codes = start(served, client)
    visitor = Visitor(served)
    landing = visitor.sign_in(typed(visitor, codes["user_code"]), stranger)
    assert landing.response.status_code == 401
    assert 'id="allow"' not in landing.response.text
    assert told(poll(served, client, codes)) == "authorization_pending"


@pytest.mark.requirement("R-22")
@pytest.mark.parametrize(
    "collection", ["HybridClients", "AuthorizationCodeClients", "ClientCredentialClients"]
)
def test_other_kinds_of_client_get_no_device_codes(served: Served, collection: str) -> None:
    client = new_application(served, served.first, collection)
    refused(ask(served, client, "deviceauthorization"), 400, "unauthorized_client")
    assert journal(served, client.id)[-1].event.reason == "grant_not_allowed"


@pytest.mark.requirement("R-23")
@pytest.mark.parametrize("scope", ["profile", "offline_access", "admin", " ", "x" * 1001])
def test_a_device_asks_for_something_that_it_can_have(on_sqlite: Served, scope: str) -> None:
    client = new_application(on_sqlite, on_sqlite.first, DEVICES)
    refused(ask(on_sqlite, client, "deviceauthorization", scope=scope), 400, "invalid_scope")


@pytest.mark.requirement("R-18", "R-60")
def test_codes_are_random_and_not_kept(served: Served) -> None:
    client = new_application(served, served.first, DEVICES)
    several = [start(served, client) for _ in range(3)]
    assert len({codes["device_code"] for codes in several}) == 3
    with served.house.database.engine.connect() as connection:
        rows = repr(connection.exec_driver_sql("SELECT * FROM device_codes").all())
    for codes in several:
        assert codes["device_code"].startswith("gpd_")
        assert len(codes["device_code"]) >= 4 + 43
        assert set(codes["user_code"].replace("-", "")) <= set(LETTERS)
        assert len(codes["user_code"]) == 9
        for value in (codes["device_code"][4:], codes["user_code"].replace("-", "")):
            assert value not in rows


def test_a_device_is_told_to_slow_down(product: Indoors) -> None:
    served = product.served
    client = new_application(served, served.first, DEVICES)
    codes, heard = start(served, client), []
    for seconds in (0.0, 4.9, 4.9, 5.0, 1.0, 5.0):
        product.forward(seconds=seconds)
        heard.append(told(poll(served, client, codes)))
    pending, slow = "authorization_pending", "slow_down"
    assert heard == [pending, slow, slow, pending, slow, pending]


def test_waiting_leaves_no_refusals_in_the_journal(product: Indoors) -> None:
    served = product.served
    client = new_application(served, served.first, DEVICES)
    codes = start(served, client)
    for _ in range(3):
        poll(served, client, codes)
    assert {link.event.action for link in journal(served, client.id)} == {"client.added"}


@pytest.mark.requirement("R-18")
def test_a_device_code_expires(product: Indoors) -> None:
    served = product.served
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES, DeviceCodeLifetime=60)
    visitor = product.visitor()
    waiting, approved = start(served, client), start(served, client)
    assert waiting["expires_in"] == 60
    decided(visitor, person, approved["user_code"])
    product.forward(seconds=59)
    assert told(poll(served, client, waiting)) == "authorization_pending"
    product.forward(seconds=1)
    for codes in (waiting, approved):
        assert told(poll(served, client, codes)) == "expired_token"
        assert typed(visitor, codes["user_code"]).response.status_code == 400


def test_a_code_is_found_however_it_is_typed(product: Indoors) -> None:
    served = product.served
    client = new_application(served, served.first, DEVICES)
    code = start(served, client)["user_code"]
    for spelt in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert typed(product.visitor(), spelt).response.status_code == 200
    prefilled = product.visitor().get(f"{PAGE}?user_code={code}").response.text
    assert f'value="{code}"' in prefilled
    assert 'id="password"' not in prefilled, "the person looks at the code before they go on"


@pytest.mark.requirement("R-49")
def test_user_codes_cannot_be_guessed(product: Indoors) -> None:
    served = product.served
    client = new_application(served, served.first, DEVICES)
    code = start(served, client, scope="ocsapi")["user_code"]
    thief, kim = product.visitor("192.0.2.66"), product.visitor("192.0.2.7")
    heard = [typed(thief, "BBBB-BBBB").response.status_code for _ in range(22)]
    assert heard == [400] * 20 + [429] * 2
    late = typed(thief, code).response
    assert (late.status_code, late.headers["retry-after"]) == (429, "15")
    assert typed(kim, code).response.status_code == 200, "somebody else is not held up"
    product.forward(seconds=15)
    assert typed(thief, code).response.status_code == 200


@pytest.mark.requirement("R-49")
def test_right_codes_are_no_guesses(product: Indoors) -> None:
    """Many devices are let in from behind one address, and none of their people is held up."""
    served = product.served
    client = new_application(served, served.first, DEVICES)
    for _ in range(25):
        code = start(served, client)["user_code"]
        assert typed(product.visitor(), code).response.status_code == 200


@pytest.mark.requirement("R-27")
def test_what_is_switched_off_lets_no_device_in(served: Served) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES)
    visitor, codes = Visitor(served), start(served, client)
    landing = visitor.sign_in(typed(visitor, codes["user_code"]), person)
    place = f"{served.api()}/{DEVICES}/{client.id}"
    off = served.http.put(place, json={"Enabled": False}, headers=served.admin())
    assert off.status_code == 200
    assert visitor.submit(landing, "allow").response.status_code == 400
    refused(poll(served, client, codes), 401, "invalid_client")
    refused(ask(served, client, "deviceauthorization"), 401, "invalid_client")
    served.http.put(place, json={"Enabled": True}, headers=served.admin())
    assert told(poll(served, client, codes)) in {"authorization_pending", "slow_down"}


@pytest.mark.requirement("R-27", "R-52")
def test_what_was_let_in_may_lose_that_while_it_asks(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grant ends after it was found good, and before its code is used up."""
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES)
    codes = start(served, client)
    decided(Visitor(served), person, codes["user_code"])
    promised = Redemption._promised

    def late(self: Redemption, *what: Any) -> Any:
        found = promised(self, *what)
        monkeypatch.undo()
        set_password(served, served.first, person.id, "another staple")
        return found

    monkeypatch.setattr(Redemption, "_promised", late)
    refused(poll(served, client, codes), 400, "invalid_grant")


@pytest.mark.requirement("R-27", "R-52")
@pytest.mark.parametrize("way", ["delete the client", "delete the user", "set the password"])
def test_a_device_that_was_let_in_may_lose_that_before_it_asks(served: Served, way: str) -> None:
    person = new_person(served, served.first)
    client = new_application(served, served.first, DEVICES)
    codes = start(served, client)
    decided(Visitor(served), person, codes["user_code"])
    if way == "set the password":
        set_password(served, served.first, person.id, "another staple")
    else:
        place = f"{DEVICES}/{client.id}" if "client" in way else f"Users/{person.id}"
        gone = served.http.delete(f"{served.api()}/{place}", headers=served.admin())
        assert gone.status_code == 204
    status, error = (401, "invalid_client") if "client" in way else (400, "invalid_grant")
    refused(poll(served, client, codes), status, error)
