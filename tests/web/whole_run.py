"""Whatever people, applications and administrators do with secrets, in one run over HTTP.

What is given back are the secrets that were shown or typed. Others are heard where they are made.
"""

from collections.abc import Callable

from tests.flows import Person, Visitor, new_application, new_person, pkce, redeem, token
from tests.web.indoors import Indoors
from tests.web.portal.desk import Worker, make_administrator, signed_in
from tests.web.portal.test_users import ADD, CONTACT, link_in
from tests.web.relying import account_form, leave, use
from tests.web.test_device_flow import DEVICES, decided, poll, start

NEW_PASSWORD = "a lighthouse over the quiet harbour 71"


def hearing(make: Callable[..., str], known: set[str]) -> Callable[..., str]:
    """The same function, and what it makes is known."""

    def heard(*arguments: object) -> str:
        made = make(*arguments)
        known.add(made)
        return made

    return heard


def whole_run(place: Indoors) -> set[str]:
    """Whatever people and applications do with secrets; those that people typed."""
    served = place.served
    person, other = new_person(served, served.first), new_person(served, served.first)
    client = new_application(served, served.first, AllowOfflineAccess=True)
    typed = {
        person.password,
        NEW_PASSWORD,
        "wrong password of a person",
        "wrong-secret-of-a-client",
    }
    visitor = Visitor(served)
    proof = pkce()
    challenge = {"code_challenge": proof.challenge, "code_challenge_method": "S256"}
    offline = {"scope": "openid offline_access", "prompt": "consent"}
    landing = visitor.through(visitor.authorize(client, **challenge, **offline), person)
    code = landing.answer["code"]
    tokens = redeem(served, client, code, code_verifier=proof.verifier).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    newer = token(served, client, **refresh).json()
    place.forward(minutes=1)
    assert token(served, client, **refresh).status_code == 400  # used again: all is revoked
    assert redeem(served, client, code, code_verifier=proof.verifier).status_code == 400
    forged = {"grant_type": "client_credentials", "client_secret": "wrong-secret-of-a-client"}
    assert token(served, client, **forged).status_code == 401
    wrong = person._replace(password="wrong password of a person")
    stranger = Visitor(served)
    stranger.sign_in(stranger.authorize(client), wrong)
    typed |= {
        code,
        proof.verifier,
        tokens["access_token"],
        newer["refresh_token"],
        client.secret or "",
    }
    typed |= _with_a_device(place, person) | _by_an_administrator(place, other)
    _at_the_account(visitor, person.password)
    use(visitor, client, person._replace(password=NEW_PASSWORD))
    leave(visitor)
    return typed - {""}


def _with_a_device(place: Indoors, person: Person) -> set[str]:
    device = new_application(place.served, place.served.first, DEVICES)
    codes = start(place.served, device, scope="openid")
    decided(Visitor(place.served), person, codes["user_code"])
    assert poll(place.served, device, codes).status_code == 200
    return {codes["user_code"], codes["device_code"]}


def _by_an_administrator(place: Indoors, other: Person) -> set[str]:
    """In the portal and over REST: secrets, a link to set a password, sign-ins that are read."""
    served = place.served
    make_administrator(place, served.first, other)
    portal = signed_in(place, served.first, other)
    assert portal.get(f"/portal/security/users?user={other.id}").response.status_code == 200
    machine = new_application(served, served.first, "ClientCredentialClients")
    header = served.admin()
    address = f"{served.api()}/ClientCredentialClients/{machine.id}/Secrets"
    added = served.http.post(
        address, json={"Description": "spring", "Expires": False}, headers=header
    )
    assert added.status_code == 201, added.text
    person = new_person(served, served.first)
    listed = served.http.get(f"{served.api()}/Users/{person.id}/SignIns", headers=header)
    assert listed.status_code == 200
    worker = Worker(place, served.first, other, portal)
    link = link_in(worker.submit(worker.get(ADD), ADD, **CONTACT))
    opened = place.visitor().get(link.removeprefix(served.url))
    assert opened.response.status_code == 200
    got = served.token(machine.id, machine.secret or "")
    form = {"client_id": machine.id, "client_secret": machine.secret, "token": got}
    assert served.http.post("/identity/connect/revocation", data=form).status_code == 200
    for path in (f"{machine.id}/Secrets/1", machine.id):
        address = f"{served.api()}/ClientCredentialClients/{path}"
        assert served.http.delete(address, headers=header).status_code == 204
    shown = {machine.secret or "", added.json()["Secret"], got, link.rpartition("=")[2]}
    return shown | set(portal.http.cookies.values())


def _at_the_account(visitor: Visitor, password: str) -> None:
    """Change the password."""
    page = visitor.http.get("/identity/account/password")
    assert page.status_code == 200
    fields = {"current": password, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    changed = account_form(visitor, "/password", "/password", **fields)
    assert changed.status_code in (302, 303), changed.text
