"""The second step of a sign-in: a code, or a recovery code. `first_factors` adds a first one.

Each is asked for by the dispatcher alone, and looks again, in the transaction that completes it,
whether the errand stands at it. What is missing is wrong (decision 0025).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from gatepost.model import throttle
from gatepost.model.events import Action
from gatepost.model.factors import CODES, CODES_AND_ADDRESS, Factors
from gatepost.model.networks import network
from gatepost.model.people import User
from gatepost.model.requests import Progress
from gatepost.model.sign_ins import RECOVERY, TOTP
from gatepost.model.throttle import Limit
from gatepost.ports import Tenancy
from gatepost.protocol import totp
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services import enrolments, first_steps, throttling
from gatepost.services.browsers import Browser
from gatepost.services.courier import Courier
from gatepost.services.endings import Ended
from gatepost.services.errands import Errands
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.flows import Flow, Reference, Stand
from gatepost.services.sessions import Opened, Proved, SignedIn, open_for
from gatepost.services.sign_in import Problem, note_refusal, too_many
from gatepost.services.throttling import Keys
from gatepost.services.world import World

_WRONG = {
    "wrong_code": "That code is not right. Type the one that your app shows now.",
    "code_used_again": "That code was used already. Wait for the next one.",
    "wrong_recovery_code": "That recovery code is not right, or it was used already.",
}


class Factor(NamedTuple):
    """What is typed as a second step: how it is counted, and what uses it up or says why not."""

    method: str
    limits: tuple[Limit, Limit]
    wrong: Callable[[World, Tenancy, "Asked", str], str | None]


class SecondSteps:
    """Lets people in who showed a password already."""

    def __init__(
        self, flow: Flow, errands: Errands, courier: Courier, letters: FactorLetters
    ) -> None:
        self._flow = flow
        self._world = flow.world
        self._errands = errands
        self._courier = courier
        self._letters = letters

    def prove(
        self, reference: Reference, factor: Factor, typed: str, browser: Browser
    ) -> SignedIn | Problem | ShowError | None:
        """Sign in by a code or a recovery code; None when the errand does not ask for it."""
        limits = self.counted(reference, Step.CODE, factor, browser)
        if limits is None or isinstance(limits, Problem | ShowError):
            return limits
        with self._world.store.writing(reference.tenant_id) as tenancy:
            asked = self.asked(tenancy, reference, Step.CODE, browser)
            if not isinstance(asked, Asked):
                return asked
            wrong = factor.wrong(self._world, tenancy, asked, typed)
            opened = None
            if wrong is None:
                throttling.give_back(self._world, tenancy, limits)
                opened = self.open(tenancy, asked, factor.method, browser)
        if opened is None:
            note_refusal(self._flow, reference.tenant_id, asked.user, wrong or "", browser)
            return Problem(_WRONG[wrong or ""])
        if factor.method == RECOVERY:
            self._letters.tell(asked.stand.tenant, asked.user, Action.RECOVERY_CODE_USED)
        return opened if isinstance(opened, ShowError) else self.told(opened, Ended())

    def held(self, tenant_id: str, user: User) -> Factors:
        """What the person has, for the page that asks for it."""
        with self._world.store.reading(tenant_id) as tenancy:
            return tenancy.sign_ins.factors(user.id)

    def start_again(self, reference: Reference, browser: Browser) -> ShowError | None:
        """Forget the password that was right: somebody else wants to sign in."""

        def forgotten(_tenancy: Tenancy, stand: Stand) -> Progress:
            return replace(stand.pending.progress, first=None)

        for step in (Step.CODE, Step.ENROL):
            refused = self._errands.advance(reference, browser, step, forgotten)
            if refused:
                return refused
        return None

    def open(
        self, tenancy: Tenancy, asked: "Asked", method: str, browser: Browser
    ) -> Opened | ShowError:
        """The sign-in: as new as a password that was typed for this errand, or as old as it was."""
        if method == RECOVERY:
            self._note_recovery(tenancy, asked.user, browser)
        progress, sign_in = asked.stand.pending.progress, asked.stand.sign_in
        typed = first_steps.standing(self._world, tenancy, progress)
        is_new = typed is not None and typed.user_id == asked.user.id
        proved = Proved(asked.user, method, None if is_new else sign_in)
        return open_for(self._flow, tenancy, asked.stand.reference, proved, browser)

    def told(self, opened: Opened, ended: Ended) -> SignedIn:
        """After the transaction: applications hear of the sign-ins that ended."""
        self._courier.send((opened.ended + ended).notes)
        return opened.cookies

    def asked(
        self, tenancy: Tenancy, reference: Reference, step: Step, browser: Browser
    ) -> "Asked | ShowError | None":
        """Whom the errand asks for this step at this moment, if it does."""
        stand = self._errands.stand_within(tenancy, reference, browser)
        if isinstance(stand, ShowError):
            return stand
        is_asked = stand.step is step and stand.person is not None
        return Asked(stand, stand.person) if is_asked and stand.person else None

    def counted(
        self, reference: Reference, step: Step, factor: Factor, browser: Browser
    ) -> Keys | Problem | ShowError | None:
        """What this attempt was counted under, if there may be one (R-49)."""
        with self._world.store.writing(reference.tenant_id) as tenancy:
            asked = self.asked(tenancy, reference, step, browser)
            if not isinstance(asked, Asked):
                return asked
            named = _limits(reference.tenant_id, asked.user, factor, browser)
            limits = throttling.keys(self._world, named)
            wait = throttling.count(self._world, tenancy, limits)
        if not wait:
            return limits
        reason = "too_many_attempts"
        note_refusal(self._flow, reference.tenant_id, asked.user, reason, browser)
        return too_many(wait)

    def _note_recovery(self, tenancy: Tenancy, user: User, browser: Browser) -> None:
        ending = enrolments.ending_by(self._world, self._flow.mint.issuer, user, browser)
        used = enrolments.factor_event(ending, Action.RECOVERY_CODE_USED, user.id)
        left = tenancy.sign_ins.count_recovery_codes(user.id)
        tenancy.journal.append(replace(used, after={"Left": left}))


class Asked(NamedTuple):
    """An errand that asks somebody for a second step."""

    stand: Stand
    user: User


def _wrong_code(world: World, tenancy: Tenancy, asked: Asked, typed: str) -> str | None:
    """Use a code up; why it is not good."""
    kept = tenancy.sign_ins.authenticator(asked.user.id)
    key = enrolments.authenticator_key(world, asked.stand.tenant.id, kept)
    now = world.clock.now()
    step = totp.matched_step(key, typed, now) if key else None
    if step is None:
        return "wrong_code"
    return None if tenancy.sign_ins.spend_step(asked.user.id, step, now) else "code_used_again"


def _wrong_recovery_code(world: World, tenancy: Tenancy, asked: Asked, typed: str) -> str | None:
    """Use a recovery code up; why it is not good."""
    user_id = asked.user.id
    digests = enrolments.recovery_digests(world, asked.stand.tenant.id, user_id, typed)
    is_good = any(tenancy.sign_ins.spend_recovery_code(user_id, digest) for digest in digests)
    return None if is_good else "wrong_recovery_code"


def _limits(tenant_id: str, user: User, factor: Factor, browser: Browser) -> Mapping[str, Limit]:
    """A person's codes are counted from everywhere and from one address, and the address itself."""
    address = network(browser.origin.address)
    everywhere, from_one = factor.limits
    where = f"{tenant_id} {factor.method} {user.id}"
    return {
        f"{tenant_id} from {address}": throttle.ADDRESS,
        where: everywhere,
        f"{where} from {address}": from_one,
    }


CODE = Factor(TOTP, (CODES, CODES_AND_ADDRESS), _wrong_code)
RECOVERY_CODE = Factor(
    RECOVERY, (throttle.ACCOUNT, throttle.ACCOUNT_AND_ADDRESS), _wrong_recovery_code
)
