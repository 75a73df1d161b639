"""A first second factor, added on the way in by somebody who must have one (decision 0025).

It is their second step. All that began before there was one ends (R-52).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from gatepost.model.events import Action
from gatepost.model.sign_ins import PASSKEY, TOTP, Passkey
from gatepost.ports import Tenancy
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services import endings, enrolments, throttling
from gatepost.services.browsers import Browser
from gatepost.services.digests import first_found
from gatepost.services.endings import Ending
from gatepost.services.enrolments import Draft, Whose
from gatepost.services.factor_letters import FactorLetters
from gatepost.services.flows import Flow, Reference, Stand
from gatepost.services.second_steps import CODE, Asked, SecondSteps
from gatepost.services.sessions import SignedIn
from gatepost.services.sign_in import Problem

WRONG_FIRST = Problem(
    "That code is not right. Type the one that your app shows now, and check the clock of your "
    "phone."
)
KEY_TOO_OLD = Problem("That took too long. Here is a new key: please add it to your app anew.")
_PASSKEY_REFUSED = Problem("The passkey was not accepted. Please try again.")
_PASSKEY_NAME = "Passkey"


class NewApp(NamedTuple):
    """The form that adds an app: its key, sealed, and the first code."""

    sealed: str
    code: str

    def __repr__(self) -> str:
        return "NewApp(***)"


class Enrolled(NamedTuple):
    """A factor was added and the person is signed in: cookies, and the codes to be shown once."""

    cookies: SignedIn
    codes: tuple[str, ...]

    def __repr__(self) -> str:
        return "Enrolled(***)"


class _Kind(NamedTuple):
    """How a factor signs in, and what the journal says of it."""

    method: str
    added: Action


_APP = _Kind(TOTP, Action.AUTHENTICATOR_ADDED)
_PASSKEY = _Kind(PASSKEY, Action.PASSKEY_ADDED)
_Keep = Callable[[Tenancy, Asked, Ending], tuple[str, ...] | Problem]


class FirstFactors:
    """Lets people in who showed a password, once they have added what they must have."""

    def __init__(self, flow: Flow, steps: SecondSteps, letters: FactorLetters) -> None:
        self._flow = flow
        self._world = flow.world
        self._steps = steps
        self._letters = letters

    def draft(self, stand: Stand, browser: Browser, sealed: str = "") -> Draft | None:
        """The key that they are shown, the same while their form is good."""
        if stand.step is not Step.ENROL or stand.person is None:
            return None
        whose = Whose(stand.tenant, stand.person, browser)
        return enrolments.same_draft(self._world, whose, sealed)

    def challenge(self, reference: Reference, user_id: str, browser: Browser) -> str:
        """What a new passkey is to sign: good for this errand, person and browser."""
        return self._challenges(reference, user_id, browser)[0]

    def add_app(
        self, reference: Reference, form: NewApp, browser: Browser
    ) -> Enrolled | Problem | ShowError | None:
        """Add an app that shows its first code; None when the errand does not ask for it."""
        limits = self._steps.counted(reference, Step.ENROL, CODE, browser)
        if limits is None or isinstance(limits, Problem | ShowError):
            return limits

        def keep(tenancy: Tenancy, asked: Asked, ending: Ending) -> tuple[str, ...] | Problem:
            whose = Whose(asked.stand.tenant, asked.user, browser)
            key = enrolments.key_of(self._world, whose, form.sealed)
            if key is None:
                return KEY_TOO_OLD
            codes = enrolments.keep(ending, tenancy, whose, key, form.code)
            if codes is None:
                return WRONG_FIRST
            throttling.give_back(self._world, tenancy, limits)
            endings.revoke_grants(ending, tenancy, asked.user.id, "authenticator_added")
            return codes

        return self._added(reference, browser, _APP, keep)

    def add_passkey(
        self, reference: Reference, attestation: str, browser: Browser
    ) -> Enrolled | Problem | ShowError | None:
        """Add a passkey that the browser just made; None when the errand does not ask for it."""

        def keep(tenancy: Tenancy, asked: Asked, ending: Ending) -> tuple[str, ...] | Problem:
            user_id = asked.user.id
            challenges = self._challenges(reference, user_id, browser)
            made = first_found(partial(self._flow.passkeys.registered, attestation), challenges)
            if made is None:
                return _PASSKEY_REFUSED
            passkey = Passkey(
                id=made.id,
                user_id=user_id,
                name=_PASSKEY_NAME,
                public_key=made.public_key,
                sign_count=made.sign_count,
                created_at=self._world.clock.now(),
            )
            if not tenancy.sign_ins.add_passkey(passkey):
                return _PASSKEY_REFUSED
            tenancy.journal.append(enrolments.factor_event(ending, _PASSKEY.added, user_id))
            endings.revoke_grants(ending, tenancy, user_id, "passkey_added")
            return enrolments.make_codes(ending, tenancy, reference.tenant_id, user_id)

        return self._added(reference, browser, _PASSKEY, keep)

    def _added(
        self, reference: Reference, browser: Browser, kind: _Kind, keep: _Keep
    ) -> Enrolled | Problem | ShowError | None:
        """Keep the factor, sign in, and end what was before."""
        with self._world.store.writing(reference.tenant_id) as tenancy:
            asked = self._steps.asked(tenancy, reference, Step.ENROL, browser)
            if not isinstance(asked, Asked):
                return asked
            user = asked.user
            ending = enrolments.ending_by(self._world, self._flow.mint.issuer, user, browser)
            codes = keep(tenancy, asked, ending)
            if isinstance(codes, Problem):
                return codes
            opened = self._steps.open(tenancy, asked, kind.method, browser)
            if isinstance(opened, ShowError):
                return opened
            ended = endings.end_all(ending, tenancy, user.id, but=opened.sign_in.id)
        cookies = self._steps.told(opened, ended)
        self._letters.tell(asked.stand.tenant, user, kind.added)
        return Enrolled(cookies, codes)

    def _challenges(self, reference: Reference, user_id: str, browser: Browser) -> tuple[str, ...]:
        about = (reference.text, user_id, browser.binding)
        return self._world.secrets.proofs("first passkey", *about)
