"""The portal's one door: the table of its pages, who may use each, and how a refusal looks.

What is not in the table does not exist; what a page is for is checked here, before it runs (R-64).
"""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from gatepost.model.errors import Code, NotFound, Refused
from gatepost.model.measures import OTHER, error
from gatepost.model.text import quoted
from gatepost.web import site
from gatepost.web.endpoints import Endpoint
from gatepost.web.http import Call, Reply
from gatepost.web.portal import guests
from gatepost.web.portal.guests import Guest
from gatepost.web.portal.table import ROUTES
from gatepost.web.portal.visits import (
    PREFIX,
    Allowed,
    FormOfAnotherSession,
    Place,
    Rooms,
    Route,
    Visit,
)
from gatepost.web.portal.words import catalogue

BODY_LIMIT = 128 * 1024
_GUESTS: Mapping[str, Mapping[str, Callable[[Guest], Reply]]] = {
    f"{PREFIX}/callback": {"GET": guests.callback},
    f"{PREFIX}/choose": {"GET": guests.choose, "POST": guests.post_choose},
    f"{PREFIX}/signed-out": {"GET": guests.signed_out},
}
_ACTING = frozenset({f"{PREFIX}/callback", f"{PREFIX}/try/callback"})
"""Pages that use something up, so that asking for their head is not like asking for them."""

_CLIENTS = "/security/clients"
_UNTOLD = frozenset({"draft", "base", "version", "op", "step", "secret_zone"})
_STATUSES = {
    Code.ROLE_MISSING: 403,
    Code.FORM_NOT_OURS: 403,
    Code.ROUTE_NOT_FOUND: 404,
    Code.CHANGED_MEANWHILE: 409,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
}


class _Match(NamedTuple):
    """The pages of a path by their methods, and what stands for the {names} in it."""

    routes: dict[str, Route]
    path: dict[str, str]


class PortalDoor:
    """Answers browsers below /portal; every other path is another door's."""

    def __init__(self, rooms: Rooms, place: Place, *, strict_reads: bool) -> None:
        self._rooms = rooms
        self._place = place._replace(strict_reads=strict_reads)
        self._routes = [_strict(row) if strict_reads else row for row in ROUTES]

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a page."""
        if not segments or segments[0].lower() != PREFIX[1:]:
            return None
        path = "/" + "/".join(segments).lower()
        asked = "GET" if method == "HEAD" and path not in _ACTING else method
        match = _found(self._routes, segments[1:])
        handle = self._handler(asked, _GUESTS.get(path), match)
        limit = BODY_LIMIT if method == "POST" else 0
        if path not in _GUESTS:
            path = next((PREFIX + row.path for row in match.routes.values()), OTHER)
        return Endpoint(handle, site.explain, limit, route=path)

    def _handler(
        self,
        asked: str,
        open_to_all: Mapping[str, Callable[[Guest], Reply]] | None,
        match: _Match,
    ) -> Callable[[Call], Reply]:
        methods = open_to_all or match.routes
        if methods and asked not in methods:
            return lambda call: _wrong_method(call, methods)
        if open_to_all:
            page = open_to_all[asked]
            return lambda call: page(self._guest(call))
        if not methods and asked != "GET":
            return _unknown
        route = match.routes.get(asked, _NOWHERE)
        return lambda call: self._answer(call, route, match.path)

    def _answer(self, call: Call, route: Route, path: dict[str, str]) -> Reply:
        guest = self._guest(call)
        session = self._rooms.sessions.current(guest.tokens)
        if session is None:
            return guests.session_over(guest) if call.method == "POST" else guests.sign_in(guest)
        zone = self._place.cookies.zone(call)
        visit = Visit(call, path, session, self._rooms, self._place, zone)
        try:
            if route.allowed is Allowed.ADMINISTRATOR and not visit.may_change:
                raise _not_allowed(visit, route)
            return route.handle(visit)
        except FormOfAnotherSession as refused:
            return _sent_again(visit, refused)
        except Refused as refused:
            return explained(visit, refused)

    def _guest(self, call: Call) -> Guest:
        return Guest(call, self._rooms, self._place)


def explained(visit: Visit, refused: Refused) -> Reply:
    """A refusal on a page of the portal, with a support id."""
    status = 404 if isinstance(refused, NotFound) else _STATUSES.get(refused.code, 400)
    reply = visit.page(
        status,
        "refused.html",
        "",
        refused=refused,
        support_id=visit.call.origin.operation_id,
    )
    return reply._replace(counted=error(refused.code.value))


def _sent_again(visit: Visit, refused: FormOfAnotherSession) -> Reply:
    """The form as it was sent, to be looked at and sent again with a proof of this session."""
    fields = guests.unproved(visit.call.body)
    return visit.page(
        403,
        "send_again.html",
        "",
        action="/" + "/".join(visit.call.segments),
        proof=visit.proof(refused.purpose),
        fields=fields,
        told=[
            (_label(visit, name), value) for name, value in fields if name not in _UNTOLD and value
        ],
    )


def _label(visit: Visit, name: str) -> str:
    """A field as its form calls it, where it is one of a client's."""
    bare = name.removeprefix("draft:")
    return catalogue(visit.place.theme).get(f"field.{bare}.label", name)


def _found(routes: list[Route], segments: tuple[str, ...]) -> _Match:
    """The pages of a path; one without {names} in it stands before one with them."""
    best = _Match({}, {})
    for route in routes:
        path = _matched(route.path, segments)
        if path is None or (best.routes and len(path) > len(best.path)):
            continue
        same = best.routes if len(path) == len(best.path) else {}
        best = _Match({**same, route.method: route}, path)
    return best


def _matched(pattern: str, segments: tuple[str, ...]) -> dict[str, str] | None:
    parts = pattern.split("/")[1:]
    if len(parts) != len(segments):
        return None
    found = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            found[part[1:-1]] = segment
        elif part != segment.lower():
            return None
    return found


def _strict(route: Route) -> Route:
    """The seed's rule for reading clients: administrators only (facts.md section 7, 6)."""
    of_clients = route.path.startswith(_CLIENTS) or route.path.endswith("/members")
    return route._replace(allowed=Allowed.ADMINISTRATOR) if of_clients else route


def _not_allowed(visit: Visit, route: Route) -> Refused:
    target = f"portal {route.method} {quoted('/'.join(visit.call.segments), 200)}"
    visit.rooms.access.remember_refusal(
        visit.session.caller, visit.call.origin, target, Code.ROLE_MISSING
    )
    whom = visit.whom_to_ask()
    mend = visit.say("door.ask_whom", whom=", ".join(whom)) if whom else visit.say("door.ask")
    return Refused(Code.ROLE_MISSING, visit.say("door.not_allowed"), mend)


def _wrong_method(call: Call, methods: Collection[str]) -> Reply:
    allowed = [*methods, *(("HEAD",) if "GET" in methods else ())]
    return site.wrong_method(call, allowed)


def _unknown(_call: Call) -> Reply:
    raise Refused(
        Code.ROUTE_NOT_FOUND, "There is no page at this address.", "Go back to the start page."
    )


def _nowhere(visit: Visit) -> Reply:
    raise Refused(Code.ROUTE_NOT_FOUND, visit.say("door.no_page"), visit.say("door.no_page_mend"))


_NOWHERE = Route("GET", "", Allowed.MEMBER, _nowhere)
