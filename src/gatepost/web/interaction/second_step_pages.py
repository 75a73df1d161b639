"""The pages of a second step: a code, or a first authenticator app for who must have one."""

from urllib.parse import quote

from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services.first_factors import Enrolled, NewApp
from gatepost.services.flows import Reference, Stand
from gatepost.services.second_steps import CODE, RECOVERY_CODE
from gatepost.services.sessions import SignedIn
from gatepost.services.sign_in import Problem
from gatepost.web import pages, qr
from gatepost.web.http import Reply
from gatepost.web.interaction.sign_in_pages import (
    person_values,
    retry_after,
    signed_cookies,
    user_handle,
)
from gatepost.web.interaction.visits import (
    ACCOUNT,
    PREFIX,
    RESUME,
    Form,
    Values,
    Visit,
    answers_form,
    at_step,
    reach_of,
    show_error,
    to_resume,
)


def code(visit: Visit) -> Reply:
    """The page that asks for a code, a passkey or a recovery code."""
    return at_step(visit, Step.CODE, _code_page)


@answers_form("code")
def post_code(visit: Visit, form: Form, reference: Reference) -> Reply:
    """What the person typed; or that somebody else wants to sign in."""
    if form.get("decision") == "again":
        return _start_again(visit, reference)
    factor, field = (RECOVERY_CODE, "recovery") if "recovery" in form else (CODE, "code")
    typed = form.get(field, "")
    outcome = visit.rooms.second_steps.prove(reference, factor, typed, visit.browser)
    return _after(visit, reference, outcome, field)


@answers_form("code")
def post_code_passkey(visit: Visit, form: Form, reference: Reference) -> Reply:
    """What a passkey answered. It shows who its person is, so it is a whole sign-in."""
    assertion = form.get("assertion", "")
    outcome = visit.rooms.sign_in.with_passkey(reference, assertion, visit.browser)
    return _after(visit, reference, outcome, "passkey")


def enrol(visit: Visit) -> Reply:
    """The page on which somebody adds an app or a passkey who must have a second factor."""
    return at_step(visit, Step.ENROL, _enrol_page)


@answers_form("enrol")
def post_enrol(visit: Visit, form: Form, reference: Reference) -> Reply:
    """The first code of the app: the person is signed in, and sees their recovery codes once."""
    if form.get("decision") == "again":
        return _start_again(visit, reference)
    new = NewApp(form.get("key", ""), form.get("code", ""))
    outcome = visit.rooms.first_factors.add_app(reference, new, visit.browser)
    return _after_enrolling(visit, form, reference, outcome)


@answers_form("enrol")
def post_enrol_passkey(visit: Visit, form: Form, reference: Reference) -> Reply:
    """A passkey in place of the app."""
    attestation = form.get("attestation", "")
    outcome = visit.rooms.first_factors.add_passkey(reference, attestation, visit.browser)
    return _after_enrolling(visit, form, reference, outcome)


def codes_page(visit: Visit, codes: tuple[str, ...], go_on: str) -> Reply:
    """Recovery codes, this once; to be saved as a file that the page itself holds."""
    place = f"{visit.place.origin}{ACCOUNT}"
    text = "\n".join((f"Recovery codes for {place}", "Each works once.", "", *codes, ""))
    file = f"data:text/plain;charset=utf-8,{quote(text)}"
    return pages.page(200, "recovery_codes.html", codes=codes, place=place, file=file, go_on=go_on)


def key_values(shown: str, address: str, sealed: str) -> Values:
    """A new key as the pages show it: a QR code, a link, text, and sealed for the form."""
    return {"shown": shown, "qr": qr.drawing(address), "address": address, "sealed": sealed}


def _start_again(visit: Visit, reference: Reference) -> Reply:
    refused = visit.rooms.second_steps.start_again(reference, visit.browser)
    return show_error(visit, refused) if refused else to_resume(reference)


def _after(
    visit: Visit,
    reference: Reference,
    outcome: SignedIn | Problem | ShowError | None,
    field: str,
) -> Reply:
    if isinstance(outcome, ShowError):
        return show_error(visit, outcome)
    if isinstance(outcome, SignedIn):
        return to_resume(reference, signed_cookies(visit, outcome))
    stand = visit.rooms.errands.stand(reference, visit.browser)
    if outcome is None or not isinstance(stand, Stand) or stand.step is not Step.CODE:
        return to_resume(reference)
    return _code_page(visit, stand, outcome, field)


def _after_enrolling(
    visit: Visit,
    form: Form,
    reference: Reference,
    outcome: Enrolled | Problem | ShowError | None,
) -> Reply:
    if isinstance(outcome, Enrolled):
        page = codes_page(visit, outcome.codes, f"{RESUME}?request={reference.text}")
        return page._replace(headers=page.headers + signed_cookies(visit, outcome.cookies))
    if isinstance(outcome, ShowError):
        return show_error(visit, outcome)
    stand = visit.rooms.errands.stand(reference, visit.browser)
    if outcome is None or not isinstance(stand, Stand) or stand.step is not Step.ENROL:
        return to_resume(reference)
    return _enrol_page(visit, stand, outcome, form)


def _code_page(
    visit: Visit, stand: Stand, problem: Problem | None = None, field: str = ""
) -> Reply:
    if stand.person is None:
        return to_resume(stand.reference)
    held = visit.rooms.second_steps.held(stand.reference.tenant_id, stand.person)
    page = pages.page_reaching(
        reach_of(stand),
        _status(problem),
        "code.html",
        **_values(visit, stand, "code"),
        problem=problem.text if problem else None,
        wrong=field,
        has_app=held.has_authenticator,
        has_passkey=held.has_passkey,
        passkey_action=f"{PREFIX}/code/passkey",
        challenge=visit.rooms.sign_in.challenge(stand.reference, visit.browser),
        rp_id=visit.place.rp_id,
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _enrol_page(
    visit: Visit, stand: Stand, problem: Problem | None = None, form: Form | None = None
) -> Reply:
    """The page again shows the key of the form that was sent, which an app may have read."""
    sent = form or {}
    draft = visit.rooms.first_factors.draft(stand, visit.browser, sent.get("key", ""))
    person = stand.person
    if draft is None or person is None:
        return to_resume(stand.reference)
    page = pages.page_reaching(
        reach_of(stand),
        _status(problem),
        "enrol.html",
        **_values(visit, stand, "enrol"),
        problem=problem.text if problem else None,
        has_wrong_code=problem is not None and "attestation" not in sent,
        key=key_values(draft.shown, draft.address, draft.sealed),
        passkey_action=f"{PREFIX}/enrol/passkey",
        challenge=visit.rooms.first_factors.challenge(stand.reference, person.id, visit.browser),
        rp_id=visit.place.rp_id,
        user_handle=user_handle(person),
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _values(visit: Visit, stand: Stand, step: str) -> Values:
    return {
        "person": person_values(stand.person) if stand.person else None,
        "tenant": {"name": stand.tenant.name},
        "action": f"{PREFIX}/{step}",
        "request": stand.reference.text,
        "proof": visit.proof(step, stand.reference.text),
        "can_start_again": stand.sign_in is None,
    }


def _status(problem: Problem | None) -> int:
    """401 and 429 tell programs what the words tell people."""
    return 200 if problem is None else 429 if problem.wait else 401
