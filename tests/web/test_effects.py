"""Each way of ending something, against each thing that it must end: in force at once (R-27)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatepost.app import Server, open_house
from gatepost.model.tenants import ADMINISTRATOR
from gatepost.services import users
from gatepost.services.tenants import operator_act
from tests.flows import PASSWORD, Visitor, new_application, new_person, set_password, token
from tests.interop import verifier
from tests.served import Served, serve, sqlite_settings
from tests.web.granting import (
    ALL_SCOPES,
    CONNECT,
    ask,
    bearer,
    is_active,
    new_code,
    redeemed,
    refreshed,
    rest,
    tokens_for,
    userinfo,
)
from tests.web.indoors import client as client_of
from tests.web.relying import account_form

ALL = {"code", "refresh", "userinfo", "introspection", "asking", "rest", "session"}


class Estate:
    """A person at a browser who uses an application: a code in hand, tokens, a session."""

    def __init__(self, served: Served) -> None:
        self.served, self.admin = served, served.admin()
        self.person = new_person(served, served.first)
        self.client = new_application(served, served.first, AllowOfflineAccess=True)
        self.other = new_application(served, served.first)
        self.visitor = Visitor(served)
        new_code(served, self.other, self.person, self.visitor)
        wanted = (served, self.client, self.person, self.visitor)
        self.tokens = tokens_for(new_code(*wanted, scope=ALL_SCOPES))
        self.code = new_code(*wanted, scope=ALL_SCOPES)
        self.place = f"{served.api()}/HybridClients/{self.client.id}"
        self.home = f"{served.api()}/Users/{self.person.id}"

    def alive(self) -> set[str]:
        """What still works. Asked once, because a code and a refresh token are used up by it."""
        access = self.tokens["access_token"]
        working = {
            "userinfo": userinfo(self.served, access).status_code == 200,
            "introspection": is_active(self.served, self.other, access),
            "rest": rest(self.served, self.served.first, access).status_code == 200,
            "session": self._is_signed_in(),
            "asking": self._may_ask(),
            "refresh": "access_token" in self.tokens_anew(),
            "code": redeemed(self.served, self.code).status_code == 200,
        }
        return {name for name, works in working.items() if works}

    def _is_signed_in(self) -> bool:
        answer = self.visitor.authorize(self.other, prompt="none").answer
        return answer.get("error") != "login_required"

    def _may_ask(self) -> bool:
        return ask(self.served, self.client, "introspect", token="x").status_code == 200

    def put(self, address: str, body: Any = None, **members: Any) -> None:
        """A change by an administrator."""
        answer = self.served.http.put(address, json=body or members, headers=self.admin)
        assert answer.status_code == 200, answer.text

    def delete(self, address: str) -> None:
        """A removal by an administrator."""
        answer = self.served.http.delete(address, headers=self.admin)
        assert answer.status_code == 204, answer.text

    def enable_person(self, *, enabled: bool) -> None:
        """Switch the person on or off; REST has no member for it."""
        act = operator_act(self.served.first.id, "test")
        world = self.served.house.world
        users.change(world, act, self.person.id, {"enabled": enabled})

    def tokens_anew(self) -> dict[str, Any]:
        """What a refresh is answered with."""
        answer = refreshed(self.served, self.client, self.tokens["refresh_token"])
        assert answer.status_code in {200, 400, 401}
        found: dict[str, Any] = answer.json()
        return found

    def revoke(self, kind: str) -> None:
        """The client gives a token back."""
        assert ask(self.served, self.client, "revocation", token=self.tokens[kind]).is_success

    def on_account(self, page: str, path: str, **fields: str) -> None:
        """The person does something on their own page."""
        assert account_form(self.visitor, page, path, **fields).status_code in {200, 303}


def change_password(estate: Estate) -> None:
    """The person changes their password."""
    new = "another battery staple"
    estate.on_account("/password", "/password", current=PASSWORD, password=new, again=new)


WAYS: dict[str, tuple[Callable[[Estate], object], set[str]]] = {
    "nothing": (lambda _: None, ALL),
    "disable the client": (lambda e: e.put(e.place, Enabled=False), {"session"}),
    "delete the client": (lambda e: e.delete(e.place), {"session"}),
    # What a hybrid client does must show a secret; its people's tokens rest on their grants.
    "delete its secret": (
        lambda e: e.delete(f"{e.place}/Secrets/1"),
        {"userinfo", "introspection", "rest", "session"},
    ),
    "delete the user": (lambda e: e.delete(e.home), {"asking"}),
    "disable the user": (lambda e: e.enable_person(enabled=False), {"asking"}),
    "forbid offline access": (
        lambda e: e.put(e.place, AllowOfflineAccess=False),
        ALL - {"refresh"},
    ),
    # What was given to stay beyond a sign-in stays.
    "sign out": (lambda e: e.on_account("", "/signout"), ALL - {"code", "session"}),
    "end all sign-ins": (lambda e: e.delete(f"{e.home}/SignIns"), {"asking"}),
    "revoke the refresh token": (
        lambda e: e.revoke("refresh_token"),
        {"code", "asking", "session"},
    ),
    "revoke the access token": (
        lambda e: e.revoke("access_token"),
        {"code", "asking", "session", "refresh"},
    ),
    "take back the consent": (
        lambda e: e.on_account("", "/consents/remove", client_id=e.client.id),
        {"asking", "session"},
    ),
    "change the password": (change_password, {"asking", "session"}),
    "set the password": (
        lambda e: set_password(e.served, e.served.first, e.person.id, "another staple"),
        {"asking"},
    ),
}


@pytest.mark.requirement("R-17", "R-24", "R-27", "R-52")
@pytest.mark.parametrize("way", list(WAYS))
def test_what_ends_ends_at_once(served: Served, way: str) -> None:
    estate = Estate(served)
    bystander = Estate(served) if way == "nothing" else None
    act, survives = WAYS[way]
    act(estate)
    assert estate.alive() == survives
    assert bystander is None or bystander.alive() == ALL


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize("what", ["client", "user"])
def test_what_is_switched_on_again_goes_on(served: Served, what: str) -> None:
    """Switching off is no revocation; nothing is used up by being refused meanwhile."""
    estate = Estate(served)
    for enabled in (False, True):
        if what == "client":
            estate.put(estate.place, Enabled=enabled)
        else:
            estate.enable_person(enabled=enabled)
        if not enabled:
            assert estate.alive() <= {"session", "asking"}
    assert estate.alive() == ALL


@pytest.mark.requirement("R-27")
def test_a_client_that_is_off_signs_nobody_in(served: Served) -> None:
    estate = Estate(served)
    waiting = Visitor(served).authorize(estate.client)
    estate.put(estate.place, Enabled=False)
    for prompt in ("none", None):
        landing = estate.visitor.authorize(estate.client, prompt=prompt)
        assert (landing.is_page, landing.response.status_code) == (True, 400)
    visitor = Visitor(served)
    assert 'id="allow"' not in visitor.get(str(waiting.response.url)).response.text


@pytest.mark.requirement("R-83")
@pytest.mark.parametrize("what", ["client", "user"])
def test_who_comes_back_under_an_old_id_starts_from_nothing(served: Served, what: str) -> None:
    estate = Estate(served)
    if what == "client":
        estate.delete(estate.place)
        estate.client = new_application(
            served, served.first, Id=estate.client.id, AllowOfflineAccess=True
        )
        assert estate.client.id == estate.code.client.id
        estate.code = estate.code._replace(client=estate.client)
        survives = {"asking", "session"}
    else:
        estate.delete(estate.home)
        members = {"Id": estate.person.id, "ContactEmail": estate.person.email}
        again = new_person(served, served.first, **members)
        assert again == estate.person
        survives = {"asking"}
    consent = estate.visitor.authorize(estate.client, prompt="none").answer["error"]
    assert consent == ("consent_required" if what == "client" else "login_required")
    assert estate.alive() == survives
    assert new_code(served, estate.client, estate.person), "and may begin anew"


def _add_role(estate: Estate, name: str) -> str:
    body = {"Name": f"{name} {estate.person.id}"}
    place = f"{estate.served.api()}/Roles"
    made = estate.served.http.post(place, json=body, headers=estate.admin)
    assert made.status_code == 201, made.text
    return str(made.json()["Id"])


@pytest.mark.requirement("R-27")
def test_a_role_that_was_taken_away_is_gone_from_tokens_in_use(served: Served) -> None:
    estate = Estate(served)
    access, api = estate.tokens["access_token"], served.api()
    query = f"{api}/Roles?roleTypeId={ADMINISTRATOR}"
    (boss,) = (role["Id"] for role in served.http.get(query, headers=estate.admin).json())
    kept, lost, removed = (_add_role(estate, name) for name in ("Kept", "Lost", "Removed"))

    def may_write() -> bool:
        body = {"Name": "Mine"}
        answer = served.http.post(f"{api}/DeviceCodeClients", json=body, headers=bearer(access))
        assert answer.status_code in {201, 403}
        return answer.status_code == 201

    def told() -> set[str]:
        return set(userinfo(served, access).json()["roles"])

    assert not may_write()
    estate.put(f"{estate.home}/Roles", [boss, kept, lost, removed])
    assert may_write()
    assert told() >= {boss, kept, lost, removed}
    estate.put(f"{estate.home}/Roles", [kept, removed])
    estate.delete(f"{api}/Roles/{removed}")
    assert not may_write()
    assert told() & {boss, kept, lost, removed} == {kept}
    for newer in (estate.tokens_anew(), tokens_for(estate.code)):
        said = verifier.access_token(served, newer["access_token"])
        assert set(said["roles"]) == told()
        assert ADMINISTRATOR not in said["role_type"]
    assert is_active(served, estate.other, access)
    assert rest(served, served.first, access).status_code == 200, "still a member"


MACHINE_WAYS: dict[str, tuple[str, str, set[str]]] = {
    "nothing": ("GET", "", {"grant", "rest", "introspection"}),
    "disable": ("PUT", "", set()),
    "delete": ("DELETE", "", set()),
    "delete the secret": ("DELETE", "/Secrets/1", set()),
}


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize("way", list(MACHINE_WAYS))
def test_what_a_machine_got_ends_with_what_it_rests_on(served: Served, way: str) -> None:
    method, part, survives = MACHINE_WAYS[way]
    client = new_application(served, served.first, "ClientCredentialClients")
    asking = new_application(served, served.first)
    access = served.token(client.id, client.secret or "")
    place = f"{served.api()}/ClientCredentialClients/{client.id}{part}"
    body = {"Enabled": False} if method == "PUT" else None
    answer = served.http.request(method, place, json=body, headers=served.admin())
    assert answer.status_code in {200, 204}
    working = {
        "grant": token(served, client, grant_type="client_credentials").status_code == 200,
        "rest": rest(served, served.first, access).status_code == 200,
        "introspection": is_active(served, asking, access),
    }
    assert {name for name, works in working.items() if works} == survives


@pytest.mark.requirement("R-27")
@pytest.mark.parametrize(
    "way", ["disable the client", "delete the user", "revoke the access token"]
)
def test_another_node_knows_at_once(tmp_path: Path, way: str) -> None:
    with serve(sqlite_settings(tmp_path)) as served:
        house = open_house(sqlite_settings(tmp_path))
        node = client_of(Server(house, served.url), served.url)
        try:
            estate = Estate(served)
            header = bearer(estate.tokens["access_token"])
            for address in (CONNECT + "userinfo", served.api()):
                assert node.get(address, headers=header).status_code == 200
            WAYS[way][0](estate)
            for address in (CONNECT + "userinfo", served.api()):
                assert node.get(address, headers=header).status_code == 401
        finally:
            house.close()
