"""The authorization endpoint, and the page for people whose device waits."""

from datetime import timedelta

from gatepost.protocol import discovery
from gatepost.services.authorize import Pushed
from gatepost.services.flows import Next
from gatepost.web import pages
from gatepost.web.http import Reply
from gatepost.web.interaction.visits import PREFIX, Visit, redirect, told

AUTHORIZE = discovery.ISSUER_PATH + discovery.AUTHORIZE_PATH


def authorize(visit: Visit) -> Reply:
    """An authorization request by GET (OpenID Connect Core, 3.1.2.1)."""
    return told(visit, visit.rooms.authorize.begin(visit.query(), visit.browser))


def post_authorize(visit: Visit) -> Reply:
    """The same by POST. A foreign site's POST has no cookies of ours; the GET after it does."""
    parameters = visit.form()
    outcome = visit.rooms.authorize.keep_posted(parameters, visit.browser)
    if not isinstance(outcome, Pushed):
        return told(visit, outcome)
    known = {"client_id": parameters["client_id"], "request_uri": outcome.request_uri}
    query = "&".join(f"{name}={value}" for name, value in known.items())
    return redirect(f"{AUTHORIZE}?{query}")


def device(visit: Visit) -> Reply:
    """The page on which the code of a device is typed (RFC 8628, 3.3)."""
    return _device_page(visit, visit.query().get("user_code", "")[:_MAX_CODE])


def post_device(visit: Visit) -> Reply:
    """A code was typed: its errand begins."""
    typed = visit.proved_form("device").get("user_code", "")[:_MAX_CODE]
    found = visit.rooms.devices.find(typed, visit.browser)
    if isinstance(found, timedelta):
        return _device_page(visit, typed, "Too many wrong codes. Please wait a little.", 429)
    if found is None:
        problem = "No device waits with this code. Compare it with the device and try again."
        return _device_page(visit, typed, problem, 400)
    outcome = visit.rooms.errands.begin(found.tenant_id, found.errand, visit.browser)
    assert isinstance(outcome, Next)  # noqa: S101  (a device's person is always asked)
    return told(visit, outcome)


def _device_page(
    visit: Visit, user_code: str, problem: str | None = None, status: int = 200
) -> Reply:
    page = pages.page(
        status,
        "device_code.html",
        problem=problem,
        action=f"{PREFIX}/device",
        proof=visit.proof("device"),
        user_code=user_code,
    )
    wait = (("Retry-After", "15"),) if status == 429 else ()
    return page._replace(headers=page.headers + wait)


_MAX_CODE = 20
