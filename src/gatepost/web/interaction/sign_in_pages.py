"""The pages on the way in: sign in, replace a one-time password, choose an account, consent."""

from urllib.parse import urlsplit

from gatepost.model.clients import StoredClient
from gatepost.model.people import User
from gatepost.model.requests import AuthorizationRequest, DeviceErrand
from gatepost.protocol import scopes
from gatepost.protocol.authorization import ShowError
from gatepost.protocol.interaction import Step
from gatepost.services import consents, devices
from gatepost.services.account import asks_for_one_time
from gatepost.services.flows import GONE, Reference, Stand
from gatepost.services.new_passwords import NewPassword
from gatepost.services.sessions import SignedIn
from gatepost.services.sign_in import Problem, Typed
from gatepost.web import pages
from gatepost.web.http import Headers, Reply
from gatepost.web.interaction.visits import (
    PREFIX,
    RESUME,
    Form,
    Values,
    Visit,
    answers_form,
    at_step,
    reach_of,
    redirect,
    reference_in,
    show_error,
    to_resume,
    told,
)


def resume(visit: Visit) -> Reply:
    """The one dispatcher's address."""
    reference = reference_in(visit.query())
    if reference is None:
        return show_error(visit, GONE)
    return told(visit, visit.rooms.errands.resume(reference, visit.browser))


def sign_in(visit: Visit) -> Reply:
    """The sign-in page."""
    return at_step(visit, Step.SIGN_IN, lambda _visit, stand: _sign_in_page(visit, stand))


@answers_form("signin")
def post_sign_in(visit: Visit, form: Form, reference: Reference) -> Reply:
    """What a person typed into it."""
    typed = Typed(form.get("email", "").strip(), form.get("password", ""))
    outcome = visit.rooms.sign_in.with_password(reference, typed, visit.browser)
    return _after_sign_in(visit, reference, outcome, typed.email)


@answers_form("signin")
def post_passkey(visit: Visit, form: Form, reference: Reference) -> Reply:
    """What a passkey answered."""
    assertion = form.get("assertion", "")
    outcome = visit.rooms.sign_in.with_passkey(reference, assertion, visit.browser)
    return _after_sign_in(visit, reference, outcome, "")


def password(visit: Visit) -> Reply:
    """The page on which a one-time password is replaced."""
    return at_step(visit, Step.PASSWORD, lambda _visit, stand: _password_page(visit, stand))


@answers_form("password")
def post_password(visit: Visit, form: Form, reference: Reference) -> Reply:
    """A password of the person's own."""
    typed = NewPassword(form.get("current", ""), form.get("password", ""), form.get("again", ""))
    outcome = visit.rooms.account.replace_one_time(reference, typed, visit.browser)
    if isinstance(outcome, ShowError):
        return show_error(visit, outcome)
    if isinstance(outcome, Problem):
        stand = visit.rooms.errands.stand(reference, visit.browser)
        if isinstance(stand, Stand):
            return _password_page(visit, stand, outcome)
    return to_resume(reference)


def choose(visit: Visit) -> Reply:
    """The page on which a person chooses an account."""
    return at_step(visit, Step.CHOOSE, _choose_page)


@answers_form("choose")
def post_choose(visit: Visit, form: Form, reference: Reference) -> Reply:
    """Their choice."""
    return _left(visit, reference, same=form.get("choice") == "same")


def consent(visit: Visit) -> Reply:
    """The page that asks whether an application may have what it asks for."""
    return at_step(visit, Step.CONSENT, lambda _visit, stand: _ask(visit, stand, "consent.html"))


def device_confirm(visit: Visit) -> Reply:
    """The same for a device, with the code that it shows."""
    page = "device_confirm.html"
    return at_step(visit, Step.DEVICE, lambda _visit, stand: _ask(visit, stand, page))


@answers_form("consent")
def post_consent(visit: Visit, form: Form, reference: Reference) -> Reply:
    """Yes, no, or not me; for applications and for devices."""
    decision = form.get("decision")
    rooms = visit.rooms
    if decision == "switch":
        return _left(visit, reference, same=False)
    if decision == "deny":
        return told(visit, rooms.errands.deny(reference, visit.browser))
    if decision == "allow":
        refused = consents.allow(rooms.flow, rooms.errands, reference, visit.browser)
        if refused:
            return show_error(visit, refused)
    return to_resume(reference)


def signed_cookies(visit: Visit, signed: SignedIn) -> Headers:
    """The cookies after a change of who is signed in."""
    return visit.place.cookies.signed(signed.sessions, signed.silents)


def person_values(person: User) -> Values:
    """A person as pages name them."""
    return {"name": person.name, "email": person.email}


