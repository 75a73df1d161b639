"""The sessions of a browser: a new id at every sign-in, and none of an old one left (R-50)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model.events import Action, Actor, Event
from gatepost.model.people import User
from gatepost.model.sign_ins import ABSOLUTE_LIMIT, SignIn, SignInDigests
from gatepost.ports import Kind, Tenancy
from gatepost.protocol.authorization import ShowError
from gatepost.services.browsers import MOST_SESSIONS, Browser, sign_in_of
from gatepost.services.endings import Ended, Ending, end_sign_in
from gatepost.services.flows import GONE, Flow, Reference
from gatepost.services.world import World

_TOKEN_BYTES = 32


class SignedIn(NamedTuple):
    """The tokens that the browser's cookies hold from now on; one pair for each tenant."""

    sessions: tuple[str, ...]
    silents: tuple[str, ...]

    def __repr__(self) -> str:
        return "SignedIn(***)"


class Proved(NamedTuple):
    """Who showed who they are, and how; `since` is the sign-in that a second step is added to."""

    user: User
    method: str
    since: SignIn | None = None


class Opened(NamedTuple):
    """A sign-in that was just made, the cookies for it, and what ended for it."""

    sign_in: SignIn
    cookies: SignedIn
    ended: Ended


class Left(NamedTuple):
    """The cookies after a sign-in was left, and what ended with it."""

    cookies: SignedIn
    ended: Ended


def open_for(
    flow: Flow, tenancy: Tenancy, reference: Reference, proved: Proved, browser: Browser
) -> Opened | ShowError:
    """Sign a person in, and note it as made for an errand."""
    pending = tenancy.grants.pending(reference.pending_id)
    if pending is None:
        return GONE
    opened = open_session(flow, tenancy, proved, browser)
    progress = replace(pending.progress, first=None, sign_in_id=opened.sign_in.id)
    tenancy.grants.save_pending(replace(pending, progress=progress))
    return opened


def open_session(flow: Flow, tenancy: Tenancy, proved: Proved, browser: Browser) -> Opened:
    """Sign a person in. Their own earlier session goes on under new tokens; another's ends.

    A second step makes a session stronger, and neither newer nor longer.
    """
    user, method, since = proved
    before = sign_in_of(flow.world, tenancy, browser)
    goes_on = before is not None and before.user_id == user.id
    if before is not None and goes_on:
        cookies = _without(flow.world, tenancy, before, browser)
        tenancy.sign_ins.end(before.id)
        browser = browser._replace(sessions=cookies.sessions, silents=cookies.silents)
    left = leave_session(flow, tenancy, browser)
    now = flow.world.clock.now()
    session, silent = (flow.world.dice.token(_TOKEN_BYTES) for _ in range(2))
    sign_in = SignIn(
        id=before.id if before is not None and goes_on else flow.world.dice.guid(),
        user_id=user.id,
        method=method,
        signed_in_at=since.signed_in_at if since else now,
        last_seen_at=now,
        expires_at=since.expires_at if since else now + ABSOLUTE_LIMIT,
        address=browser.origin.address,
        agent=browser.agent,
    )
    tenancy.sign_ins.add(
        sign_in,
        SignInDigests(
            flow.world.secrets.digest_of("session", session),
            flow.world.secrets.digest_of("silent", silent),
        ),
    )
    tenancy.journal.append(_signed_in(sign_in, browser, now))
    keep = MOST_SESSIONS - 1
    sessions, silents = left.cookies
    cookies = SignedIn((session, *sessions[:keep]), (silent, *silents[:keep]))
    return Opened(sign_in, cookies, left.ended)


def _signed_in(sign_in: SignIn, browser: Browser, now: datetime) -> Event:
    return Event(
        at=now,
        action=Action.SIGNED_IN,
        actor=Actor("user", sign_in.user_id),
        origin=browser.origin,
        target=sign_in.user_id,
        after={"SignIn": sign_in.id, "Method": sign_in.method},
    )


def leave_session(flow: Flow, tenancy: Tenancy, browser: Browser) -> Left:
    """End what the browser's cookies open in the tenant.

    Also what opens nothing at this moment, because its person is switched off: else they would be
    signed in again, behind whoever came after them, as soon as they are switched on.
    """
    ended = Ended()
    now = flow.world.clock.now()
    for token in browser.sessions:
        digests = flow.world.secrets.digests_of("session", token)
        sign_in = tenancy.sign_ins.with_session(digests)
        if sign_in is None:
            continue
        cookies = _without(flow.world, tenancy, sign_in, browser)
        browser = browser._replace(sessions=cookies.sessions, silents=cookies.silents)
        if sign_in.alive(now):
            actor = Actor("user", sign_in.user_id)
            ending = Ending(flow.world, flow.mint.issuer, actor, browser.origin)
            ended += end_sign_in(ending, tenancy, sign_in)
    return Left(SignedIn(browser.sessions, browser.silents), ended)


def _without(world: World, tenancy: Tenancy, sign_in: SignIn, browser: Browser) -> SignedIn:
    """The browser's tokens without those of one sign-in, which are told by their digests."""
    kept = tenancy.sign_ins
    return SignedIn(
        _others(browser.sessions, sign_in, _finder(world, "session", kept.with_session)),
        _others(browser.silents, sign_in, _finder(world, "silent", kept.with_silent)),
    )


_Find = Callable[[str], SignIn | None]


def _finder(world: World, kind: Kind, find: Callable[[Sequence[bytes]], SignIn | None]) -> _Find:
    return lambda token: find(world.secrets.digests_of(kind, token))


def _others(tokens: tuple[str, ...], sign_in: SignIn, find: _Find) -> tuple[str, ...]:
    found = ((token, find(token)) for token in tokens)
    return tuple(token for token, owner in found if owner is None or owner.id != sign_in.id)
