"""One visit of a browser: its form, the proof that the form is ours, and how answers look."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gatepost.model.errors import Code, Refused
from gatepost.model.requests import AccountPart, AuthorizationRequest
from gatepost.ports import Secrets
from gatepost.protocol import discovery, redirects, response
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.protocol.parameters import parse_form
from gatepost.protocol.response import Answer
from gatepost.services.account import AccountService
from gatepost.services.authorize import AuthorizeService
from gatepost.services.browsers import Browser
from gatepost.services.devices import DeviceService
from gatepost.services.digests import is_one_of
from gatepost.services.errands import Errands
from gatepost.services.factors import OwnFactors
from gatepost.services.first_factors import FirstFactors
from gatepost.services.flows import (
    ACCOUNT_PAGE,
    DEVICE_ALLOWED_PAGE,
    GONE,
    Flow,
    Home,
    Next,
    Reference,
    Stand,
)
from gatepost.services.password_links import PasswordLinks
from gatepost.services.second_steps import SecondSteps
from gatepost.services.sign_in import SignInService
from gatepost.services.sign_out import SignOutService
from gatepost.web import forms, pages
from gatepost.web.http import NO_STORE, Call, Headers, Reply
from gatepost.web.interaction.cookies import Cookies
from gatepost.web.pages import Reach

PREFIX = discovery.ISSUER_PATH
RESUME = PREFIX + "/resume"
ACCOUNT = PREFIX + "/account"


Form = dict[str, str]
Values = dict[str, Any]


class Rooms(NamedTuple):
    """The services behind the pages."""

    flow: Flow
    errands: Errands
    authorize: AuthorizeService
    sign_in: SignInService
    sign_out: SignOutService
    account: AccountService
    devices: DeviceService
    links: PasswordLinks
    second_steps: SecondSteps
    first_factors: FirstFactors
    factors: OwnFactors


class Place(NamedTuple):
    """Where this deployment is reached."""

    origin: str
    rp_id: str
    cookies: Cookies


class Visit(NamedTuple):
    """A call of a browser, with what its pages need."""

    call: Call
    browser: Browser
    rooms: Rooms
    place: Place

    def form(self) -> dict[str, str]:
        """The fields of the body, when it is a form."""
        forms.check_is_form(self.call)
        return _parsed(self.call.body)

    def query(self) -> dict[str, str]:
        """The parameters of the address."""
        return _parsed(self.call.query)

    def proof(self, purpose: str, about: str = "") -> str:
        """The hidden field that shows a form to be ours, for this browser and this thing."""
        return _proofs(self.rooms.flow.world.secrets, self.browser, purpose, about)[0]

    def proved_form(self, purpose: str, about: str = "") -> dict[str, str]:
        """The fields of a form of ours; refused when it may be somebody else's (R-54, D-11)."""
        form = self.form()
        forms.check_same_site(self.call, self.place.origin)
        secrets, about = self.rooms.flow.world.secrets, form.get("request", about)
        expected = _proofs(secrets, self.browser, purpose, about)
        if not is_one_of(form.get("proof", "").encode(), map(str.encode, expected)):
            raise Refused(
                Code.FORM_NOT_OURS,
                "This form was not made for this browser, or it is too old.",
                "Go back, load the page again and send it once more. Cookies must be allowed.",
            )
        return form


Answering = Callable[[Visit], Reply]


def reference_in(parameters: Mapping[str, str]) -> Reference | None:
    """The errand that a page or form names."""
    return Reference.parse(parameters.get("request", ""))


def redirect(address: str, extra: Headers = ()) -> Reply:
    """303, so that what was posted is not posted again (R-06)."""
    return Reply(303, b"", (("Location", address), *NO_STORE, *extra))


def to_step(step: Step, reference: Reference) -> Reply:
    """To the page of a step."""
    return redirect(f"{PREFIX}/{step.value}?request={reference.text}")


def to_resume(reference: Reference, extra: Headers = ()) -> Reply:
    """Back to the dispatcher."""
    return redirect(f"{RESUME}?request={reference.text}", extra)


def at_step(visit: Visit, step: Step, show: Callable[[Visit, Stand], Reply]) -> Reply:
    """A page of an errand, when the errand stands there; else on to where it stands."""
    reference = reference_in(visit.query())
    if reference is None:
        return show_error(visit, GONE)
    stand = visit.rooms.errands.stand(reference, visit.browser)
    if isinstance(stand, ShowError):
        return show_error(visit, stand)
    return show(visit, stand) if stand.step is step else to_resume(reference)


def answers_form(purpose: str) -> Callable[[Callable[[Visit, Form, Reference], Reply]], Answering]:
    """Marks what answers a form of an errand's page: one of ours, which names its errand."""

    def mark(answer: Callable[[Visit, Form, Reference], Reply]) -> Answering:
        @functools.wraps(answer)
        def answering(visit: Visit) -> Reply:
            form = visit.proved_form(purpose)
            reference = reference_in(form)
            return show_error(visit, GONE) if reference is None else answer(visit, form, reference)

        return answering

    return mark


