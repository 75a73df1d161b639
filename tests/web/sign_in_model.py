"""What the pages of the way in promise, said a second time and more plainly than the code says it.

The machine of `test_sign_in_machine.py` tells this model what was sent, asks it what must come of
it, and shows it every code that is given.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

IDLE, ABSOLUTE = timedelta(minutes=75), timedelta(hours=8)
ERRAND = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
FOR_THE_PAGES = timedelta(minutes=5)


@dataclass
class Someone:
    """A person, and what an operator did about them."""

    id: str
    tenant: str
    email: str
    password: str
    enabled: bool = True
    one_time: bool = False


@dataclass
class Session:
    """A sign-in that was completed in a browser; `sid` is its public id."""

    who: Someone
    sid: str
    signed_in_at: datetime
    seen_at: datetime

    def alive(self, now: datetime) -> bool:
        """Whether it counts now."""
        in_time = now < self.seen_at + IDLE and now < self.signed_in_at + ABSOLUTE
        return in_time and self.who.enabled

    def touched(self, now: datetime) -> None:
        """The person was here."""
        if now - self.seen_at >= MINUTE:
            self.seen_at = now


@dataclass
class Request:
    """An authorization request that was begun in a browser, and what was done for it."""

    browser: int
    tenant: str
    client: str
    scopes: frozenset[str]
    prompts: frozenset[str]
    max_age: int | None
    begun_at: datetime
    finished: bool = False
    signed_in: str = ""
    chosen: str = ""
    allowed_by: str = ""

    def open(self, now: datetime) -> bool:
        """Whether something may still come of it."""
        return not self.finished and now < self.begun_at + ERRAND


@dataclass
class Model:
    """All that counts: sessions by the cookies that open them, requests, consents."""

    requests: list[Request] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    consents: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)

    def session(self, tenant: str, cookie: str, now: datetime) -> Session | None:
        """The living session in a tenant of a browser with this cookie."""
        found = [self.sessions[token] for token in cookie.split(".") if token in self.sessions]
        living = [one for one in found if one.who.tenant == tenant and one.alive(now)]
        return living[0] if living else None

    def step(self, request: Request, session: Session | None, now: datetime) -> str:
        """The page that a request stands at, or `finish`."""
        if session is None or self._must_sign_in(request, session, now):
            return "signin"
        if session.who.one_time:
            return "password"
        if "select_account" in request.prompts and session.sid not in {
            request.chosen,
            request.signed_in,
        }:
            return "choose"
        if not self._agreed(request, session.who.id):
            return "consent"
        return "finish"

    def _must_sign_in(self, request: Request, session: Session, now: datetime) -> bool:
        age = now - session.signed_in_at
        allowed = request.max_age
        old = allowed is not None and (allowed == 0 or age > timedelta(seconds=allowed))
        if request.signed_in == session.sid:
            return old and age > FOR_THE_PAGES
        return old or "login" in request.prompts

    def _agreed(self, request: Request, user_id: str) -> bool:
        if "consent" in request.prompts:
            return request.allowed_by == user_id
        return request.scopes <= self.consents.get((user_id, request.client), frozenset())

    def leave(self, tenant: str, cookie: str) -> None:
        """The browser with this cookie leaves whoever is signed in at the tenant."""
        for token in cookie.split("."):
            if token in self.sessions and self.sessions[token].who.tenant == tenant:
                del self.sessions[token]

    def end_others(self, session: Session) -> None:
        """All other sessions of the person end."""
        self.sessions = {
            token: one
            for token, one in self.sessions.items()
            if one.who.id != session.who.id or one.sid == session.sid
        }

    def allow(self, request: Request, session: Session) -> None:
        """A person said yes to what a request asks for."""
        request.allowed_by = session.who.id
        key = (session.who.id, request.client)
        self.consents[key] = self.consents.get(key, frozenset()) | request.scopes
