"""Who changes something of their own, and that it is them still."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model import throttle
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, Actor, Event
from gatepost.model.people import User
from gatepost.model.sign_ins import RECENT, SignIn
from gatepost.ports import Tenancy
from gatepost.services import endings, throttling
from gatepost.services.browsers import Browser, sign_in_of, touch
from gatepost.services.endings import Ended, Ending
from gatepost.services.flows import Flow
from gatepost.services.sign_in import Problem, too_many
from gatepost.services.world import World


class Someone(NamedTuple):
    """The person who is signed in at a browser."""

    tenant_id: str
    sign_in: SignIn
    user: User


def is_recent(world: World, who: Someone) -> bool:
    """Whether the person signed in a moment ago, as for a new factor they must have."""
    return world.clock.now() - who.sign_in.signed_in_at < RECENT


@contextmanager
def changing(flow: Flow, who: Someone, browser: Browser) -> Iterator[tuple[Tenancy, Ending]]:
    """A change by somebody who is signed in, still at this moment, and was just seen."""
    actor = Actor("user", who.user.id)
    with flow.world.store.writing(who.tenant_id) as tenancy:
        now = sign_in_of(flow.world, tenancy, browser)
        if now is None or now.id != who.sign_in.id:
            raise Refused(
                Code.FORM_NOT_OURS,
                "You were signed out at this moment.",
                "Sign in and try again.",
            )
        touch(flow.world, tenancy, who.sign_in)
        yield tenancy, Ending(flow.world, flow.mint.issuer, actor, browser.origin)


def end_all_else(ending: Ending, tenancy: Tenancy, who: Someone, because: str) -> Ended:
    """End all other sessions of the person, and all that applications were given."""
    return endings.end_everything(ending, tenancy, who.user.id, because, but=who.sign_in.id)


def known_password(flow: Flow, who: Someone, typed: str, browser: Browser) -> Problem | str:
    """The hash of the password that the person typed again; counted before it is compared."""
    world = flow.world
    limits = throttling.keys(
        world, {f"{who.tenant_id} change {who.user.id}": throttle.ACCOUNT_AND_ADDRESS}
    )
    with world.store.writing(who.tenant_id) as tenancy:
        wait = throttling.count(world, tenancy, limits)
        phc = tenancy.directory.password(who.user.id) or world.passwords.decoy
    if wait:
        _refused(flow, who, "too_many_attempts", browser)
        return too_many(wait)
    if not world.passwords.verify(phc, typed):
        _refused(flow, who, "wrong_current_password", browser)
        return Problem("The current password is not right.")
    with world.store.writing(who.tenant_id) as tenancy:
        throttling.give_back(world, tenancy, limits)
    return phc


def own_event(world: World, action: Action, who: Someone, browser: Browser) -> Event:
    """The journal's entry for a change by the person about themselves."""
    return Event(
        at=world.clock.now(),
        action=action,
        actor=Actor("user", who.user.id),
        origin=browser.origin,
        target=who.user.id,
    )


def _refused(flow: Flow, who: Someone, reason: str, browser: Browser) -> None:
    event = own_event(flow.world, Action.SIGN_IN_REFUSED, who, browser)
    flow.refusals.remember(who.tenant_id, replace(event, reason=reason))
