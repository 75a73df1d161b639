"""What a tenant demands counts for every way to a token, and for sessions that are there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from gatepost.model.sign_ins import PASSWORD, TOTP
from gatepost.model.tenants import ADMINISTRATOR, SecondFactor
from gatepost.outgoing import NoMailer
from gatepost.services import users
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.sign_in_rules import FactorRemoval
from gatepost.services.tenants import operator_act
from tests.authenticator import Authenticator as Passkey
from tests.flows import (
    Application,
    Landing,
    Person,
    Visitor,
    new_application,
    new_person,
    redeem,
    token,
)
from tests.web.forms import add_passkey
from tests.web.indoors import Indoors, indoors
from tests.web.second_factors import App, codes_on, demand, enrolled, given_app, typed

ACCOUNT = "/identity/account"


class Scene(NamedTuple):
    """Somebody who signed in with a password alone, before more was demanded."""

    house: Indoors
    person: Person
    client: Application
    visitor: Visitor

    @property
    def tenant_id(self) -> str:
        return self.house.served.first.id

    def make_administrator(self) -> None:
        """Give the person the administrator role."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            role = tenancy.directory.role_of_type(ADMINISTRATOR)
        assert role is not None
        act = operator_act(self.tenant_id, "test")
        users.replace_roles(self.house.world, act, self.person.id, [role.id])

    def demand(self, second_factor: SecondFactor) -> None:
        """Demand it of these."""
        demand(self.house.served, self.tenant_id, second_factor)

    def methods(self) -> list[str]:
        """How each sign-in of the person was made."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return [sign_in.method for sign_in in tenancy.sign_ins.of_user(self.person.id)]


@pytest.fixture
def scene() -> Scene:
    house = indoors()
    tenant = house.served.first
    person = new_person(house.served, tenant)
    client = new_application(house.served, tenant, AllowOfflineAccess=True)
    visitor = house.visitor()
    landing = visitor.through(visitor.authorize(client), person)
    assert redeem(house.served, client, landing.answer["code"]).status_code == 200
    return Scene(house, person, client, visitor)


def has_nothing(_scene: Scene) -> None:
    """Nothing beside a password."""


def has_an_app(scene: Scene) -> None:
    """An authenticator app."""
    given_app(scene.house.served, scene.tenant_id, scene.person.id)


def has_a_passkey(scene: Scene) -> None:
    """A passkey."""
    url = scene.house.served.http.base_url
    made = Passkey(
        rp_id=url.host, origin=scene.house.served.url, user_handle=scene.person.id.encode()
    )
    added = add_passkey(scene.visitor, made)
    assert added.response.url.params["done"] == "passkey-added"


def authorized(scene: Scene) -> str:
    """Where an application's request leads."""
    return where(scene.visitor.authorize(scene.client))


def authorized_silently(scene: Scene) -> str:
    """The same without a page."""
    return where(scene.visitor.authorize(scene.client, prompt="none"))


def asked_for_the_account(scene: Scene) -> str:
    """Where the account page leads."""
    return where(scene.visitor.get(ACCOUNT))


def let_a_device_in(scene: Scene) -> str:
    """Where the code of a device leads."""
    device = new_application(scene.house.served, scene.house.served.first, "DeviceCodeClients")
    started = scene.house.served.http.post(
        "/identity/connect/deviceauthorization", data={"client_id": device.id}
    ).json()
    page = scene.visitor.get("/identity/device")
    return where(scene.visitor.submit(page, user_code=started["user_code"]))


def where(landing: Landing) -> str:
    """A page, an answer, or an error."""
    if landing.is_page:
        return landing.path.removeprefix("/identity/")
    return landing.answer.get("error") or "answer"


HAS: dict[str, Callable[[Scene], None]] = {
    "nothing": has_nothing,
    "app": has_an_app,
    "passkey": has_a_passkey,
}
OPEN = ("answer", "answer", "account", "device/confirm")
CODE = ("code", "interaction_required", "code", "code")
ENROL = ("enrol", "interaction_required", "enrol", "enrol")
WAYS = (authorized, authorized_silently, asked_for_the_account, let_a_device_in)


@pytest.mark.requirement("R-27", "R-37")
@pytest.mark.parametrize(
    ("demanded", "administrator", "has", "expected"),
    [
        ("none", False, "nothing", OPEN),
        ("none", True, "nothing", OPEN),
        ("none", False, "passkey", OPEN),
        ("none", False, "app", CODE),
        ("administrators", False, "nothing", OPEN),
        ("administrators", False, "passkey", OPEN),
        ("administrators", True, "nothing", ENROL),
        ("administrators", True, "passkey", CODE),
        ("administrators", True, "app", CODE),
        ("everybody", False, "nothing", ENROL),
        ("everybody", False, "passkey", CODE),
        ("everybody", True, "app", CODE),
    ],
)
def test_a_session_by_password_is_stepped_up_on_every_way(
    scene: Scene, demanded: SecondFactor, administrator: bool, has: str, expected: tuple[str, ...]
) -> None:
    HAS[has](scene)
    if administrator:
        scene.make_administrator()
    scene.demand(demanded)
    assert scene.methods() == [PASSWORD]
    assert tuple(way(scene) for way in WAYS) == expected


