"""Every form of the identity server, filled in so that sending it changes something.

`FORMS` has a row for each address that takes one; a form without a row fails the tests of proofs.
"""

from collections.abc import Callable, Mapping

from gatepost.outgoing import NoMailer
from gatepost.services.password_links import PasswordLinks
from gatepost.services.tenants import operator_act
from tests.authenticator import Authenticator
from tests.flows import (
    Application,
    Landing,
    Visitor,
    form_of,
    new_application,
    new_person,
    set_password,
)
from tests.served import Served, Tenant
from tests.web.indoors import Indoors
from tests.web.second_factors import App, demand, enrolled, given_app, key_on

ACCOUNT = "/identity/account"
NEW_PASSWORD = "a password of one's own"
Fields = dict[str, str]


class Stage:
    """Somebody who is signed in at two browsers, has a passkey, and allowed an application."""

    def __init__(self, house: Indoors) -> None:
        self.house, self.served, self.tenant = house, house.served, house.served.first
        self.person = new_person(self.served, self.tenant)
        self.client = new_application(self.served, self.tenant, AllowOfflineAccess=True)
        self.visitor, self.elsewhere = house.visitor(), house.visitor()
        for visitor in (self.visitor, self.elsewhere):
            assert visitor.through(visitor.authorize(self.client), self.person).answer["code"]
        url = house.served.http.base_url
        self.authenticator = Authenticator(
            rp_id=url.host, origin=house.served.url, user_handle=self.person.id.encode()
        )
        added = self.send(f"{ACCOUNT}/passkeys/add", self.new_passkey(self.authenticator))
        assert added.response.url.params["done"] == "passkey-added"
        # A new passkey has ended the other session.
        self.elsewhere.through(self.elsewhere.authorize(self.client), self.person)

    def send(self, path: str, fields: Fields, **headers: str) -> Landing:
        """Post a form from the first browser."""
        return self.visitor._settle(self.visitor.http.post(path, data=fields, headers=headers))

    def account(self) -> Landing:
        """The account page."""
        page = self.visitor.get(ACCOUNT)
        assert "<h1>Your account</h1>" in page.response.text
        return page

    def new_passkey(self, authenticator: Authenticator) -> Fields:
        """The form that adds a passkey."""
        page = self.account()
        _, fields = form_of(page.response.text, "passkey_name")
        challenge = attribute(page, "passkey_add", "data-challenge")
        return fields | {"name": "Phone", "attestation": authenticator.attestation(challenge)}

    def errand(self, client: Application | None = None, **parameters: str) -> Landing:
        """The first page of a new authorization request in the first browser."""
        page = self.visitor.authorize(client or self.client, **parameters)
        assert page.is_page
        return page


def attribute(page: Landing, form_id: str, name: str) -> str:
    """An attribute of a form that a script of ours reads."""
    tag = page.response.text.split(f'id="{form_id}"', 1)[1].split(">", 1)[0]
    return tag.split(f'{name}="', 1)[1].split('"', 1)[0]


def challenge_of(page: Landing) -> str:
    """What a passkey is to sign on a sign-in page."""
    return attribute(page, "passkey_form", "data-challenge")


def answered(visitor: Visitor, page: Landing, assertion: str) -> Landing:
    """Send what a passkey answered on a sign-in page, as its script does."""
    action, fields = form_of(page.response.text, "passkey")
    return visitor._settle(visitor.http.post(action, data=fields | {"assertion": assertion}))


def add_passkey(visitor: Visitor, passkey: Authenticator, name: str = "Phone") -> Landing:
    """Add a passkey on the account page."""
    page = visitor.get(ACCOUNT)
    _, fields = form_of(page.response.text, "passkey_name")
    made = passkey.attestation(attribute(page, "passkey_add", "data-challenge"))
    sent = fields | {"name": name, "attestation": made}
    return visitor._settle(visitor.http.post(f"{ACCOUNT}/passkeys/add", data=sent))


def another_passkey(stage: Stage) -> Authenticator:
    """One that is not known yet."""
    return Authenticator(rp_id=stage.authenticator.rp_id, origin=stage.authenticator.origin)


def _sign_in(stage: Stage) -> Fields:
    _, fields = form_of(stage.errand(prompt="login").response.text, "submit")
    return fields | {"email": stage.person.email, "password": stage.person.password}


def _passkey(stage: Stage) -> Fields:
    page = stage.errand(prompt="login")
    _, fields = form_of(page.response.text, "passkey")
    return fields | {"assertion": stage.authenticator.assertion(challenge_of(page))}


def _at_code(stage: Stage) -> tuple[Landing, App]:
    """Somebody with an app whose password was right."""
    person = new_person(stage.served, stage.tenant)
    app = given_app(stage.served, stage.tenant.id, person.id)
    return stage.visitor.sign_in(stage.errand(prompt="login"), person), app


def _code(stage: Stage) -> Fields:
    page, app = _at_code(stage)
    _, fields = form_of(page.response.text, "submit")
    return fields | {"code": app.code()}


def _code_passkey(stage: Stage) -> Fields:
    given_app(stage.served, stage.tenant.id, stage.person.id)
    page = stage.visitor.sign_in(stage.errand(prompt="login"), stage.person)
    _, fields = form_of(page.response.text, "passkey")
    return fields | {"assertion": stage.authenticator.assertion(challenge_of(page))}


def _enrol(stage: Stage) -> Fields:
    page = stage.errand(prompt="login")
    demand(stage.served, stage.tenant.id, "everybody")
    page = stage.visitor.sign_in(page, new_person(stage.served, stage.tenant))
    _, fields = form_of(page.response.text, "submit")
    return fields | {"code": App(stage.house.world, key_on(page)).code()}


