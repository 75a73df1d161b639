"""Signing in: by password or passkey, counted before anything slow, alike for all who may not."""

from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model import throttle
from gatepost.model.events import ANONYMOUS, Action, Event
from gatepost.model.factors import Owed, owed
from gatepost.model.networks import network
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.requests import Progress
from gatepost.model.sign_ins import PASSKEY, PASSWORD
from gatepost.model.text import fold
from gatepost.ports import Tenancy
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services import throttling
from gatepost.services.browsers import Browser
from gatepost.services.courier import Courier
from gatepost.services.digests import first_found
from gatepost.services.errands import Errands
from gatepost.services.first_steps import first_step
from gatepost.services.flows import GONE, Flow, Reference, Stand
from gatepost.services.sessions import Opened, Proved, SignedIn, leave_session, open_for
from gatepost.services.throttling import Keys

_MAX_EMAIL = 254
WRONG = "The e-mail address or the password is not right."
WRONG_PASSKEY = "That passkey is not known here, or the answer did not arrive in time."


class Problem(NamedTuple):
    """What to tell a person who may try again; `wait` when that is not at once."""

    text: str
    wait: timedelta = timedelta(0)


class Typed(NamedTuple):
    """What a person typed."""

    email: str
    password: str

    def __repr__(self) -> str:
        return "Typed(***)"


class _Known(NamedTuple):
    """A person and the hash that their password was compared with."""

    user: User
    phc: str


