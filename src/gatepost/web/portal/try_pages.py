"""Trying a client out: what will be added, the way to the identity server and back, the steps."""

from gatepost.model.client_kinds import BY_NAME
from gatepost.model.errors import Code, Refused
from gatepost.protocol.parameters import parse_form
from gatepost.services.try_out_flows import CALLBACK_PATH
from gatepost.services.try_outs import Look, Seen
from gatepost.web import forms
from gatepost.web.http import Reply
from gatepost.web.portal import list_state, try_views
from gatepost.web.portal.list_state import ListState
from gatepost.web.portal.visits import PREFIX, Allowed, Route, Visit, redirect

_CLIENT = "/security/clients/{client_id}/try"
_ONE = "/security/clients/{client_id}/try/{try_id}"
_NOTICES = frozenset({"over"})
_SECTION = "clients"


def ask(visit: Visit) -> Reply:
    """What trying the client does, and the button that begins it."""
    look = _look(visit)
    done = visit.query().get("done")
    notice = visit.say(f"try.done.{done}") if done in _NOTICES else None
    return _question(visit, 200, look, notice=notice)


def begin(visit: Visit) -> Reply:
    """Begin: off to the identity server, or straight to the steps."""
    client_id = _look(visit).client.settings.id
    visit.form(_begin_purpose(client_id))
    try:
        started = visit.rooms.try_outs.begin(visit.act, client_id)
    except Refused as refused:
        if refused.code is not Code.LIMIT_REACHED:
            raise
        return _question(visit, 400, _look(visit))
    return redirect(started.address or _result(client_id, started.id))


def come_back(visit: Visit) -> Reply:
    """The browser is back from the identity server, by address or by the form that posts itself.

    The form is our own identity server's and has no proof of the portal's; what shows the answer to
    be one is its state, which only the person who began can have.
    """
    if visit.call.method == "POST":
        forms.check_is_form(visit.call)
        forms.check_same_site(visit.call, visit.place.url)
    raw = visit.call.body if visit.call.method == "POST" else visit.call.query
    answer = forms.in_order(parse_form(raw), visit.say("try.no_such_mend"))
    seen = visit.rooms.try_outs.come_back(visit.act, answer)
    if seen is None:
        raise Refused(Code.INVALID_QUERY, visit.say("try.no_such"), visit.say("try.no_such_mend"))
    return redirect(_result(seen.client_id, seen.id))


def result(visit: Visit) -> Reply:
    """The steps so far."""
    look = _look(visit)
    client_id = look.client.settings.id
    seen = _seen(visit, look)
    if seen is None:
        return _over(look)
    here = _result(client_id, seen.id)
    return visit.page(
        200,
        "try_result.html",
        _SECTION,
        client=_named(look),
        steps=[try_views.step(visit, step) for step in seen.steps],
        outcome=try_views.outcome(seen),
        is_over=seen.is_over,
        expires=visit.moment(seen.expires_at),
        device=_device(visit, seen),
        go_on=try_views.sign_in_address(seen),
        finish={"action": f"{here}/finish", "proof": visit.proof(_purpose("finish", seen))},
        check={"action": f"{here}/check", "proof": visit.proof(_purpose("check", seen))},
        again=_address(client_id),
        back=_use_tab(look),
    )


def check(visit: Visit) -> Reply:
    """Ask once whether the device was let in."""
    look = _look(visit)
    seen = _seen(visit, look)
    if seen is None:
        return _over(look)
    visit.form(_purpose("check", seen))
    visit.rooms.try_outs.check(visit.act, seen.id)
    return redirect(_result(look.client.settings.id, seen.id))


def finish(visit: Visit) -> Reply:
    """Take away what was added, and go back to the client."""
    look = _look(visit)
    seen = _seen(visit, look)
    if seen is not None:
        visit.form(_purpose("finish", seen))
        visit.rooms.try_outs.finish(visit.act, seen.id)
    return redirect(f"{_use_tab(look)}&done=tried")


def _question(visit: Visit, status: int, look: Look, notice: str | None = None) -> Reply:
    client_id = look.client.settings.id
    return visit.page(
        status,
        "try_begin.html",
        _SECTION,
        notice=notice,
        client=_named(look),
        about=visit.say(f"try.about.{look.client.kind}"),
        redirect_uri=look.redirect_uri,
        has_secret=look.has_secret,
        obstacles=[visit.say(f"try.obstacle.{name}") for name in look.obstacles],
        action=_address(client_id),
        proof=visit.proof(_begin_purpose(client_id)),
        back=_use_tab(look),
    )


def _look(visit: Visit) -> Look:
    """The client that the address names; there is no page for one that is not there."""
    return visit.rooms.try_outs.look(visit.tenant_id, visit.path["client_id"])


def _seen(visit: Visit, look: Look) -> Seen | None:
    seen = visit.rooms.try_outs.seen(visit.act, visit.path["try_id"])
    return seen if seen and seen.client_id == look.client.settings.id else None


def _over(look: Look) -> Reply:
    """Back to the beginning. Nothing of the address that was asked for goes into this one."""
    return redirect(f"{_address(look.client.settings.id)}?done=over")


def _device(visit: Visit, seen: Seen) -> dict[str, str] | None:
    if not seen.user_code or seen.is_over:
        return None
    page = f"{visit.place.issuer}/device"
    return {"code": seen.user_code, "page": page, "href": f"{page}?user_code={seen.user_code}"}


def _named(look: Look) -> dict[str, str]:
    settings = look.client.settings
    return {"name": settings.name, "id": settings.id, "kind": BY_NAME[look.client.kind].label}


def _use_tab(look: Look) -> str:
    client = look.client
    return ListState(type=client.kind, client=client.settings.id, tab="use").address()


def _address(client_id: str) -> str:
    return f"{list_state.LIST_PATH}/{client_id}/try"


def _result(client_id: str, try_id: str) -> str:
    return f"{_address(client_id)}/{try_id}"


def _begin_purpose(client_id: str) -> str:
    return f"try {client_id}"


def _purpose(what: str, seen: Seen) -> str:
    return f"try-{what} {seen.id}"


_CALLBACK = CALLBACK_PATH.removeprefix(PREFIX)
ROUTES = (
    Route("GET", _CLIENT, Allowed.ADMINISTRATOR, ask),
    Route("POST", _CLIENT, Allowed.ADMINISTRATOR, begin),
    Route("GET", _CALLBACK, Allowed.ADMINISTRATOR, come_back),
    Route("POST", _CALLBACK, Allowed.ADMINISTRATOR, come_back),
    Route("GET", _ONE, Allowed.ADMINISTRATOR, result),
    Route("POST", f"{_ONE}/check", Allowed.ADMINISTRATOR, check),
    Route("POST", f"{_ONE}/finish", Allowed.ADMINISTRATOR, finish),
)
