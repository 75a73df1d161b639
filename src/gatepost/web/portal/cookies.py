"""The cookies of the portal: its sessions, and a sign-in that is under way (R-53)."""

import re
from collections.abc import Sequence

from gatepost.services.portal_sessions import MOST_SESSIONS
from gatepost.web.http import Call
from gatepost.web.portal.moments import Zone

_TOKEN = re.compile(r"[A-Za-z0-9-]{1,64}~[A-Za-z0-9_-]{20,100}\Z")
_SEALED = re.compile(r"[A-Za-z0-9_-]{20,3000}\Z")
_BINDING = re.compile(r"[A-Za-z0-9_-]{40,100}\Z")
_ZONE = "gatepost-zone"
_FLOW_SECONDS = 600
Header = tuple[str, str]


class Cookies:
    """Reads and writes them, by whether the deployment is reached over https."""

    def __init__(self, *, https: bool) -> None:
        prefix = "__Host-" if https else "gatepost-"
        self._session, self._flow = prefix + "portal", prefix + "portal-signin"
        self._guest = prefix + "portal-guest"
        self._https = https

    def tokens(self, call: Call) -> tuple[str, ...]:
        """The sessions that the browser says it has, the current one first."""
        parts = _sent(call, self._session).split(".", MOST_SESSIONS)[:MOST_SESSIONS]
        return tuple(part for part in parts if _TOKEN.match(part))

    def flow(self, call: Call) -> str:
        """What the browser keeps of a sign-in under way."""
        found = _sent(call, self._flow)
        return found if _SEALED.match(found) else ""

    def guest(self, call: Call) -> str:
        """What binds a form to a browser at which nobody is signed in yet."""
        found = _sent(call, self._guest)
        return found if _BINDING.match(found) else ""

    def zone(self, call: Call) -> Zone:
        """The time zone that the browser's script told, as it names it."""
        return Zone.named(_sent(call, _ZONE).replace("%2F", "/"))

    def working(self, tokens: Sequence[str]) -> Header:
        """The cookie of these sessions; of none it is taken back."""
        return self._set(self._session, ".".join(tokens[:MOST_SESSIONS]))

    def signing_in(self, sealed: str) -> Header:
        """The cookie of a sign-in that begins; empty takes it back."""
        return self._set(self._flow, sealed, _FLOW_SECONDS)

    def bound(self, binding: str) -> Header:
        """The cookie of a browser that is shown a form before anybody is signed in."""
        return self._set(self._guest, binding)

    def _set(self, name: str, value: str, seconds: int | None = None) -> Header:
        parts = [f"{name}={value}", "Path=/", "SameSite=Lax", "HttpOnly"]
        if self._https:
            parts.append("Secure")
        if not value:
            parts.append("Max-Age=0")
        elif seconds is not None:
            parts.append(f"Max-Age={seconds}")
        return "Set-Cookie", "; ".join(parts)


def _sent(call: Call, wanted: str) -> str:
    """The first cookie of a name: a browser sends the most specific one first (RFC 6265, 5.4)."""
    for pair in call.headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            return value
    return ""
