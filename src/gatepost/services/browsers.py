"""The browser in front of us: what its cookies say, and who is signed in at it."""

from typing import NamedTuple

from gatepost.model.events import Origin
from gatepost.model.sign_ins import TOUCH_AFTER, SignIn
from gatepost.ports import Kind, Tenancy
from gatepost.protocol import redirects
from gatepost.protocol.logout import SessionState, session_state
from gatepost.services.world import World

MOST_SESSIONS = 5
_SALT_BYTES = 12


class Browser(NamedTuple):
    """A browser by its cookies: none of them is believed before the store knows it."""

    binding: str
    sessions: tuple[str, ...]
    silents: tuple[str, ...]
    state: str
    agent: str
    origin: Origin

    def __repr__(self) -> str:
        return f"Browser(***, {self.origin!r})"


def sign_in_of(world: World, tenancy: Tenancy, browser: Browser) -> SignIn | None:
    """The sign-in of this browser in the tenant, while it lives and its person may act."""
    digests = _digests(world, "session", browser.sessions)
    return _living(world, tenancy, tenancy.sign_ins.with_session(digests) if digests else None)


def tenants_of(world: World, browser: Browser) -> tuple[str, ...]:
    """The tenants of the browser's sessions, newest sign-in first."""
    if not browser.sessions:
        return ()
    digests = _digests(world, "session", browser.sessions)
    with world.store.reading_all() as deployment:
        return deployment.tenants_of_sign_ins(digests)


def silent_sign_in_of(world: World, tenancy: Tenancy, browser: Browser) -> SignIn | None:
    """The same for prompt=none, where a frame on another site sends the silent cookie alone."""
    found = sign_in_of(world, tenancy, browser)
    if found is not None or not browser.silents:
        return found
    digests = _digests(world, "silent", browser.silents)
    return _living(world, tenancy, tenancy.sign_ins.with_silent(digests))


def touch(world: World, tenancy: Tenancy, sign_in: SignIn) -> None:
    """Note that the person was here, at most once a minute."""
    now = world.clock.now()
    if now - sign_in.last_seen_at >= TOUCH_AFTER:
        tenancy.sign_ins.touch(sign_in.id, now)


def state_for(world: World, browser: Browser, client_id: str, uri: str) -> str:
    """What the application gives our check-session page to compare (Session Management, 2)."""
    of = SessionState(client_id, redirects.browser_origin(uri), browser.state)
    return session_state(of, world.dice.token(_SALT_BYTES))


def _digests(world: World, kind: Kind, tokens: tuple[str, ...]) -> list[bytes]:
    return [digest for token in tokens for digest in world.secrets.digests_of(kind, token)]


def _living(world: World, tenancy: Tenancy, sign_in: SignIn | None) -> SignIn | None:
    if sign_in is None or not sign_in.alive(world.clock.now()):
        return None
    user = tenancy.directory.user(sign_in.user_id)
    return sign_in if user is not None and user.enabled else None
