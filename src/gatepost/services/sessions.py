"""The sessions of a browser: a new id at every sign-in, and none of an old one left (R-50)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gatepost.model.events import Action, Actor, Event
from gatepost.model.people import User
from gatepost.model.sign_ins import ABSOLUTE_LIMIT, SignIn, SignInDigests
from gatepost.ports import Kind, Tenancy
from gatepost.services.browsers import MOST_SESSIONS, Browser, sign_in_of
from gatepost.services.endings import Ended, Ending, end_sign_in
from gatepost.services.flows import Flow
from gatepost.services.world import World

_TOKEN_BYTES = 32


class SignedIn(NamedTuple):
    """The tokens that the browser's cookies hold from now on; one pair for each tenant."""

    sessions: tuple[str, ...]
    silents: tuple[str, ...]

    def __repr__(self) -> str:
        return "SignedIn(***)"


class Opened(NamedTuple):
    """A sign-in that was just made, the cookies for it, and what ended for it."""

    sign_in: SignIn
    cookies: SignedIn
    ended: Ended


class Left(NamedTuple):
    """The cookies after a sign-in was left, and what ended with it."""

    cookies: SignedIn
    ended: Ended


def open_session(flow: Flow, tenancy: Tenancy, who: tuple[User, str], browser: Browser) -> Opened:
    """Sign a person in. Their own earlier session goes on under new tokens; another's ends."""
    user, method = who
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
        signed_in_at=now,
        last_seen_at=now,
        expires_at=now + ABSOLUTE_LIMIT,
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
    tenancy.journal.append(_signed_in(sign_in, browser))
    keep = MOST_SESSIONS - 1
    sessions, silents = left.cookies
    cookies = SignedIn((session, *sessions[:keep]), (silent, *silents[:keep]))
    return Opened(sign_in, cookies, left.ended)


def _signed_in(sign_in: SignIn, browser: Browser) -> Event:
    return Event(
        at=sign_in.signed_in_at,
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
        digest = flow.world.secrets.digest_of("session", token)
        sign_in = tenancy.sign_ins.with_session([digest])
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
    return lambda token: find([world.secrets.digest_of(kind, token)])


def _others(tokens: tuple[str, ...], sign_in: SignIn, find: _Find) -> tuple[str, ...]:
    found = ((token, find(token)) for token in tokens)
    return tuple(token for token, owner in found if owner is None or owner.id != sign_in.id)