@pytest.mark.requirement("R-50", "R-51")
def test_stepping_up_makes_a_session_stronger_and_not_newer(scene: Scene) -> None:
    with scene.house.world.store.reading(scene.tenant_id) as tenancy:
        (before,) = tenancy.sign_ins.of_user(scene.person.id)
    scene.demand("everybody")
    cookie = scene.visitor.http.cookies["gatepost-sid"]
    scene.house.forward(minutes=9)
    app, shown = enrolled(scene.visitor, scene.house.world, scene.visitor.authorize(scene.client))
    assert len(codes_on(shown)) == 10
    with scene.house.world.store.reading(scene.tenant_id) as tenancy:
        (after,) = tenancy.sign_ins.of_user(scene.person.id)
    assert (after.id, after.method) == (before.id, TOTP)
    assert (after.signed_in_at, after.expires_at) == (before.signed_in_at, before.expires_at)
    assert scene.visitor.http.cookies["gatepost-sid"] != cookie
    assert authorized(scene) == "answer"
    assert app.key


@pytest.mark.requirement("R-52")
def test_an_open_session_alone_adds_no_app(scene: Scene) -> None:
    """Whoever took it over would have the account for good: the password is asked for first."""
    scene.demand("everybody")
    scene.house.forward(minutes=10)
    page = scene.visitor.authorize(scene.client)
    assert page.path == "/identity/signin"
    request = page.response.url.params["request"]
    assert scene.visitor.get(f"/identity/enrol?request={request}").path == "/identity/signin"
    assert scene.visitor.get(f"{ACCOUNT}/authenticator").path == "/identity/signin"
    page = scene.visitor.sign_in(page, scene.person)
    assert page.path == "/identity/enrol"
    enrolled(scene.visitor, scene.house.world, page)
    assert scene.methods() == [TOTP]


def test_a_step_up_by_a_code_keeps_other_sessions(scene: Scene) -> None:
    other = scene.house.visitor()
    other.through(other.authorize(scene.client), scene.person)
    app = given_app(scene.house.served, scene.tenant_id, scene.person.id)
    assert typed(scene.visitor, scene.visitor.authorize(scene.client), app.code()).answer["code"]
    assert sorted(scene.methods()) == sorted([PASSWORD, TOTP])


@pytest.mark.requirement("R-27")
def test_tokens_that_were_given_before_go_on(scene: Scene) -> None:
    """A demand counts from the next authorization on; to end more is the administrator's to do."""
    landing = scene.visitor.authorize(scene.client, scope="openid ocsapi offline_access")
    landing = scene.visitor.submit(landing, "allow")
    tokens = redeem(scene.house.served, scene.client, landing.answer["code"]).json()
    unredeemed = scene.visitor.authorize(scene.client).answer["code"]
    scene.demand("everybody")
    again = token(
        scene.house.served, scene.client, grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
    )  # fmt: skip
    assert again.status_code == 200
    assert redeem(scene.house.served, scene.client, unredeemed).status_code == 200


def removed(scene: Scene) -> None:
    """As the command line does; an app that was added behind the scenes ended nothing yet."""
    has_an_app(scene)
    letters = FactorLetters(scene.house.world, NoMailer())
    act = operator_act(scene.tenant_id, "test")
    FactorRemoval(scene.house.world, "", None, letters).remove(act, scene.person.id)


ENDS: dict[str, Callable[[Scene], Any]] = {
    "an app is added": lambda s: enrolled(
        s.visitor, s.house.world, s.visitor.get(f"{ACCOUNT}/authenticator")
    ),
    "all factors are removed": removed,
}


@pytest.mark.requirement("R-52", "R-27")
@pytest.mark.parametrize("name", ENDS)
def test_a_changed_factor_ends_codes_and_refresh_tokens(scene: Scene, name: str) -> None:
    landing = scene.visitor.authorize(scene.client, scope="openid ocsapi offline_access")
    landing = scene.visitor.submit(landing, "allow")
    tokens = redeem(scene.house.served, scene.client, landing.answer["code"]).json()
    unredeemed = scene.visitor.authorize(scene.client).answer["code"]
    ENDS[name](scene)
    again = token(
        scene.house.served, scene.client, grant_type="refresh_token",
        refresh_token=tokens["refresh_token"],
    )  # fmt: skip
    assert again.json()["error"] == "invalid_grant"
    assert redeem(scene.house.served, scene.client, unredeemed).json()["error"] == "invalid_grant"
    told = scene.house.served.http.get(
        "/identity/connect/userinfo",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    assert told.status_code == 401
    machine = token(scene.house.served, administration(scene), grant_type="client_credentials")
    assert machine.status_code == 200


def administration(scene: Scene) -> Application:
    """The client that acts for itself, which no factor concerns."""
    tenant = scene.house.served.first
    return Application(tenant, "ClientCredentialClients", tenant.client_id, tenant.secret)


def test_who_adds_an_app_at_sign_in_has_one_in_every_other_window_too(scene: Scene) -> None:
    scene.demand("everybody")
    first, second = scene.house.visitor(), scene.house.visitor()
    pages = [
        visitor.sign_in(visitor.authorize(scene.client), scene.person)
        for visitor in (first, second)
    ]
    app, _ = enrolled(first, scene.house.world, pages[0])
    late = App(scene.house.world, app.key)
    # the other window is asked for a code of the app that there is now
    landing = typed(second, pages[1], late.code(1))
    assert landing.path == "/identity/code"
    assert typed(second, landing, late.code(1)).answer["code"]
