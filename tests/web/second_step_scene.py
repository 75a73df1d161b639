"""Somebody at the second step of a sign-in, with an authenticator app or without one."""

from typing import Any, NamedTuple

import jwt

from tests.flows import Application, Landing, Person, Visitor, new_application, new_person, redeem
from tests.web.indoors import Indoors, indoors
from tests.web.second_factors import App, given_app, halfway

CODE, ENROL, ACCOUNT = "/identity/code", "/identity/enrol", "/identity/account"


class Scene(NamedTuple):
    """A product in memory with somebody who has an authenticator app."""

    house: Indoors
    person: Person
    client: Application
    app: App

    @property
    def tenant_id(self) -> str:
        return self.house.served.first.id

    def visitor(self, address: str = "192.0.2.1") -> Visitor:
        """A browser that nobody signed in at."""
        return self.house.visitor(address)

    def at_code(self, visitor: Visitor, **parameters: str) -> Landing:
        """After the right password."""
        return halfway(visitor, visitor.authorize(self.client, **parameters), self.person)

    def sign_ins(self) -> int:
        """How many sign-ins the person has."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return len(tenancy.sign_ins.of_user(self.person.id))

    def told(self) -> list[str]:
        """What the journal says of sign-ins, in order, a reason behind its action."""
        self.house.server._refusals.keep()
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            links = tenancy.journal.about(self.person.id, None, 100)
        mine = [link.event for link in reversed(links) if link.event.action.startswith("sign_in")]
        return [event.action.value + (f" {event.reason}" if event.reason else "") for event in mine]


def with_app() -> Scene:
    """Somebody who has an app."""
    bare = without_app()
    return bare._replace(app=given_app(bare.house.served, bare.tenant_id, bare.person.id))


def without_app() -> Scene:
    """Somebody who has nothing beside a password."""
    house = indoors()
    tenant = house.served.first
    person = new_person(house.served, tenant)
    client = new_application(house.served, tenant, AllowOfflineAccess=True)
    return Scene(house, person, client, App(house.world))


def claims(scene: Scene, landing: Landing) -> dict[str, Any]:
    """What the id token says for the code of a landing."""
    answer = redeem(scene.house.served, scene.client, landing.answer["code"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = jwt.decode(
        answer.json()["id_token"], options={"verify_signature": False}
    )
    return found


def is_in(visitor: Visitor) -> bool:
    """Whether the browser shows somebody their account."""
    return "<h1>Your account</h1>" in visitor.get(ACCOUNT).response.text
