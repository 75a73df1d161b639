"""The yes or no of a person to an application (security.md R-38, R-39)."""

from msgspec.structs import replace

from gatepost.model.events import Action, Actor, Event
from gatepost.model.requests import AuthorizationRequest, Progress
from gatepost.model.sign_ins import Consent
from gatepost.ports import Tenancy
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.protocol.scopes import NAMES
from gatepost.services.browsers import Browser
from gatepost.services.errands import Errands
from gatepost.services.flows import Flow, Reference, Stand


def allow(flow: Flow, errands: Errands, reference: Reference, browser: Browser) -> ShowError | None:
    """The person who is signed in allowed what this errand asks for, and nothing else."""

    def agreed(tenancy: Tenancy, stand: Stand) -> Progress:
        assert stand.sign_in is not None  # noqa: S101  (no consent step without a sign-in)
        errand = stand.pending.errand
        # What is allowed in a try-out is not for the application itself to use afterwards.
        if isinstance(errand, AuthorizationRequest) and not flow.rules.is_try_out(errand):
            _remember(flow, tenancy, (stand.sign_in.user_id, errand), browser)
        return replace(stand.pending.progress, consented_as=stand.sign_in.user_id)

    refused = errands.advance(reference, browser, Step.CONSENT, agreed)
    return refused or errands.advance(reference, browser, Step.DEVICE, agreed)


def _remember(
    flow: Flow, tenancy: Tenancy, yes: tuple[str, AuthorizationRequest], browser: Browser
) -> None:
    """What was allowed before stays allowed."""
    user_id, request = yes
    known = tenancy.sign_ins.consent(user_id, request.client_id)
    given = {*request.scopes, *(known.scopes if known else ())}
    now = flow.world.clock.now()
    scopes = tuple(name for name in NAMES if name in given)
    tenancy.sign_ins.save_consent(
        Consent(user_id=user_id, client_id=request.client_id, scopes=scopes, given_at=now)
    )
    tenancy.journal.append(
        Event(
            at=now,
            action=Action.CONSENT_GIVEN,
            actor=Actor("user", user_id),
            origin=browser.origin,
            target=request.client_id,
            after={"Scopes": list(request.scopes)},
        )
    )
