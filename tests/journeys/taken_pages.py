"""How to get to the pages on which somebody gets back an account that has passkeys."""

from playwright.sync_api import expect

from gatepost.model.events import OPERATOR, Action, Event, Origin
from tests.authenticator import Authenticator
from tests.flows import Visitor
from tests.journeys.pages import Desk, Reach
from tests.web.forms import add_passkey, answered, challenge_of, new_link

ONE_TIME = "only for once, by hand"


def welcome_with_a_passkey(desk: Desk) -> str:
    """The page of a link, which says what goes."""
    _with_passkey(desk)
    link = new_link(desk.served, desk.served.first, desk.person.id)
    desk.page.goto(f"{desk.served.url}{link}")
    expect(desk.page.get_by_text("Your passkeys are removed then")).to_be_visible()
    return "Choose your password"


def one_time_password_by_a_passkey(desk: Desk) -> str:
    """A one-time password beside a passkey, as from before the two excluded each other."""
    visitor, passkey = Visitor(desk.served), _with_passkey(desk)
    world, tenant_id = desk.served.house.world, desk.served.first.id
    phc, now, origin = world.passwords.hash(ONE_TIME), world.clock.now(), Origin("test", "")
    with world.store.writing(tenant_id) as tenancy:
        tenancy.directory.set_password(desk.person.id, phc, now, must_change=True)
        action, target = Action.PASSWORD_SET, desk.person.id
        tenancy.journal.append(
            Event(at=now, action=action, actor=OPERATOR, origin=origin, target=target)
        )
    page = visitor.authorize(desk.client)
    page = answered(visitor, page, passkey.assertion(challenge_of(page)))
    assert page.path == "/identity/password"
    cookies = visitor.http.cookies.jar
    url = desk.served.url
    desk.page.context.add_cookies(
        [{"name": each.name, "value": each.value or "", "url": url} for each in cookies]
    )
    desk.page.goto(str(page.response.url))
    desk.send("a guess", "a password of one's own", "a password of one's own")
    desk.is_told()
    return "Choose a password"


def _with_passkey(desk: Desk) -> Authenticator:
    visitor = Visitor(desk.served)
    passkey = Authenticator(rp_id=desk.served.http.base_url.host, origin=desk.served.url)
    visitor.through(visitor.authorize(desk.client), desk.person)
    added = add_passkey(visitor, passkey, name="Work phone")
    assert "The passkey is ready to sign in with." in added.response.text
    return passkey


TAKEN_PAGES: list[Reach] = [
    welcome_with_a_passkey, one_time_password_by_a_passkey,
]  # fmt: skip
