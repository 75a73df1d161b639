"""The link by which a person sets their password: made on request, and shown once."""

from gatepost.model.people import User
from gatepost.services import users
from gatepost.web.http import Reply
from gatepost.web.portal import people, user_pages
from gatepost.web.portal.visits import Allowed, Route, Visit


def make(visit: Visit) -> Reply:
    """A new link for somebody who is there already; an earlier one ends."""
    user = users.get(visit.world, visit.tenant_id, visit.path["user_id"])
    visit.form(f"user-link {user.id}")
    return link_window(visit, user, visit.say("users.link"))


def link_window(visit: Visit, user: User, title: str) -> Reply:
    """Make the link and show it in a window, or whom it was sent to."""
    link = visit.rooms.links.make(visit.act, user.id)
    return visit.page(
        200,
        "user_link.html",
        "users",
        person=people.told(visit, user),
        title=title,
        address=link.address,
        sent_to=link.sent_to,
        until=visit.zone.moment(link.expires_at),
        close_href=user_pages.address(user=user.id),
    )


ROUTES = (Route("POST", "/security/users/{user_id}/link", Allowed.ADMINISTRATOR, make),)
