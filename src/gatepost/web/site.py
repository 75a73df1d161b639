"""Everything that is neither the API nor the identity server: health, documents, first pages."""

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any, NamedTuple

from gatepost.model import measures
from gatepost.model.errors import Code, Refused
from gatepost.model.events import Origin
from gatepost.web import health, pages
from gatepost.web.endpoints import Endpoint
from gatepost.web.health import Vital
from gatepost.web.http import Call, Reply, json_reply

_READING = frozenset({"GET", "HEAD"})
_OPENAPI = "/api/openapi.json"
_AT_HAND = frozenset({"/health/live", "/health/ready", health.METRICS, _OPENAPI})
_STATIC = "/static/{file}"


class ApiPaper(NamedTuple):
    """The API's document, and the page that is laid out from it."""

    document: Callable[[], dict[str, Any]]
    resources: Callable[[], Any]


class Site:
    """Answers every path that no other door has; it stands last but for the documents."""

    def __init__(self, paper: ApiPaper, vital: Vital) -> None:
        self._vital = vital
        self._paper = paper
        self._pages: dict[str, Callable[[Call], Reply]] = {
            "/": _to_portal,
            "/health/live": health.live,
            "/health/ready": self._ready,
            health.METRICS: self._metrics,
            _OPENAPI: self._openapi,
            "/api/docs": self._docs,
        }
        self._routes = {tuple(filter(None, path.split("/"))): path for path in self._pages}

    def documents(self) -> "Documents":
        """The pages that stand below another door's prefix."""
        return Documents(self)

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint:
        """The endpoint of any path."""
        route = self.route(segments) or measures.OTHER
        if method not in _READING:
            return Endpoint(_only_reading, explain, route=route)
        handler = _static if route == _STATIC else self._pages.get(route, _unknown)
        at_hand = handler if route in _AT_HAND else None
        return Endpoint(handler, explain, at_hand=at_hand, route=route)

    def route(self, segments: tuple[str, ...]) -> str | None:
        """The page at a path, as it stands in the table."""
        if len(segments) == 2 and segments[0] == "static":
            return _STATIC
        return self._routes.get(tuple(part.lower() for part in segments))

    def _ready(self, _call: Call) -> Reply:
        return health.ready(self._vital.standing())

    def _metrics(self, call: Call) -> Reply:
        """For this machine alone: what a server has to do is nobody's business but its owner's."""
        if self._vital.metrics is None or not health.is_of_this_machine(call):
            return _unknown(call)
        return health.metrics(self._vital.metrics())

    def _openapi(self, _call: Call) -> Reply:
        return self._document

    @cached_property
    def _document(self) -> Reply:
        """The document, encoded once: it is large, and the same for everybody."""
        return json_reply(200, self._paper.document(), (("Cache-Control", "public, max-age=300"),))

    def _docs(self, _call: Call) -> Reply:
        return self._docs_page

    @cached_property
    def _docs_page(self) -> Reply:
        """The page, rendered once: it is the same for everybody."""
        return pages.page(
            200,
            "docs.html",
            document=self._paper.document(),
            resources=self._paper.resources(),
        )


class Documents:
    """The documents of the API, found before the API itself."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def find(self, method: str, segments: tuple[str, ...]) -> Endpoint | None:
        """The endpoint of a document below /api."""
        if len(segments) == 2 and segments[0].lower() == "api" and self._site.route(segments):
            return self._site.find(method, segments)
        return None


def explain(refused: Refused, origin: Origin) -> Reply:
    """A refusal as a page for a person, with the support id."""
    status = {
        Code.ROUTE_NOT_FOUND: 404,
        Code.METHOD_NOT_ALLOWED: 405,
        Code.STORE_UNAVAILABLE: 503,
        Code.INTERNAL: 500,
        Code.BODY_TOO_LARGE: 413,
        Code.HEADERS_TOO_LARGE: 431,
        Code.BODY_TIMEOUT: 408,
        Code.UNSUPPORTED_MEDIA_TYPE: 415,
        Code.FORM_NOT_OURS: 403,
    }.get(refused.code, 400)
    reply = pages.page(status, "error.html", refused=refused, support_id=origin.operation_id)
    extra = {405: (("Allow", "GET, HEAD"),), 503: (("Retry-After", "1"),)}.get(status, ())
    return reply._replace(headers=reply.headers + extra)


def wrong_method(call: Call, methods: Collection[str]) -> Reply:
    """The page for an address that is used as nobody may; it names the methods that there are."""
    allowed = ", ".join(methods)
    refused = Refused(
        Code.METHOD_NOT_ALLOWED, "This address is not used that way.", f"Use {allowed}."
    )
    reply = explain(refused, call.origin)._replace(counted=measures.error(refused.code.value))
    others = tuple(pair for pair in reply.headers if pair[0] != "Allow")
    return reply._replace(headers=(*others, ("Allow", allowed)))


def _to_portal(_call: Call) -> Reply:
    return Reply(303, b"", (("Location", "/portal/"),))


def _static(call: Call) -> Reply:
    found = pages.static_file(call.segments[1])
    return found if found is not None else _unknown(call)


def _unknown(_call: Call) -> Reply:
    raise Refused(
        Code.ROUTE_NOT_FOUND, "There is no page at this address.", "Go back to the start page."
    )


def _only_reading(_call: Call) -> Reply:
    raise Refused(Code.METHOD_NOT_ALLOWED, "This address can only be read.", "Use GET or HEAD.")