def reach_of(stand: Stand) -> Reach:
    """Pages of an errand lead back to the application that began it."""
    errand = stand.pending.errand
    if isinstance(errand, AuthorizationRequest):
        return Reach(forms=(redirects.source(errand.redirect_uri),))
    return Reach()


def told(visit: Visit, outcome: Next | Home | Answer | ShowError) -> Reply:
    """What became of an errand, as an answer to the browser."""
    if isinstance(outcome, ShowError):
        return show_error(visit, outcome)
    if isinstance(outcome, Next):
        return to_step(outcome.step, outcome.reference)
    if isinstance(outcome, Answer):
        return _answer(outcome)
    if outcome.page == ACCOUNT_PAGE:
        return redirect(ACCOUNT + _PARTS[outcome.part])
    allowed = outcome.page == DEVICE_ALLOWED_PAGE
    client = {"name": outcome.client_name}
    return pages.page(200, "device_done.html", allowed=allowed, client=client)


def show_error(visit: Visit, shown: ShowError, status: int = 400) -> Reply:
    """A page for what only the person can be told; nothing of the request stands on it (R-58)."""
    error = shown.error
    waiting = (("Retry-After", str(error.wait)),) if error.wait else ()
    heading, text, mend = _WORDS.get(error.reason, _ANY_ERROR)
    page = pages.page(
        error.status if error.wait else status,
        "oauth_error.html",
        heading=heading,
        text=text or f"{error.description[:1].upper()}{error.description[1:]}.",
        error=_SHOWN_CODES.get(error.reason, error.error),
        mend=mend,
        support_id=visit.call.origin.operation_id,
    )
    return page._replace(headers=page.headers + waiting)


def _answer(answer: Answer) -> Reply:
    if answer.mode != response.FORM_POST:
        return redirect(response.address(answer))
    source = redirects.source(answer.uri)
    reach = Reach(forms=(source,), framed_by=(source,) if answer.silent else ())
    return pages.page_reaching(
        reach, 200, "form_post.html", action=answer.uri, fields=answer.fields
    )


def _parsed(raw: bytes) -> dict[str, str]:
    return forms.in_order(parse_form(raw), "Go back to the application and start again.")


def _proofs(secrets: Secrets, browser: Browser, purpose: str, about: str) -> tuple[str, ...]:
    """Once somebody is signed in, a form is theirs: it is void when another person takes over."""
    whose = "" if purpose in _BEFORE_SIGN_IN else ".".join(browser.sessions)
    return secrets.proofs("form", browser.binding, whose, purpose, about)


_PARTS: Mapping[AccountPart, str] = {
    "": "",
    "again": "?done=signed-in",
    "add-app": "/authenticator",
    "remove-app": "/authenticator/remove",
}
_BEFORE_SIGN_IN = frozenset({"signin", "code", "enrol", "device", "alias", "welcome"})


_ANY_ERROR = (
    "That sign-in cannot go on",
    "",
    "Start again in the application. If it goes on, tell your administrator the support id below.",
)
_TELL = "Tell your administrator the support id below; it leads them to what is to be changed."
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "unknown_client": (
        "This application is not known here",
        "The application that sent you here is not registered on this server.",
        _TELL,
    ),
    "client_disabled": (
        "This application is switched off",
        "An administrator switched the application off that sent you here.",
        _TELL,
    ),
    "too_many_begun": (
        "Too many sign-ins were begun",
        "Too many sign-ins were begun from your network within a moment.",
        "Wait a little and start again from the application.",
    ),
    "redirect_uri_missing": (
        "The application did not say where to go back to",
        "Its request has no redirect_uri, so nobody can be signed in to it.",
        _TELL,
    ),
    "redirect_uri_unknown": (
        "The application is not set up for this address",
        "It wants you sent back to an address that is not registered for it.",
        _TELL,
    ),
    "registration_changed": (
        "This application was changed meanwhile",
        "An administrator changed how it is registered while you were signing in.",
        "Go back to the application and start again.",
    ),
    "errand_gone": (
        "This sign-in is over",
        "It was finished already, or it took longer than half an hour.",
        "Go back to the application and start again.",
    ),
    "errand_of_another_browser": (
        "This page belongs to another browser",
        "The sign-in was started in another browser, or this one does not keep cookies.",
        "Go back to the application and start again here. Cookies must be allowed.",
    ),
}
# The original's documents call it bad_client (facts.md section 7, 20); OAuth has no such code.
_SHOWN_CODES = {"redirect_uri_unknown": "invalid_request (bad_client)"}
