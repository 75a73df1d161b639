"""Out of the portal: here, or everywhere."""

from gatepost.web.http import Reply
from gatepost.web.portal.guests import HOME
from gatepost.web.portal.visits import Allowed, Route, Visit, redirect


def home(_visit: Visit) -> Reply:
    """The first page is the list of clients."""
    return redirect(HOME)


def sign_out(visit: Visit) -> Reply:
    """Sign out of this browser, or of all browsers and applications."""
    form = visit.form("signout")
    if form.has("everywhere"):
        visit.rooms.sign_ins.end_all(visit.act, visit.session.user.id)
    address = visit.rooms.sessions.leave(visit.session)
    cookies = visit.place.cookies
    return redirect(address, (cookies.working(cookies.tokens(visit.call)[1:]),))


ROUTES = (
    Route("GET", "", Allowed.MEMBER, home),
    Route("GET", "/security", Allowed.MEMBER, home),
    Route("POST", "/signout", Allowed.MEMBER, sign_out),
)
