"""An account that somebody else got into and added a passkey to: what lets its person back in."""

from collections.abc import Callable

import pytest

from gatepost.model.events import OPERATOR, Action, Event, Origin
from tests.authenticator import Authenticator
from tests.flows import Landing, Visitor, new_application, new_person, set_password
from tests.served import Served
from tests.web.forms import ACCOUNT, NEW_PASSWORD, add_passkey, answered, challenge_of, new_link
from tests.web.indoors import Indoors, indoors

ONE_TIME = "only for once, by hand"
pytestmark = pytest.mark.requirement("R-52")


class Taken:
    """Somebody whose password was known to another, who added a passkey of their own."""

    def __init__(self, served: Served, house: Indoors | None = None) -> None:
        self.served, self.tenant, self._house = served, served.first, house
        self.person = new_person(served, self.tenant)
        self.client = new_application(served, self.tenant)
        host = served.http.base_url.host
        self.passkey = Authenticator(rp_id=host, origin=served.url)
        thief = self.visitor()
        thief.through(thief.authorize(self.client), self.person)
        added = add_passkey(thief, self.passkey, name="Not mine")
        assert "The passkey is ready to sign in with." in added.response.text

    @property
    def path(self) -> str:
        """The REST address of their passkeys."""
        return f"{self.served.api(self.tenant)}/Users/{self.person.id}/Passkeys"

    def visitor(self) -> Visitor:
        """A new browser."""
        return self._house.visitor() if self._house else Visitor(self.served)

    def by_passkey(self, visitor: Visitor) -> Landing:
        """Where the other one comes with their passkey."""
        page = visitor.authorize(self.client)
        return answered(visitor, page, self.passkey.assertion(challenge_of(page)))

    def made_one_time(self) -> None:
        """A one-time password beside the passkey, as from before the two excluded each other."""
        world = self.served.house.world
        phc, now = world.passwords.hash(ONE_TIME), world.clock.now()
        with world.store.writing(self.tenant.id) as tenancy:
            tenancy.directory.set_password(self.person.id, phc, now, must_change=True)
            origin, action = Origin("test", ""), Action.PASSWORD_SET
            tenancy.journal.append(
                Event(at=now, action=action, actor=OPERATOR, origin=origin, target=self.person.id)
            )


def by_operator(taken: Taken) -> None:
    set_password(taken.served, taken.tenant, taken.person.id, ONE_TIME, one_time=True)


def by_link(taken: Taken) -> None:
    visitor = taken.visitor()
    page = visitor.get(new_link(taken.served, taken.tenant, taken.person.id))
    assert "Your passkeys are removed then" in page.response.text
    done = visitor.submit(page, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert done.path == "/identity/signin"


def by_rest(taken: Taken) -> None:
    headers = taken.served.admin(taken.tenant)
    assert taken.served.http.delete(taken.path, headers=headers).status_code == 204


@pytest.mark.parametrize("way", [by_operator, by_link, by_rest])
def test_the_other_one_is_out(served: Served, way: Callable[[Taken], None]) -> None:
    taken = Taken(served)
    assert taken.by_passkey(taken.visitor()).answer["code"]
    way(taken)
    refused = taken.by_passkey(taken.visitor())
    assert refused.response.status_code == 401
    assert taken.served.http.get(taken.path, headers=served.admin(taken.tenant)).json() == []


def test_a_link_says_nothing_of_passkeys_to_who_has_none(served: Served) -> None:
    person = new_person(served, served.first)
    page = Visitor(served).get(new_link(served, served.first, person.id))
    assert "passkeys" not in page.response.text


@pytest.mark.requirement("R-45")
def test_a_one_time_password_is_replaced_by_who_knows_it() -> None:
    house = indoors()
    taken = Taken(house.served, house)
    taken.made_one_time()
    thief = taken.visitor()
    page = thief.get("/")
    page = taken.by_passkey(thief)
    assert page.path == "/identity/password"
    assert "The password you were given" in page.response.text
    for guess in ("", "a guess", NEW_PASSWORD):
        page = thief.submit(page, current=guess, password=NEW_PASSWORD, again=NEW_PASSWORD)
        assert page.response.status_code == 400
        assert "The current password is not right." in page.response.text
    assert thief.get(ACCOUNT).path == "/identity/password"
    page = thief.submit(page, current=ONE_TIME, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert 'id="allow"' in page.response.text or not page.is_page


@pytest.mark.requirement("R-49")
def test_guesses_at_it_are_counted() -> None:
    house = indoors()
    taken = Taken(house.served, house)
    taken.made_one_time()
    thief = taken.visitor()
    page = taken.by_passkey(thief)
    answers = []
    for number in range(30):
        page = thief.submit(
            page, current=f"guess {number}", password=NEW_PASSWORD, again=NEW_PASSWORD
        )
        answers.append(page.response.status_code)
    assert answers[0] == 400
    assert answers[-1] == 429
    assert int(page.response.headers["Retry-After"]) > 0


def test_who_signed_in_by_the_one_time_password_is_not_asked_for_it_again(served: Served) -> None:
    person, client = new_person(served, served.first), new_application(served, served.first)
    set_password(served, served.first, person.id, ONE_TIME, one_time=True)
    visitor = Visitor(served)
    page = visitor.sign_in(visitor.authorize(client), person._replace(password=ONE_TIME))
    assert page.path == "/identity/password"
    assert "The password you were given" not in page.response.text
    page = visitor.submit(page, password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert 'id="allow"' in page.response.text
