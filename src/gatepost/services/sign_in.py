"""Signing in: by password or passkey, counted before anything slow, alike for all who may not."""

from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model import throttle
from gatepost.model.events import ANONYMOUS, Action, Actor, Event
from gatepost.model.people import LOCAL_PROVIDER, User
from gatepost.model.requests import Progress
from gatepost.model.sign_ins import ABSOLUTE_LIMIT, PASSKEY, PASSWORD, SignIn, SignInDigests
from gatepost.ports import Tenancy
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services import throttling
from gatepost.services.browsers import MOST_SESSIONS, Browser, sign_in_of
from gatepost.services.errands import Errands
from gatepost.services.flows import GONE, Flow, Reference, Stand
from gatepost.services.throttling import Keys

_TOKEN_BYTES = 32
_MAX_EMAIL = 254
_MAX_AGENT = 300
WRONG = "The e-mail address or the password is not right."
WRONG_PASSKEY = "That passkey is not known here, or the answer did not arrive in time."


class SignedIn(NamedTuple):
    """The person is signed in: the tokens that the browser's cookies hold from now on."""

    sessions: tuple[str, ...]
    silents: tuple[str, ...]

    def __repr__(self) -> str:
        return "SignedIn(***)"


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

    def __init__(self, flow: Flow, errands: Errands) -> None:
        self._flow = flow
        self._world = flow.world
        self._errands = errands

    def with_password(
        self, reference: Reference, typed: Typed, browser: Browser
    ) -> SignedIn | Problem | ShowError:
        """Sign in for an errand with an address and a password."""
        stand = self._errands.stand(reference, browser)
        if isinstance(stand, ShowError):
            return stand
        limits = self._limits(reference, f"email {typed.email.casefold()[:_MAX_EMAIL]}", browser)
        wait = self._count(reference, limits)
        if wait:
            return self._refused(reference, None, "too_many_attempts", browser, wait)
        user, known = self._compare(reference, typed)
        if isinstance(known, str):
            return self._refused(reference, user, known, browser)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            throttling.give_back(self._world, tenancy, limits)
            now = tenancy.directory.user(known.user.id)
            is_same = now is not None and tenancy.directory.password(now.id) == known.phc
            if now is None or not now.enabled or not is_same:
                return Problem(WRONG)
            self._rehash(tenancy, known, typed)
            return self._begin(tenancy, reference, (now, PASSWORD), browser)

    def with_passkey(
        self, reference: Reference, assertion: str, browser: Browser
    ) -> SignedIn | Problem | ShowError:
        """Sign in for an errand with a passkey, which names its person itself."""
        stand = self._errands.stand(reference, browser)
        if isinstance(stand, ShowError):
            return stand
        limits = self._limits(reference, "passkey", browser)
        wait = self._count(reference, limits)
        if wait:
            return self._refused(reference, None, "too_many_attempts", browser, wait)
        credential = self._flow.passkeys.credential_id(assertion) or ""
        with self._world.store.writing(reference.tenant_id) as tenancy:
            passkey = tenancy.sign_ins.passkey(credential)
            user = tenancy.directory.user(passkey.user_id) if passkey else None
            if passkey is not None and user is not None and user.enabled:
                challenge = self.challenge(reference, browser)
                counter = self._flow.passkeys.asserted(
                    assertion, challenge, passkey.public_key, passkey.sign_count
                )
                if counter is not None:
                    throttling.give_back(self._world, tenancy, limits)
                    now = self._world.clock.now()
                    tenancy.sign_ins.note_passkey_use(passkey.id, counter, now)
                    return self._begin(tenancy, reference, (user, PASSKEY), browser)
        refused = self._refused(reference, user, "wrong_passkey", browser)
        return refused._replace(text=WRONG_PASSKEY)

    def challenge(self, reference: Reference, browser: Browser) -> str:
        """What a passkey is to sign for this errand in this browser, and for no other."""
        return self._world.secrets.proof("passkey", reference.text, browser.binding)

    def choose(
        self, reference: Reference, browser: Browser, *, same: bool
    ) -> SignedIn | ShowError | None:
        """Go on with the account that is signed in, or leave it to sign in with another."""

        def chosen(_tenancy: Tenancy, stand: Stand) -> Progress:
            progress = stand.pending.progress
            return replace(progress, chosen=stand.sign_in.id if stand.sign_in else None)

        if same:
            return self._errands.advance(reference, browser, Step.CHOOSE, chosen)
        with self._world.store.writing(reference.tenant_id) as tenancy:
            mine = sign_in_of(self._world, tenancy, browser)
            if mine is None:
                return None
            return self._without(tenancy, mine, browser)

    def _begin(
        self, tenancy: Tenancy, reference: Reference, who: tuple[User, str], browser: Browser
    ) -> SignedIn | ShowError:
        """A new session id at every sign-in (R-50); the same person's session goes on under it."""
        user, method = who
        pending = tenancy.grants.pending(reference.pending_id)
        if pending is None:
            return GONE
        before = sign_in_of(self._world, tenancy, browser)
        same = before is not None and before.user_id == user.id
        left = self._without(tenancy, before, browser)
        now = self._world.clock.now()
        session, silent = (self._world.dice.token(_TOKEN_BYTES) for _ in range(2))
        sign_in = SignIn(
            id=before.id if before is not None and same else self._world.dice.guid(),
            user_id=user.id,
            method=method,
            signed_in_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE_LIMIT,
            address=browser.origin.address,
            agent=browser.agent[:_MAX_AGENT],
        )
        digests = SignInDigests(
            self._world.secrets.digest_of("session", session),
            self._world.secrets.digest_of("silent", silent),
        )
        tenancy.sign_ins.add(sign_in, digests)
        tenancy.grants.save_pending(
            replace(pending, progress=replace(pending.progress, sign_in_id=sign_in.id))
        )
        tenancy.journal.append(self._event(Action.SIGNED_IN, user, browser, {"Method": method}))
        keep = MOST_SESSIONS - 1
        return SignedIn((session, *left.sessions[:keep]), (silent, *left.silents[:keep]))

    def _without(self, tenancy: Tenancy, before: SignIn | None, browser: Browser) -> SignedIn:
        """The browser's tokens without those of the sign-in that it leaves, which ends."""
        pairs = list(zip(browser.sessions, browser.silents or browser.sessions, strict=False))
        if before is None:
            return SignedIn(*_unzipped(pairs))
        kept = [pair for pair in pairs if not self._is_of(tenancy, pair[0], before)]
        if tenancy.sign_ins.end(before.id):
            user = tenancy.directory.user(before.user_id)
            if user is not None:
                ended = self._event(Action.SIGN_IN_ENDED, user, browser, {"SignIn": before.id})
                tenancy.journal.append(ended)
        return SignedIn(*_unzipped(kept))

    def _is_of(self, tenancy: Tenancy, token: str, sign_in: SignIn) -> bool:
        digest = self._world.secrets.digest_of("session", token)
        found = tenancy.sign_ins.with_session([digest])
        return found is not None and found.id == sign_in.id

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

    def _rehash(self, tenancy: Tenancy, known: _Known, typed: Typed) -> None:
        """Hash anew when the parameters have risen (R-46)."""
        if self._world.passwords.needs_rehash(known.phc):
            must_change = tenancy.directory.password_is_one_time(known.user.id)
            phc = self._world.passwords.hash(typed.password)
            now = self._world.clock.now()
            tenancy.directory.set_password(known.user.id, phc, now, must_change=must_change)

    def _limits(self, reference: Reference, account: str, browser: Browser) -> Keys:
        address = browser.origin.address
        where = f"{reference.tenant_id} {account}"
        limits = {
            f"{where} from {address}": throttle.ACCOUNT_AND_ADDRESS,
            where: throttle.ACCOUNT,
            f"{reference.tenant_id} from {address}": throttle.ADDRESS,
        }
        if account == "passkey":
            del limits[where], limits[f"{where} from {address}"]
        return throttling.keys(self._world, limits)

    def _count(self, reference: Reference, limits: Keys) -> timedelta:
        with self._world.store.writing(reference.tenant_id) as tenancy:
            return throttling.count(self._world, tenancy, limits)

    def _refused(
        self,
        reference: Reference,
        user: User | None,
        reason: str,
        browser: Browser,
        wait: timedelta = timedelta(0),
    ) -> Problem:
        """What was typed stands nowhere: a password can land in the wrong field."""
        self._flow.refusals.remember(
            reference.tenant_id,
            Event(
                at=self._world.clock.now(),
                action=Action.SIGN_IN_REFUSED,
                actor=ANONYMOUS,
                origin=browser.origin,
                target=user.id if user else "",
                reason=reason,
            ),
        )
        seconds = int(wait.total_seconds()) + 1
        if wait:
            return Problem(f"Too many attempts. Please wait {seconds} seconds and try again.", wait)
        return Problem(WRONG)

    def _event(
        self, action: Action, user: User, browser: Browser, after: dict[str, object]
    ) -> Event:
        return Event(
            at=self._world.clock.now(),
            action=action,
            actor=Actor("user", user.id),
            origin=browser.origin,
            target=user.id,
            after=after,
        )


def _unzipped(pairs: list[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
