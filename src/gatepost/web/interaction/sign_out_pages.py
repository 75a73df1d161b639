"""RP-initiated logout, and the page that applications frame to watch the session."""

from urllib.parse import urlencode

from gatepost.model.errors import Code, Refused
from gatepost.protocol import discovery, redirects
from gatepost.services.sign_out import SignOutRequest
from gatepost.web import pages
from gatepost.web.http import Headers, Reply
from gatepost.web.interaction.sign_in_pages import person_values
from gatepost.web.interaction.visits import PREFIX, Values, Visit, redirect
from gatepost.web.pages import Reach

END_SESSION = PREFIX + discovery.END_SESSION_PATH
_CARRIED = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
# Longer than any of them can be and still count; four such values fit in an address.
_MAX_CARRIED = 8_192


def end_session(visit: Visit) -> Reply:
    """Sign out where the request proves itself; ask where it does not (RP-Initiated Logout, 2)."""
    parameters = visit.query()
    request = visit.rooms.sign_out.asked(parameters, visit.browser)
    if request.proved or request.person is None:
        return signed_out(visit, request)
    return pages.page_reaching(
        _back_to(request),
        200,
        "signout.html",
        person=person_values(request.person),
        tenant={"name": request.tenant.name if request.tenant else "this server"},
        client=_client(request),
        action=f"{PREFIX}/signout",
        proof=visit.proof("signout"),
        fields=list(_carried(parameters).items()),
    )


def post_end_session(visit: Visit) -> Reply:
    """The same by POST. A foreign site's POST has no cookies of ours; the GET after it does."""
    return redirect(f"{END_SESSION}?{urlencode(_carried(visit.form()))}")


def post_sign_out(visit: Visit) -> Reply:
    """The person's own answer."""
    form = visit.proved_form("signout")
    request = visit.rooms.sign_out.asked(form, visit.browser)
    if form.get("decision") != "yes":
        return redirect(request.way_back or f"{PREFIX}/account")
    return signed_out(visit, request)


def signed_out(visit: Visit, request: SignOutRequest) -> Reply:
    """End it, and go back or say so; the applications that asked for a frame get one."""
    done = visit.rooms.sign_out.sign_out(request, visit.browser)
    # Without the session's cookie nothing ended: a picture on another site is to change nothing.
    cookies: Headers = ()
    if visit.browser.sessions:
        cookies = visit.place.cookies.signed(done.sessions, done.silents)
    if request.way_back is not None and not done.frames:
        return redirect(request.way_back, cookies)
    reach = Reach(frames=tuple(dict.fromkeys(map(redirects.source, done.frames))))
    page = pages.page_reaching(
        reach,
        200,
        "signed_out.html",
        client=_client(request),
        frames=done.frames,
        target=request.way_back,
    )
    return page._replace(headers=page.headers + cookies)


def check_session(visit: Visit) -> Reply:
    """The frame of Session Management, 3.2: it shows nothing and anybody may frame it."""
    cookie = visit.place.cookies.state
    return pages.page_reaching(Reach(framed_by=("*",)), 200, "check_session.html", cookie=cookie)


def _carried(parameters: dict[str, str]) -> dict[str, str]:
    """What a request to sign out says, to be said again."""
    said = {name: parameters[name] for name in _CARRIED if name in parameters}
    if any(len(value) > _MAX_CARRIED for value in said.values()):
        raise Refused(
            Code.MALFORMED_BODY,
            f"A parameter is longer than {_MAX_CARRIED} characters.",
            "Go back to the application and sign out there again.",
        )
    return said


def _client(request: SignOutRequest) -> Values | None:
    return {"name": request.client.settings.name} if request.client else None


def _back_to(request: SignOutRequest) -> Reach:
    if request.way_back is None:
        return Reach()
    return Reach(forms=(redirects.source(request.way_back),))