class SignInService:
    """Lets people in."""

    def __init__(self, flow: Flow, errands: Errands, courier: Courier) -> None:
        self._flow = flow
        self._world = flow.world
        self._errands = errands
        self._courier = courier

    def with_password(
        self, reference: Reference, typed: Typed, browser: Browser
    ) -> SignedIn | Problem | ShowError | None:
        """Sign in for an errand with an address and a password; None where more is owed."""
        # Folded as the directory folds it: one account has one counter, however it is written.
        account = f"email {fold(typed.email[:_MAX_EMAIL])}"
        limits = self._counted(reference, account, browser)
        if isinstance(limits, Problem | ShowError):
            return limits
        user, known = self._compare(reference, typed)
        if isinstance(known, str):
            return self._refused(reference, user, known, browser)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            throttling.give_back(self._world, tenancy, limits)
            now = tenancy.directory.user(known.user.id)
            is_same = now is not None and tenancy.directory.password(now.id) == known.phc
            if now is None or not now.enabled or not is_same:
                return Problem(WRONG)
            phc = self._rehash(tenancy, known, typed)
            if owed(PASSWORD, tenancy.sign_ins.factors(now.id)) is not Owed.NOTHING:
                return self._halfway(tenancy, reference, _Known(now, phc), browser)
            begun = open_for(self._flow, tenancy, reference, Proved(now, PASSWORD), browser)
        return self._told(begun)

    def with_passkey(
        self, reference: Reference, assertion: str, browser: Browser
    ) -> SignedIn | Problem | ShowError:
        """Sign in for an errand with a passkey, which names its person itself."""
        limits = self._counted(reference, None, browser)
        if isinstance(limits, Problem | ShowError):
            return limits
        with self._world.store.writing(reference.tenant_id) as tenancy:
            user = self._asserted(tenancy, reference, assertion, browser)
            begun = None
            if user is not None:
                throttling.give_back(self._world, tenancy, limits)
                begun = open_for(self._flow, tenancy, reference, Proved(user, PASSKEY), browser)
        if begun is not None:
            return self._told(begun)
        return self._refused(reference, None, "wrong_passkey", browser)._replace(text=WRONG_PASSKEY)

    def _asserted(
        self, tenancy: Tenancy, reference: Reference, assertion: str, browser: Browser
    ) -> User | None:
        """The person whose passkey answered this very challenge, if they may act."""
        passkey = tenancy.sign_ins.passkey(self._flow.passkeys.credential_id(assertion) or "")
        user = tenancy.directory.user(passkey.user_id) if passkey else None
        if passkey is None or user is None or not user.enabled:
            return None
        known = (passkey.public_key, passkey.sign_count)
        counter = first_found(
            lambda challenge: self._flow.passkeys.asserted(assertion, challenge, *known),
            self._world.secrets.proofs("passkey", reference.text, browser.binding),
        )
        if counter is None:
            return None
        tenancy.sign_ins.note_passkey_use(passkey.id, counter, self._world.clock.now())
        return user

    def challenge(self, reference: Reference, browser: Browser) -> str:
        """What a passkey is to sign for this errand in this browser, and for no other."""
        return self._world.secrets.proof("passkey", reference.text, browser.binding)

    def choose(
        self, reference: Reference, browser: Browser, *, same: bool
    ) -> SignedIn | ShowError | None:
        """Go on with the account that is signed in, or leave it to sign in with another."""

        def chosen(_tenancy: Tenancy, stand: Stand) -> Progress:
            progress = replace(stand.pending.progress, first=None)
            return replace(progress, chosen=stand.sign_in.id if stand.sign_in else None)

        if same:
            return self._errands.advance(reference, browser, Step.CHOOSE, chosen)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            left = leave_session(self._flow, tenancy, browser)
        self._courier.send(left.ended.notes)
        return left.cookies

    def _halfway(
        self, tenancy: Tenancy, reference: Reference, known: _Known, browser: Browser
    ) -> ShowError | None:
        """The password was right: noted in the errand, and nobody is signed in yet."""
        pending = tenancy.grants.pending(reference.pending_id)
        if pending is None:
            return GONE
        tenancy.journal.append(
            Event(
                at=self._world.clock.now(),
                action=Action.SIGN_IN_BEGUN,
                actor=ANONYMOUS,
                origin=browser.origin,
                target=known.user.id,
            )
        )
        first = first_step(self._world, known.user, known.phc)
        tenancy.grants.save_pending(
            replace(pending, progress=replace(pending.progress, first=first))
        )
        return None

    def _told(self, outcome: Opened | ShowError) -> SignedIn | ShowError:
        """After the transaction: applications hear of the sign-in that this one replaced."""
        if isinstance(outcome, ShowError):
            return outcome
        self._courier.send(outcome.ended.notes)
        return outcome.cookies

    def _compare(self, reference: Reference, typed: Typed) -> tuple[User | None, _Known | str]:
        """The person, and why not; the same work whoever it is (R-48)."""
        with self._world.store.reading(reference.tenant_id) as tenancy:
            user = None
            if len(typed.email) <= _MAX_EMAIL:
                user = tenancy.directory.user_with_email(LOCAL_PROVIDER, typed.email)
            phc = tenancy.directory.password(user.id) if user is not None else None
        right = self._world.passwords.verify(phc or self._world.passwords.decoy, typed.password)
        if user is None or phc is None:
            return user, "unknown_person" if user is None else "no_password"
        if not right:
            return user, "wrong_password"
        return user, _Known(user, phc) if user.enabled else "person_disabled"

    def _rehash(self, tenancy: Tenancy, known: _Known, typed: Typed) -> str:
        """Hash anew when the parameters have risen (R-46); the hash that is kept now."""
        if not self._world.passwords.needs_rehash(known.phc):
            return known.phc
        must_change = tenancy.directory.password_is_one_time(known.user.id)
        phc = self._world.passwords.hash(typed.password)
        now = self._world.clock.now()
        tenancy.directory.set_password(known.user.id, phc, now, must_change=must_change)
        return phc

    def _counted(
        self, reference: Reference, account: str | None, browser: Browser
    ) -> Keys | Problem | ShowError:
        """What this attempt was counted under, if there may be one."""
        stand = self._errands.stand(reference, browser)
        if isinstance(stand, ShowError):
            return stand
        limits = self._limits(reference, account, browser)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            wait = throttling.count(self._world, tenancy, limits)
        if wait:
            return self._refused(reference, None, "too_many_attempts", browser, wait)
        return limits

    def _limits(self, reference: Reference, account: str | None, browser: Browser) -> Keys:
        """A passkey names its account only after the count, so that only the address counts."""
        address = network(browser.origin.address)
        limits = {f"{reference.tenant_id} from {address}": throttle.ADDRESS}
        if account is not None:
            where = f"{reference.tenant_id} {account}"
            limits[where] = throttle.ACCOUNT
            limits[f"{where} from {address}"] = throttle.ACCOUNT_AND_ADDRESS
        return throttling.keys(self._world, limits)

    def _refused(
        self,
        reference: Reference,
        user: User | None,
        reason: str,
        browser: Browser,
        wait: timedelta = timedelta(0),
    ) -> Problem:
        note_refusal(self._flow, reference.tenant_id, user, reason, browser)
        return too_many(wait) if wait else Problem(WRONG)


def note_refusal(
    flow: Flow, tenant_id: str, user: User | None, reason: str, browser: Browser
) -> None:
    """Remember that somebody could not sign in.

    What was typed stands nowhere: a password can land in the wrong field.
    """
    flow.refusals.remember(
        tenant_id,
        Event(
            at=flow.world.clock.now(),
            action=Action.SIGN_IN_REFUSED,
            actor=ANONYMOUS,
            origin=browser.origin,
            target=user.id if user else "",
            reason=reason,
        ),
        culprit=network(browser.origin.address),
    )


def too_many(wait: timedelta) -> Problem:
    """What somebody is told who must wait."""
    seconds = int(wait.total_seconds()) + 1
    return Problem(f"Too many attempts. Please wait {seconds} seconds and try again.", wait)
