"""Somebody at their account page, with two browsers, and what is kept of their factors."""

from typing import NamedTuple

from gatepost.model.factors import Authenticator
from tests.flows import Application, Person, Visitor, new_application, new_person
from tests.web.indoors import Indoors
from tests.web.second_factors import App, codes_on, enrolled

ACCOUNT = "/identity/account"
APP = f"{ACCOUNT}/authenticator"
REMOVE = f"{APP}/remove"


class Desk(NamedTuple):
    """Somebody who just signed in, with a password, at two browsers."""

    house: Indoors
    person: Person
    client: Application
    here: Visitor
    elsewhere: Visitor

    @property
    def tenant_id(self) -> str:
        return self.house.served.first.id

    def kept(self) -> Authenticator | None:
        """The app that is kept."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return tenancy.sign_ins.authenticator(self.person.id)

    def codes_left(self) -> int:
        """How many recovery codes are kept."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return tenancy.sign_ins.count_recovery_codes(self.person.id)

    def methods(self) -> list[str]:
        """How each sign-in of the person was made."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            return [sign_in.method for sign_in in tenancy.sign_ins.of_user(self.person.id)]

    def events(self, word: str) -> list[str]:
        """The journal's actions about the person that begin with a word."""
        with self.house.world.store.reading(self.tenant_id) as tenancy:
            links = tenancy.journal.about(self.person.id, None, 100)
        found = [link.event.action.value for link in reversed(links)]
        return [action for action in found if action.startswith(word)]

    def add_app(self) -> tuple[App, list[str]]:
        """Add an app at the first browser; it and the recovery codes."""
        page = self.here.get(APP)
        app, shown = enrolled(self.here, self.house.world, page)
        return app, codes_on(shown)


def seated(house: Indoors) -> Desk:
    tenant = house.served.first
    person = new_person(house.served, tenant)
    client = new_application(house.served, tenant, AllowOfflineAccess=True)
    here, elsewhere = house.visitor(), house.visitor("198.51.100.7")
    for visitor in (here, elsewhere):
        assert visitor.through(visitor.authorize(client), person).answer["code"]
    return Desk(house, person, client, here, elsewhere)


def is_in(visitor: Visitor) -> bool:
    """Whether the browser shows somebody their account."""
    return "<h1>Your account</h1>" in visitor.get(ACCOUNT).response.text
