"""The dispatcher: what a person has to do next for an errand, as a function of values.

OpenID Connect Core, 3.1.2.1 and 3.1.2.3 to 3.1.2.6. Nobody else chooses a step (decision 0003).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from gatepost.model.factors import Owed
from gatepost.model.requests import (
    AccountErrand,
    AuthorizationRequest,
    DeviceErrand,
    Errand,
    Progress,
)
from gatepost.model.sign_ins import RECENT, SignIn
from gatepost.protocol.parameters import OAuthError

ConsentRule = Literal["remember", "always", "never"]

NONE, LOGIN, CONSENT, SELECT = "none", "login", "consent", "select_account"
PROMPTS = (NONE, LOGIN, CONSENT, SELECT)


FOR_THE_PAGES = timedelta(minutes=5)


class Step(StrEnum):
    """What there is to do; each but the last is a page."""

    SIGN_IN = "signin"
    CODE = "code"
    ENROL = "enrol"
    PASSWORD = "password"
    CHOOSE = "choose"
    CONSENT = "consent"
    DEVICE = "device/confirm"
    FINISH = "finish"


class Facts(NamedTuple):
    """What the store knows of this browser and person at this moment.

    `halfway` is what is owed after a password that was right for this errand and still stands,
    `owed` what somebody owes who is signed in.
    """

    halfway: Owed
    sign_in: SignIn | None
    owed: Owed
    must_change_password: bool
    consented: bool
    consent_rule: ConsentRule
    now: datetime


def next_step(errand: Errand, progress: Progress, facts: Facts) -> Step | OAuthError:
    """The next step, or the error with which the errand ends."""
    if facts.halfway is not Owed.NOTHING:
        return _page(errand, _PAGE_OF[facts.halfway])
    sign_in = facts.sign_in
    if sign_in is None or _must_sign_in_anew(errand, progress, sign_in, facts.now):
        if sign_in is not None and _cannot_be_met(errand, progress, sign_in):
            return _UNMET
        return _page(errand, Step.SIGN_IN)
    if facts.owed is not Owed.NOTHING:
        return _page(errand, _step_up(facts, sign_in))
    if facts.must_change_password:
        return _page(errand, Step.PASSWORD)
    if _must_choose(errand, progress, sign_in):
        return _page(errand, Step.CHOOSE)
    if _must_ask(errand, progress, facts, sign_in):
        return _page(errand, Step.DEVICE if isinstance(errand, DeviceErrand) else Step.CONSENT)
    return Step.FINISH


_PAGE_OF = {Owed.A_SECOND_STEP: Step.CODE, Owed.A_FACTOR: Step.ENROL}
_SECOND_STEP_MISSING = OAuthError(
    "interaction_required", "the person must do a second step", "second_step_missing"
)
_UNMET = OAuthError(
    "unmet_authentication_requirements",
    "the person who signed in, or the way they did, is not the one that was asked for",
    "sign_in_not_as_asked",
)
_WITHOUT_A_PAGE = {
    Step.SIGN_IN: OAuthError("login_required", "nobody is signed in", "login_required"),
    Step.CODE: _SECOND_STEP_MISSING,
    Step.ENROL: _SECOND_STEP_MISSING,
    Step.PASSWORD: OAuthError(
        "interaction_required", "the person must change a password", "interaction_required"
    ),
    Step.CONSENT: OAuthError(
        "consent_required", "the person has not consented to this", "consent_required"
    ),
}


def _step_up(facts: Facts, sign_in: SignIn) -> Step:
    """The page for what a session owes.

    A first factor is added with a password typed a moment ago: else whoever takes an open session
    over would make it theirs for good.
    """
    is_recent = facts.now - sign_in.signed_in_at < RECENT
    return Step.SIGN_IN if facts.owed is Owed.A_FACTOR and not is_recent else _PAGE_OF[facts.owed]


def _page(errand: Errand, step: Step) -> Step | OAuthError:
    """The step, or the error that says what prompt=none does not let us ask."""
    if isinstance(errand, AuthorizationRequest) and NONE in errand.prompts:
        return _WITHOUT_A_PAGE[step]
    return step


def _must_sign_in_anew(errand: Errand, progress: Progress, sign_in: SignIn, now: datetime) -> bool:
    made_for_this = progress.sign_in_id == sign_in.id
    if isinstance(errand, AccountErrand):
        return errand.fresh and not made_for_this
    if isinstance(errand, DeviceErrand):
        return False
    if _is_somebody_else(errand, sign_in) or _is_too_weak(errand, sign_in):
        return True
    if made_for_this:
        # However short max_age is, what the other pages take of it is the person's.
        is_fresh = now - sign_in.signed_in_at <= FOR_THE_PAGES
        return not is_fresh and _is_too_old(errand, sign_in, now)
    return LOGIN in errand.prompts or _is_too_old(errand, sign_in, now)


def _cannot_be_met(errand: Errand, progress: Progress, sign_in: SignIn) -> bool:
    """The person signed in for this very request, and still it is not what was asked for."""
    return (
        isinstance(errand, AuthorizationRequest)
        and progress.sign_in_id == sign_in.id
        and (_is_somebody_else(errand, sign_in) or _is_too_weak(errand, sign_in))
    )


def _is_somebody_else(request: AuthorizationRequest, sign_in: SignIn) -> bool:
    wanted = {request.hinted_user, request.claims.sub} - {None}
    return bool(wanted - {sign_in.user_id})


def _is_too_weak(request: AuthorizationRequest, sign_in: SignIn) -> bool:
    return bool(request.claims.acr_values) and sign_in.acr not in request.claims.acr_values


def _is_too_old(request: AuthorizationRequest, sign_in: SignIn, now: datetime) -> bool:
    if request.max_age is None:
        return False
    # A max_age of 0 asks for a sign-in made for this request, whatever the clock says.
    return not request.max_age or now - sign_in.signed_in_at > timedelta(seconds=request.max_age)


def _must_choose(errand: Errand, progress: Progress, sign_in: SignIn) -> bool:
    asked = isinstance(errand, AuthorizationRequest) and SELECT in errand.prompts
    return asked and sign_in.id not in (progress.chosen, progress.sign_in_id)


def _must_ask(errand: Errand, progress: Progress, facts: Facts, sign_in: SignIn) -> bool:
    """Whether a yes is missing: one for this very errand, or a remembered one that still stands."""
    if isinstance(errand, AccountErrand):
        return False
    said_yes = progress.consented_as == sign_in.user_id
    if isinstance(errand, DeviceErrand) or CONSENT in errand.prompts:
        return not said_yes
    if facts.consent_rule == "remember":
        return not facts.consented
    return facts.consent_rule == "always" and not said_yes