def _enrol_passkey(stage: Stage) -> Fields:
    page = stage.errand(prompt="login")
    demand(stage.served, stage.tenant.id, "everybody")
    page = stage.visitor.sign_in(page, new_person(stage.served, stage.tenant))
    return first_passkey(page, another_passkey(stage))


def first_passkey(page: Landing, passkey: Authenticator) -> Fields:
    """The form that adds a passkey on the way in."""
    _, fields = form_of(page.response.text, "add_passkey")
    challenge = attribute(page, "passkey_add", "data-challenge")
    return fields | {"attestation": passkey.attestation(challenge)}


def _app(stage: Stage) -> Fields:
    page = stage.visitor.get(f"{ACCOUNT}/authenticator")
    _, fields = form_of(page.response.text, "submit")
    return fields | {"code": App(stage.house.world, key_on(page)).code()}


def _remove_app(stage: Stage) -> Fields:
    enrolled(stage.visitor, stage.house.world, stage.visitor.get(f"{ACCOUNT}/authenticator"))
    _, fields = form_of(
        stage.visitor.get(f"{ACCOUNT}/authenticator/remove").response.text, "submit"
    )
    return fields | {"current": stage.person.password}


def _one_time(stage: Stage) -> Fields:
    person = new_person(stage.served, stage.tenant)
    set_password(stage.served, stage.tenant, person.id, "only for once", one_time=True)
    page = stage.errand(prompt="login")
    page = stage.visitor.sign_in(page, person._replace(password="only for once"))
    _, fields = form_of(page.response.text, "submit")
    return fields | {"password": NEW_PASSWORD, "again": NEW_PASSWORD}


def _choose(stage: Stage) -> Fields:
    page = stage.errand(prompt="select_account")
    return hidden_of(page, "/identity/choose") | {"choice": "same"}


def _consent(stage: Stage) -> Fields:
    client = new_application(stage.served, stage.tenant)
    _, fields = form_of(stage.errand(client).response.text, "allow")
    return fields


def _device(stage: Stage) -> Fields:
    device = new_application(stage.served, stage.tenant, "DeviceCodeClients")
    started = stage.served.http.post(
        "/identity/connect/deviceauthorization", data={"client_id": device.id}
    )
    assert started.status_code == 200, started.text
    _, fields = form_of(stage.visitor.get("/identity/device").response.text, "submit")
    return fields | {"user_code": started.json()["user_code"]}


def _sign_out(stage: Stage) -> Fields:
    page = stage.visitor.get("/identity/connect/endsession")
    _, fields = form_of(page.response.text, "signout")
    return fields


def _alias(stage: Stage) -> Fields:
    # The page is for whoever is not signed in; its proof is of the browser alone.
    stage.visitor.http.cookies.clear()
    _, own = form_of(stage.visitor.get(ACCOUNT).response.text, "submit")
    return own | {"alias": "First"}


def _on_account(path: str, **more: str) -> Callable[[Stage], Fields]:
    return lambda stage: hidden_of(stage.account(), ACCOUNT + path) | more


def new_link(served: Served, tenant: Tenant, user_id: str) -> str:
    """The path of a new link by which a person sets their password."""
    links = PasswordLinks(served.house.world, "", "", NoMailer())
    address = links.make(operator_act(tenant.id, "test"), user_id).address
    assert address is not None
    return address


def _welcome(stage: Stage) -> Fields:
    person = new_person(stage.served, stage.tenant)
    page = stage.visitor.get(new_link(stage.served, stage.tenant, person.id))
    _, fields = form_of(page.response.text, "submit")
    return fields | {"password": NEW_PASSWORD, "again": NEW_PASSWORD}


def _password(stage: Stage) -> Fields:
    page = stage.visitor.get(f"{ACCOUNT}/password")
    _, fields = form_of(page.response.text, "submit")
    typed = {"current": stage.person.password, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    return fields | typed


def hidden_of(page: Landing | str, action: str) -> Fields:
    """The hidden fields of the form with this address."""
    text = page if isinstance(page, str) else page.response.text
    after = text.split(f'action="{action}"', 1)[1]
    form = f'<form action="{action}"' + after.split("</form>", 1)[0] + '<button id="x"></form>'
    return form_of(form, "x")[1]


FORMS: Mapping[str, Callable[[Stage], Fields]] = {
    "/identity/signin": _sign_in,
    "/identity/signin/passkey": _passkey,
    "/identity/code": _code,
    "/identity/code/passkey": _code_passkey,
    "/identity/enrol": _enrol,
    "/identity/enrol/passkey": _enrol_passkey,
    "/identity/password": _one_time,
    "/identity/choose": _choose,
    "/identity/consent": _consent,
    "/identity/device": _device,
    "/identity/signout": _sign_out,
    "/identity/welcome": _welcome,
    f"{ACCOUNT}/alias": _alias,
    f"{ACCOUNT}/sessions/end": _on_account("/sessions/end"),
    f"{ACCOUNT}/sessions/end-others": _on_account("/sessions/end-others"),
    f"{ACCOUNT}/consents/remove": _on_account("/consents/remove"),
    f"{ACCOUNT}/passkeys/add": lambda stage: stage.new_passkey(another_passkey(stage)),
    f"{ACCOUNT}/passkeys/remove": _on_account("/passkeys/remove"),
    f"{ACCOUNT}/authenticator": _app,
    f"{ACCOUNT}/authenticator/remove": _remove_app,
    f"{ACCOUNT}/recovery-codes": _on_account("/recovery-codes"),
    f"{ACCOUNT}/password": _password,
    f"{ACCOUNT}/signout": _on_account("/signout"),
}
