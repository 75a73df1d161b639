"""People with an authenticator app, and what they do at the pages of a second step."""

import base64
import re
from typing import NamedTuple

from gatepost.model import base64url
from gatepost.model.events import OPERATOR, Action, Event, Origin
from gatepost.model.factors import Authenticator
from gatepost.model.tenants import SecondFactor
from gatepost.protocol import totp
from gatepost.services import sign_in_rules
from gatepost.services.enrolments import authenticator_place, recovery_digests
from gatepost.services.tenants import operator_act
from gatepost.services.world import World
from tests.flows import Landing, Person, Visitor
from tests.served import Served

KEY = b"12345678901234567890"
CODES = ("ABCDE-FGH23", "ZYXWV-UTS76")


class App(NamedTuple):
    """An authenticator app: a key, and the clock of its phone."""

    world: World
    key: bytes = KEY

    def code(self, by: int = 0) -> str:
        """What it shows now, or so many steps later."""
        return totp.code_at(self.key, totp.step_at(self.world.clock.now()) + by)

    def wrong(self) -> str:
        """A code that it shows at no step around now."""
        shown = {self.code(by) for by in range(-3, 4)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in shown)


def given_app(served: Served, tenant_id: str, user_id: str, key: bytes = KEY) -> App:
    """Give a person an app and two recovery codes, behind the scenes."""
    world = served.house.world
    now = world.clock.now()
    sealed = world.secrets.seal(authenticator_place(tenant_id, user_id), base64url.encoded(key))
    app = Authenticator(user_id=user_id, sealed_key=sealed, used_step=0, created_at=now)
    digests = [recovery_digests(world, tenant_id, user_id, code)[0] for code in CODES]
    with world.store.writing(tenant_id) as tenancy:
        tenancy.sign_ins.save_authenticator(app)
        tenancy.sign_ins.set_recovery_codes(user_id, digests)
        origin, action = Origin("given_app", ""), Action.AUTHENTICATOR_ADDED
        tenancy.journal.append(
            Event(at=now, action=action, actor=OPERATOR, origin=origin, target=user_id)
        )
    return App(world, key)


def demand(served: Served, tenant_id: str, second_factor: SecondFactor) -> None:
    """Set what a tenant demands, as an operator does."""
    act = operator_act(tenant_id, "test")
    sign_in_rules.demand(served.house.world, act, second_factor)


def typed(visitor: Visitor, page: Landing, code: str) -> Landing:
    """Type a code at the page that asks for one."""
    assert 'id="code"' in page.response.text, page.response.text
    return visitor.submit(page, code=code)


def recovered(visitor: Visitor, page: Landing, code: str) -> Landing:
    """Type a recovery code there."""
    return visitor.submit(page, "use_recovery", recovery=code)


def key_on(page: Landing) -> bytes:
    """The key that a page shows as text."""
    found = re.search(r'id="key_text">([A-Z2-7 ]+)<', page.response.text)
    assert found is not None, page.response.text
    return base64.b32decode(found[1].replace(" ", ""))


def codes_on(page: Landing) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li><code>([A-Z2-7-]+)</code></li>", page.response.text)


def enrolled(visitor: Visitor, world: World, page: Landing) -> tuple[App, Landing]:
    """Read the key of a page into an app, and type its first code."""
    app = App(world, key_on(page))
    return app, typed(visitor, page, app.code())


def halfway(visitor: Visitor, page: Landing, person: Person) -> Landing:
    """Type the right password where more is owed."""
    landing = visitor.sign_in(page, person)
    assert landing.path in {"/identity/code", "/identity/enrol"}, landing
    return landing
