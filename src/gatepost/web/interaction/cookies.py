"""The cookies of the identity server (security.md R-53, D-10; decision 0003)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gatepost.ports import Dice
from gatepost.services.browsers import MOST_SESSIONS, Browser
from gatepost.web.http import Call, Headers

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}\Z")
_BYTES = 32
_MAX_AGENT = 300


class Cookies:
    """Reads and writes the cookies of one deployment, by whether it is reached over https."""

    def __init__(self, dice: Dice, *, https: bool) -> None:
        prefix = "__Host-" if https else "gatepost-"
        self.session, self.binding = prefix + "sid", prefix + "pre"
        self.silent, self.state = prefix + "silent", prefix + "state"
        self._dice = dice
        self._https = https

    def browser(self, call: Call) -> "Visitor":
        """The browser behind a call, with new values where it has none yet."""
        sent = _pairs(call.headers.get("cookie", ""))
        binding, state = _token(sent.get(self.binding)), _token(sent.get(self.state))
        fresh: Headers = ()
        if not binding:
            binding = self._dice.token(_BYTES)
            fresh += (self._set(self.binding, binding),)
        if not state:
            state = self._dice.token(_BYTES)
            fresh += (self._set(self.state, state),)
        browser = Browser(
            binding=binding,
            sessions=_tokens(sent.get(self.session)),
            silents=_tokens(sent.get(self.silent)),
            state=state,
            agent=_printable(call.headers.get("user-agent", "")[:_MAX_AGENT]),
            origin=call.origin,
        )
        return Visitor(browser, fresh)

    def signed(self, sessions: Sequence[str], silents: Sequence[str]) -> Headers:
        """The cookies after a sign-in or sign-out; the browser's state changes with them."""
        found = [
            self._set(self.session, ".".join(sessions)),
            self._set(self.state, self._dice.token(_BYTES)),
        ]
        if self._https:
            found.append(self._set(self.silent, ".".join(silents)))
        return tuple(found)

    def _set(self, name: str, value: str) -> tuple[str, str]:
        """Lax, since applications navigate to us; what frames on other sites read is None."""
        from_frames = self._https and name in (self.silent, self.state)
        parts = [f"{name}={value}", "Path=/", f"SameSite={'None' if from_frames else 'Lax'}"]
        if self._https:
            parts.append("Secure")
        if name != self.state:
            parts.append("HttpOnly")
        if not value:
            parts.append("Max-Age=0")
        return "Set-Cookie", "; ".join(parts)


class Visitor(NamedTuple):
    """A browser, and the cookies that it is to be given."""

    browser: Browser
    fresh: Headers


def _pairs(header: str) -> dict[str, str]:
    """The first of each name: a browser sends the most specific one first (RFC 6265, 5.4)."""
    found: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _token(text: str | None) -> str:
    return text if text is not None and _TOKEN.match(text) else ""


def _tokens(text: str | None) -> tuple[str, ...]:
    parts = (text or "").split(".", MOST_SESSIONS)[:MOST_SESSIONS]
    return tuple(part for part in parts if _TOKEN.match(part))
