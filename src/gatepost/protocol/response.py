"""How an answer travels back: the parts of a response type, placed by a response mode.

OAuth 2.0 Multiple Response Type Encoding Practices, Form Post Response Mode, RFC 9207. One gate
for all modes, so that no mode can be looser than another (security.md R-10).
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

CODE, ID_TOKEN, TOKEN = "code", "id_token", "token"
PARTS = (CODE, ID_TOKEN, TOKEN)
QUERY, FRAGMENT, FORM_POST = "query", "fragment", "form_post"
RESPONSE_MODES = (QUERY, FRAGMENT, FORM_POST)


class Answer(NamedTuple):
    """What an application is told, and on which way.

    `silent` is the answer to prompt=none: it never shows a page, so it alone may be framed.
    """

    uri: str
    mode: str
    fields: tuple[tuple[str, str], ...]
    silent: bool = False

    def __repr__(self) -> str:
        return f"Answer(uri={self.uri!r}, mode={self.mode!r}, fields=***)"


def parts_of(response_type: str) -> frozenset[str]:
    """The parts of a response type; their order means nothing."""
    return frozenset(part for part in response_type.split(" ") if part)


def canonical(parts: frozenset[str]) -> str:
    """A set of known parts as one text."""
    return " ".join(part for part in PARTS if part in parts)


def default_mode(parts: frozenset[str]) -> str:
    """Tokens never go by the query."""
    return QUERY if parts <= {CODE} else FRAGMENT


def may_use(mode: str, parts: frozenset[str]) -> bool:
    """Whether a mode can carry these parts."""
    return mode in RESPONSE_MODES and (mode != QUERY or parts <= {CODE})


def mode_for_errors(parameters: Mapping[str, str]) -> str:
    """How to send an error of a request whose mode may itself be what is wrong."""
    parts = parts_of(parameters.get("response_type", CODE))
    asked = parameters.get("response_mode", "")
    return asked if may_use(asked, parts) else default_mode(parts)


def address(answer: Answer) -> str:
    """The address to redirect to, for the modes that are redirects."""
    encoded = urlencode(answer.fields, quote_via=quote, safe="")
    if answer.mode == FRAGMENT:
        return f"{answer.uri}#{encoded}"
    if "?" not in answer.uri:
        return f"{answer.uri}?{encoded}"
    joint = "" if answer.uri.endswith(("?", "&")) else "&"
    return f"{answer.uri}{joint}{encoded}"
