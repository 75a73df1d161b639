"""Links by which people set their password, once: made by an administrator, used by nobody else.

A link is bound to tenant, person and address (security.md R-82). It ends when it is used, when the
password is set otherwise, when the person is switched off or has another address, when a new one
is made, and in the end by itself. `endings.end_password_link` is what all of these call.
"""

from datetime import datetime
from typing import NamedTuple

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.portal import PASSWORD_LINK_LIFETIME, PasswordLink
from gatepost.model.tenants import Tenant
from gatepost.model.text import quoted
from gatepost.ports import Mailer, Tenancy
from gatepost.services import endings
from gatepost.services.account import NewPassword, new_password_fault
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended, Ending
from gatepost.services.flows import Reference
from gatepost.services.principals import writing_as
from gatepost.services.sign_in import Problem
from gatepost.services.world import Act, World, event

WELCOME_PATH = "/identity/welcome"
_TOKEN_BYTES = 32
_SOMEBODY = "An administrator"


class Link(NamedTuple):
    """A link that was made: mailed to the person, or an address to be handed to them."""

    address: str | None
    expires_at: datetime
    sent_to: str | None

    def __repr__(self) -> str:
        return f"Link(***, expires_at={self.expires_at!r}, sent_to={self.sent_to!r})"


class Opened(NamedTuple):
    """Whom a link is for, in which tenant, and until when."""

    user: User
    tenant: Tenant
    expires_at: datetime


class _Letter(NamedTuple):
    """What the person is told by mail, but for the address."""

    user: User
    email: str
    tenant: str
    by: str
    expires_at: datetime


class PasswordLinks:
    """Makes links, opens them, and lets each set one password."""

    def __init__(
        self,
        world: World,
        public_url: str,
        issuer: str,
        mailer: Mailer,
        courier: Courier | None = None,
    ) -> None:
        self._world = world
        self._public_url = public_url
        self._issuer = issuer
        self._mailer = mailer
        self._courier = courier

    def make(self, act: Act, user_id: str) -> Link:
        """Make a link in place of an earlier one, and mail it where that is set up."""
        token = self._world.dice.token(_TOKEN_BYTES)
        now = self._world.clock.now()
        with writing_as(self._world, act) as tenancy:
            user, email = _to_sign_in_here(tenancy, user_id)
            link = PasswordLink(
                user_id=user.id,
                email=email,
                created_at=now,
                expires_at=now + PASSWORD_LINK_LIFETIME,
            )
            tenancy.directory.set_password_link(link, self._digest(token))
            told = {"Email": email, "ExpiresAt": link.expires_at}
            made = event(self._world, act, Action.PASSWORD_LINK_MADE, user.id, after=told)
            tenancy.journal.append(made)
            letter = _Letter(user, email, *_who(tenancy, act), link.expires_at)
        address = f"{self._public_url}{WELCOME_PATH}?link={Reference(act.tenant_id, token).text}"
        if self._mailer.is_set and self._mailer.send(email, *_written(letter, address)):
            return Link(None, link.expires_at, email)
        return Link(address, link.expires_at, None)

    def opened(self, text: str) -> Opened | None:
        """Whom a link is for. Whatever is wrong with it, the answer is None."""
        reference = Reference.parse(text)
        if reference is None:
            return None
        with self._world.store.reading(reference.tenant_id) as tenancy:
            return self._alive(tenancy, reference)

    def use(self, text: str, typed: NewPassword, origin: Origin) -> Opened | Problem | None:
        """Set the password: whose it is now, what to type otherwise, or None for a dead link.

        All that came of an earlier password ends (R-52).
        """
        reference = Reference.parse(text)
        if reference is None or self.opened(text) is None:
            return None
        fault = new_password_fault(typed)
        if fault:
            return Problem(fault)
        phc = self._world.passwords.hash(typed.new)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            found = self._alive(tenancy, reference)
            ended = self._set(tenancy, found.user, phc, origin) if found else None
        if found is None or ended is None:
            return None
        if self._courier is not None:
            self._courier.send(ended.notes)
        return found

    def _alive(self, tenancy: Tenancy, reference: Reference) -> Opened | None:
        link = tenancy.directory.password_link(self._digest(reference.pending_id))
        if link is None or link.expires_at <= self._world.clock.now():
            return None
        user, tenant = tenancy.directory.user(link.user_id), tenancy.directory.tenant()
        if user is None or tenant is None:
            return None
        is_theirs = user.enabled and user.provider_id == LOCAL_PROVIDER and user.email == link.email
        return Opened(user, tenant, link.expires_at) if is_theirs else None

    def _set(self, tenancy: Tenancy, user: User, phc: str, origin: Origin) -> Ended | None:
        """Set the password by the link; None when another was quicker to use it."""
        now, actor = self._world.clock.now(), Actor("user", user.id)
        ending = Ending(self._world, self._issuer, actor, origin)
        if not endings.end_password_link(ending, tenancy, user.id):
            return None
        tenancy.directory.set_password(user.id, phc, now, must_change=False)
        tenancy.journal.append(
            Event(at=now, action=Action.PASSWORD_SET, actor=actor, origin=origin, target=user.id)
        )
        ended = endings.end_all(ending, tenancy, user.id)
        endings.revoke_grants(ending, tenancy, user.id, "password_changed")
        return ended

    def _digest(self, token: str) -> bytes:
        return self._world.secrets.digest_of("password-link", token)


def _to_sign_in_here(tenancy: Tenancy, user_id: str) -> tuple[User, str]:
    """A person who may sign in here with a password, and their address."""
    user = tenancy.directory.user(user_id.lower())
    if user is None:
        raise NotFound(Code.USER_NOT_FOUND, "user", user_id)
    if user.provider_id != LOCAL_PROVIDER or user.email is None:
        raise Refused(
            Code.INVALID_MEMBER,
            f"{quoted(user.name or user.id)} signs in at another provider.",
            "Make links for people who have their password here.",
        )
    if not user.enabled:
        raise Refused(
            Code.INVALID_MEMBER,
            f"{quoted(user.name)} is switched off, so no link would open.",
            "Switch the person on first.",
        )
    return user, user.email


def _who(tenancy: Tenancy, act: Act) -> tuple[str, str]:
    """The tenant's name, and that of the person who asks."""
    tenant = tenancy.directory.tenant()
    by = tenancy.directory.user(act.caller.id) if act.caller.kind == "user" else None
    return tenant.name if tenant else "", (by.name if by else None) or _SOMEBODY


def _written(letter: _Letter, address: str) -> tuple[str, str]:
    """Subject and text."""
    until = letter.expires_at.strftime("%Y-%m-%d %H:%M UTC")
    greeting = f"Hello {letter.user.given_name}," if letter.user.given_name else "Hello,"
    return (
        f"Choose your password for {letter.tenant}",
        f"""{greeting}

{letter.by} asks you to choose a password for {letter.tenant}.
Open this address to do so:

{address}

It works once, until {until}. You sign in with {letter.email}.

If you did not expect this letter, you need not do anything.
""",
    )
