"""The page that a link to set a password leads to; nobody is signed in there yet.

Opening it changes nothing: programs that look at mail open every link.
"""

from gatepost.services.flows import Next
from gatepost.services.new_passwords import NewPassword
from gatepost.services.password_links import WELCOME_PATH, Opened
from gatepost.services.sign_in import Problem
from gatepost.web import pages
from gatepost.web.http import Reply
from gatepost.web.interaction.visits import ACCOUNT, Visit, redirect, to_step

_PURPOSE = "welcome"


def welcome(visit: Visit) -> Reply:
    """The page, while the link is good."""
    return _page(visit, visit.query().get("link", ""))


def post_welcome(visit: Visit) -> Reply:
    """The password that the person chose; they go on to sign in with it."""
    form = visit.proved_form(_PURPOSE)
    link = form.get("request", "")
    typed = NewPassword("", form.get("password", ""), form.get("again", ""))
    outcome = visit.rooms.links.use(link, typed, visit.call.origin)
    if isinstance(outcome, Opened):
        return _to_sign_in(visit, outcome)
    return _page(visit, link, outcome)


def _page(visit: Visit, link: str, problem: Problem | None = None) -> Reply:
    found = visit.rooms.links.opened(link)
    if found is None:
        return _gone(visit)
    return pages.page(
        400 if problem else 200,
        "welcome.html",
        problem=problem.text if problem else None,
        email=found.user.email,
        tenant={"name": found.tenant.name},
        passkeys=found.has_passkeys,
        action=WELCOME_PATH,
        request=link,
        proof=visit.proof(_PURPOSE, link),
    )


def _gone(visit: Visit) -> Reply:
    """Alike for a link that never was, was used, is too old, or was made for somebody since gone.

    What the link says stands nowhere on the page.
    """
    return pages.page(410, "link_gone.html", support_id=visit.call.origin.operation_id)


def _to_sign_in(visit: Visit, done: Opened) -> Reply:
    """To the person's account, by the sign-in page of their own tenant."""
    outcome = visit.rooms.account.begin(done.tenant.id, visit.browser, fresh=True)
    if isinstance(outcome, Next):
        return to_step(outcome.step, outcome.reference)
    return redirect(ACCOUNT)