def user_handle(person: User) -> str:
    """A person as their passkeys know them (Web Authentication Level 3, 4)."""
    return person.id.replace("-", "")


def retry_after(problem: Problem | None) -> Headers:
    """The header that tells how long to wait, where one must."""
    if problem is None or not problem.wait:
        return ()
    return (("Retry-After", str(int(problem.wait.total_seconds()) + 1)),)


def _left(visit: Visit, reference: Reference, *, same: bool) -> Reply:
    outcome = visit.rooms.sign_in.choose(reference, visit.browser, same=same)
    if isinstance(outcome, ShowError):
        return show_error(visit, outcome)
    if isinstance(outcome, SignedIn):
        return to_resume(reference, signed_cookies(visit, outcome))
    return to_resume(reference)


def _after_sign_in(
    visit: Visit, reference: Reference, outcome: SignedIn | Problem | ShowError | None, email: str
) -> Reply:
    if isinstance(outcome, ShowError):
        return show_error(visit, outcome)
    if isinstance(outcome, SignedIn):
        return to_resume(reference, signed_cookies(visit, outcome))
    if outcome is None:
        return to_resume(reference)
    stand = visit.rooms.errands.stand(reference, visit.browser)
    if isinstance(stand, ShowError):
        return show_error(visit, stand)
    return _sign_in_page(visit, stand, outcome, email[:254])


def _sign_in_page(
    visit: Visit, stand: Stand, problem: Problem | None = None, email: str = ""
) -> Reply:
    """401 and 429 tell programs what the words tell people."""
    errand = stand.pending.errand
    hint = errand.login_hint if isinstance(errand, AuthorizationRequest) else None
    known = stand.person.email if stand.person else None
    status = 200 if problem is None else 429 if problem.wait else 401
    page = pages.page_reaching(
        reach_of(stand),
        status,
        "signin.html",
        client=_client_values(stand.client) if stand.client else None,
        tenant={"name": stand.tenant.name},
        email=email or hint or known or "",
        problem=problem.text if problem else None,
        action=f"{PREFIX}/signin",
        request=stand.reference.text,
        proof=visit.proof("signin", stand.reference.text),
        passkeys=True,
        challenge=visit.rooms.sign_in.challenge(stand.reference, visit.browser),
        rp_id=visit.place.rp_id,
        passkey_action=f"{PREFIX}/signin/passkey",
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _password_page(visit: Visit, stand: Stand, problem: Problem | None = None) -> Reply:
    status = 200 if problem is None else 429 if problem.wait else 400
    page = pages.page_reaching(
        reach_of(stand),
        status,
        "password.html",
        problem=problem.text if problem else None,
        action=f"{PREFIX}/password",
        request=stand.reference.text,
        proof=visit.proof("password", stand.reference.text),
        must=True,
        asks_current=asks_for_one_time(stand),
        cancel=None,
    )
    return page._replace(headers=page.headers + retry_after(problem))


def _choose_page(visit: Visit, stand: Stand) -> Reply:
    if stand.person is None:
        return redirect(f"{RESUME}?request={stand.reference.text}")
    return pages.page_reaching(
        reach_of(stand),
        200,
        "choose.html",
        person=person_values(stand.person),
        tenant={"name": stand.tenant.name},
        client=_client_values(stand.client) if stand.client else None,
        action=f"{PREFIX}/choose",
        request=stand.reference.text,
        proof=visit.proof("choose", stand.reference.text),
    )


def _ask(visit: Visit, stand: Stand, template: str) -> Reply:
    errand = stand.pending.errand
    if stand.person is None or stand.client is None:
        return to_resume(stand.reference)
    asked = () if not hasattr(errand, "scopes") else errand.scopes
    values: Values = {
        "client": _client_values(stand.client),
        "client_host": urlsplit(_uri(stand.client) or "").hostname or "",
        "initial": stand.client.settings.name.strip()[:1].upper(),
        "tenant": {"name": stand.tenant.name},
        "person": person_values(stand.person),
        "items": [scope._asdict() for scope in scopes.described(asked)],
        "action": f"{PREFIX}/consent",
        "request": stand.reference.text,
        "proof": visit.proof("consent", stand.reference.text),
    }
    if isinstance(errand, DeviceErrand):
        values["user_code"] = devices.code_of(visit.rooms.flow.world, errand)
    return pages.page_reaching(reach_of(stand), 200, template, **values)


def _client_values(client: StoredClient) -> Values:
    return {"name": client.settings.name, "uri": _uri(client)}


def _uri(client: StoredClient) -> str | None:
    uri: str | None = getattr(client.settings, "client_uri", None)
    return uri
