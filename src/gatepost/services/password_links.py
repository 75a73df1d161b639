"""Links by which people set their password, once: made by an administrator, used by nobody else.

A link is bound to tenant, person and address (security.md R-82). It ends when it is used, when the
password is set otherwise, when the person is switched off or has another address, when a new one
is made, and in the end by itself. `endings.end_password_link` is what all of these call.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model import throttle
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Action, Actor, Event, Origin
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.portal import INVITATION_LIFETIME, RESET_LIFETIME, PasswordLink
from gatepost.model.tenants import Tenant
from gatepost.model.text import fold, quoted
from gatepost.model.throttle import Limit
from gatepost.ports import Kind, Mailer, Tenancy
from gatepost.services import endings, new_passwords, throttling
from gatepost.services.courier import Courier
from gatepost.services.digests import first_found
from gatepost.services.endings import Ended, Ending
from gatepost.services.flows import Reference
from gatepost.services.named_users import existing
from gatepost.services.new_passwords import NewPassword
from gatepost.services.password_letters import Letter, written
from gatepost.services.principals import writing_as
from gatepost.services.sign_in import Problem
from gatepost.services.throttling import Keys
from gatepost.services.world import Act, World, event

WELCOME_PATH = "/identity/welcome"
_KIND: Kind = "password-link"
_TOKEN_BYTES = 32
_MINUTE = timedelta(minutes=1)


class Link(NamedTuple):
    """A link that was made: mailed to the person, or an address to be handed to them."""

    address: str | None
    expires_at: datetime
    sent_to: str | None

    def __repr__(self) -> str:
        return f"Link(***, expires_at={self.expires_at!r}, sent_to={self.sent_to!r})"


class Opened(NamedTuple):
    """Whom a link is for, in which tenant, until when, and whether they have passkeys to lose."""

    user: User
    tenant: Tenant
    expires_at: datetime
    has_passkeys: bool
    mailed: bool


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

    @property
    def mailer(self) -> Mailer:
        """What sends letters, one for all: so many at once and no more."""
        return self._mailer

    def make(self, act: Act, user_id: str) -> Link:
        """Make a link in place of an earlier one, and mail it where that is set up.

        Refused where the person or the tenant was mailed too often; the earlier link stays then.
        """
        if not self._mailer.is_set:
            return self._handed_over(act, user_id)
        with writing_as(self._world, act) as tenancy:
            user, _ = _to_sign_in_here(tenancy, user_id)
            counted = self._counted(tenancy, act, user)
            address, link = self._kept(tenancy, act, user_id, mailed=True)
            letter = Letter(user, link.email, *_who(tenancy, act), link.expires_at)
        if self._mailer.send(link.email, *written(letter, address)):
            return Link(None, link.expires_at, link.email)
        with self._world.store.writing(act.tenant_id) as tenancy:
            throttling.give_back(self._world, tenancy, counted)
        # another one: that of the letter, which may arrive after all, proves whose the address is
        return self._handed_over(act, user_id)

    def _handed_over(self, act: Act, user_id: str) -> Link:
        """A link for whoever asked for it to hand over."""
        with writing_as(self._world, act) as tenancy:
            address, link = self._kept(tenancy, act, user_id, mailed=False)
        return Link(address, link.expires_at, None)

    def _kept(
        self, tenancy: Tenancy, act: Act, user_id: str, *, mailed: bool
    ) -> tuple[str, PasswordLink]:
        """A new link in place of an earlier one, and its address."""
        user, email = _to_sign_in_here(tenancy, user_id)
        token, now = self._world.dice.token(_TOKEN_BYTES), self._world.clock.now()
        link = PasswordLink(
            user_id=user.id,
            email=email,
            created_at=now,
            expires_at=now + (RESET_LIFETIME if _is_in_use(tenancy, user) else INVITATION_LIFETIME),
            mailed=mailed,
        )
        digest = self._world.secrets.digest_of(_KIND, token)
        tenancy.directory.set_password_link(link, digest)
        told = {"Email": email, "ExpiresAt": link.expires_at}
        made = event(self._world, act, Action.PASSWORD_LINK_MADE, user.id, after=told)
        tenancy.journal.append(made)
        reference = Reference(act.tenant_id, token).text
        return f"{self._public_url}{WELCOME_PATH}?link={reference}", link

    def opened(self, text: str) -> Opened | None:
        """Whom a link is for. Whatever is wrong with it, the answer is None."""
        reference = Reference.parse(text)
        if reference is None:
            return None
        with self._world.store.reading(reference.tenant_id) as tenancy:
            return self._alive(tenancy, reference)

    def use(self, text: str, typed: NewPassword, origin: Origin) -> Opened | Problem | None:
        """Set the password: whose it is now, what to type otherwise, or None for a dead link.

        All that came of an earlier password ends (R-52), and the passkeys go: somebody else may
        have added them. An authenticator app stays, because a link proves no more than a mailbox.
        """
        reference = Reference.parse(text)
        opened = self.opened(text)
        if reference is None or opened is None:
            return None
        fault = new_passwords.typed_fault(self._world, typed, opened.user, opened.tenant)
        if fault:
            return Problem(fault)
        phc = self._world.passwords.hash(typed.new)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            found = self._alive(tenancy, reference)
            ended = self._set(tenancy, found, phc, origin) if found else None
        if found is None or ended is None:
            return None
        if self._courier is not None:
            self._courier.send(ended.notes)
        return found

    def _counted(self, tenancy: Tenancy, act: Act, user: User) -> Keys:
        """What this letter was counted under, if there may be one (R-49)."""
        to_person, of_tenant = _limits(act.tenant_id, user)
        person = throttling.keys(self._world, to_person)
        tenant = throttling.keys(self._world, of_tenant)
        wait = throttling.count(self._world, tenancy, person)
        if wait:
            name = quoted(user.name or user.id)
            raise _too_often(f"{name} was sent a letter with a link lately.", wait)
        wait = throttling.count(self._world, tenancy, tenant)
        if wait:
            raise _too_often("Many letters with links were sent for this tenant lately.", wait)
        return {**person, **tenant}

    def _alive(self, tenancy: Tenancy, reference: Reference) -> Opened | None:
        digests = self._world.secrets.digests_of(_KIND, reference.pending_id)
        link = first_found(tenancy.directory.password_link, digests)
        if link is None or link.expires_at <= self._world.clock.now():
            return None
        user, tenant = tenancy.directory.user(link.user_id), tenancy.directory.tenant()
        if user is None or tenant is None:
            return None
        is_theirs = user.enabled and user.provider_id == LOCAL_PROVIDER and user.email == link.email
        has_passkeys = bool(tenancy.sign_ins.passkeys_of(user.id))
        found = Opened(user, tenant, link.expires_at, has_passkeys, link.mailed)
        return found if is_theirs else None

    def _set(self, tenancy: Tenancy, opened: Opened, phc: str, origin: Origin) -> Ended | None:
        """Set the password by the link; None when another was quicker to use it."""
        user = opened.user
        now, actor = self._world.clock.now(), Actor("user", user.id)
        ending = Ending(self._world, self._issuer, actor, origin)
        if not endings.end_password_link(ending, tenancy, user.id):
            return None
        tenancy.directory.set_password(user.id, phc, now, must_change=False)
        is_news = opened.mailed and not user.email_verified
        if is_news:
            read = replace(user, email_verified=True, updated_at=now, version=user.version + 1)
            tenancy.directory.save_user(read, user.version)
        tenancy.journal.append(
            Event(
                at=now,
                action=Action.PASSWORD_SET,
                actor=actor,
                origin=origin,
                target=user.id,
                after={"EmailVerified": True} if is_news else None,
            )
        )
        endings.remove_passkeys(ending, tenancy, user.id)
        return endings.end_everything(ending, tenancy, user.id, "password_changed")


def _is_in_use(tenancy: Tenancy, user: User) -> bool:
    """Whether the person chose a password: a one-time password is still to be replaced."""
    kept = tenancy.directory.password(user.id)
    return kept is not None and not tenancy.directory.password_is_one_time(user.id)


def _to_sign_in_here(tenancy: Tenancy, user_id: str) -> tuple[User, str]:
    """A person who may sign in here with a password, and their address."""
    user = existing(tenancy, user_id)
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
    """The tenant's name, and that of the person who asks, where a person does."""
    tenant = tenancy.directory.tenant()
    by = tenancy.directory.user(act.caller.id) if act.caller.kind == "user" else None
    return tenant.name if tenant else "", (by.name if by else None) or ""


def _limits(tenant_id: str, user: User) -> tuple[dict[str, Limit], dict[str, Limit]]:
    """How often a person is mailed, and a tenant's people together.

    Id and address both count: each alone could be changed from letter to letter.
    """
    to_person = {}
    for whom in (user.id, fold(user.email or "")):
        to_person[f"{tenant_id} letter {whom}"] = throttle.LETTER
        to_person[f"{tenant_id} letters {whom}"] = throttle.LETTERS
    return to_person, {f"{tenant_id} letters": throttle.LETTERS_OF_TENANT}


def _too_often(reason: str, wait: timedelta) -> Refused:
    minutes = -(-wait // _MINUTE)
    when = "a minute" if minutes == 1 else f"{minutes} minutes"
    return Refused(Code.LIMIT_REACHED, reason, f"Make a new link in {when}.")
