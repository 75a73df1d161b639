"""The `claims` parameter (OpenID Connect Core, 5.5): which claims are asked for by name."""

from typing import Any

from gatepost.model.requests import RequestedClaims
from gatepost.model.text import refused_character
from gatepost.protocol.parameters import OAuthError, invalid_request, json_object

MAX_CLAIMS = 4_000
_MOST_NAMES = 50
_MAX_NAME = 100


def read_claims(text: str | None) -> RequestedClaims | OAuthError:
    """What was asked for. Members that we do not know are ignored, as the section says."""
    if text is None:
        return RequestedClaims()
    document = json_object(text) if len(text) <= MAX_CLAIMS else None
    if document is None:
        return invalid_request("claims is not a JSON object as asked for", "claims_malformed")
    sections = [document.get(name, {}) for name in ("id_token", "userinfo")]
    if not all(_is_section(section) for section in sections):
        return invalid_request("claims is not a JSON object as asked for", "claims_malformed")
    id_token, userinfo = (section or {} for section in sections)
    contexts = _values(id_token.get("acr"))
    subjects = _values(id_token.get("sub")) + _values(userinfo.get("sub"))
    # refused and not left out: what is left out would not be insisted on
    if any(map(refused_character, (*id_token, *userinfo, *contexts, *subjects))):
        return invalid_request("claims is not a JSON object as asked for", "claims_malformed")
    return RequestedClaims(
        id_token=tuple(id_token),
        userinfo=tuple(userinfo),
        acr_values=contexts if _is_essential(id_token.get("acr")) else (),
        sub=next(iter(subjects), None),
    )


def _is_section(section: object) -> bool:
    if section is None:
        return True
    return (
        isinstance(section, dict)
        and len(section) <= _MOST_NAMES
        and all(len(name) <= _MAX_NAME for name in section)
        and all(wish is None or isinstance(wish, dict) for wish in section.values())
    )


def _values(wish: dict[str, Any] | None) -> tuple[str, ...]:
    if not wish:
        return ()
    listed = wish.get("values")
    found = [wish.get("value"), *(listed if isinstance(listed, list) else [])]
    return tuple(value for value in found if isinstance(value, str))


def _is_essential(wish: dict[str, Any] | None) -> bool:
    return wish is not None and wish.get("essential") is True
