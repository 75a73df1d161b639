"""Calls from browser applications of other origins: exactly those that a client registered (R-07).

The authorization endpoint and the pages have no CORS at all; they are not in this door.
"""

from collections.abc import Callable

from gatepost.web.http import Call, Headers, Reply

MAX_AGE_S = 600
_ALLOWED_HEADERS = "Authorization, Content-Type"
VARY: Headers = (("Vary", "Origin"),)
_EXPOSED: Headers = (("Access-Control-Expose-Headers", "WWW-Authenticate, Operation-Id"),)


class Cors:
    """Answers for one table of addresses."""

    def __init__(self, is_registered: Callable[[str], bool]) -> None:
        self._is_registered = is_registered

    def preflight(self, call: Call, methods: tuple[str, ...]) -> Reply:
        """The question that a browser asks ahead; without a registered origin the answer is no."""
        allowed = self._allowed(call)
        if not allowed:
            return Reply(204, b"", (("Allow", ", ".join(methods)), *VARY))
        return Reply(
            204,
            b"",
            (
                *allowed,
                ("Access-Control-Allow-Methods", ", ".join(methods)),
                ("Access-Control-Allow-Headers", _ALLOWED_HEADERS),
                ("Access-Control-Max-Age", str(MAX_AGE_S)),
            ),
        )

    def shared(self, call: Call, reply: Reply) -> Reply:
        """The answer with what lets the calling origin read it, if it may."""
        allowed = self._allowed(call)
        shown = (*allowed, *_EXPOSED) if allowed else VARY
        return Reply(reply.status, reply.body, reply.headers + shown, reply.counted)

    def _allowed(self, call: Call) -> Headers:
        origin = call.headers.get("origin")
        if origin is None or len(origin) > _MAX_ORIGIN or not self._is_registered(origin):
            return ()
        return (("Access-Control-Allow-Origin", origin), *VARY)


_MAX_ORIGIN = 300
