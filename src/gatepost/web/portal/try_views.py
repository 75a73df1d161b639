"""The steps of a try-out in words: what was sent, what came, and what each claim means."""

from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from gatepost.services.try_out_state import ReadToken, Step
from gatepost.services.try_outs import Seen
from gatepost.web.portal.moments import Moment
from gatepost.web.portal.visits import Visit

CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "auth_time", "acr", "amr", "sid",
    "tid", "azp", "at_hash", "c_hash", "s_hash", "roles", "role_type", "client_id", "scope", "name",
    "given_name", "family_name", "preferred_username", "updated_at", "email", "email_verified",
)  # fmt: skip
HEADERS = ("alg", "typ", "kid")
ERRORS = (
    "access_denied", "account_selection_required", "authorization_pending", "check_failed",
    "consent_required", "expired_token", "interaction_required", "invalid_client", "invalid_grant",
    "invalid_request", "invalid_scope", "invalid_token", "login_required", "no_code",
    "server_error", "slow_down", "temporarily_unavailable", "unauthorized_client",
    "unsupported_response_type",
)  # fmt: skip
_TIMES = frozenset({"exp", "iat", "nbf", "auth_time", "updated_at"})
_LATEST = 253_402_300_799  # the last second that a date can have


def step(visit: Visit, one: Step) -> dict[str, Any]:
    """One step for the page."""
    return {
        "title": visit.say(f"try.step.{one.key}"),
        "about": visit.say(f"try.step_about.{one.key}"),
        "state": "now" if one.state == "waiting" else one.state,
        "address": one.address,
        "sent": one.sent,
        "came": one.came,
        "checks": [(visit.say(f"try.check.{name}"), passed) for name, passed in one.checks],
        "tokens": [_token(visit, token) for token in one.tokens],
        "problem": _problem(visit, one),
    }


def outcome(seen: Seen) -> Literal["waiting", "failed", "done", "stopped"]:
    """How a try-out went."""
    states = [one.state for one in seen.steps]
    if "failed" in states:
        return "failed"
    if not seen.is_over:
        return "waiting"
    return "stopped" if "waiting" in states or not states else "done"


def sign_in_address(seen: Seen) -> str | None:
    """Where the browser goes on, while the sign-in is not finished."""
    if seen.is_over or not seen.steps or seen.steps[-1].key != "authorize":
        return None
    asked = seen.steps[-1]
    return f"{asked.address.partition(' ')[2]}?{urlencode(asked.sent)}"


def _problem(visit: Visit, one: Step) -> dict[str, str] | None:
    if one.error is None:
        return None
    known = one.error if one.error in ERRORS else "other"
    return {
        "code": one.error,
        "text": visit.say(f"try.error.{known}"),
        "said": one.description,
        "tone": "bad" if one.state == "failed" else "info",
    }


def _token(visit: Visit, token: ReadToken) -> dict[str, Any]:
    return {
        "title": visit.say(f"try.token.{token.name}"),
        "header": [
            _claim(visit, name, value, ("header", HEADERS)) for name, value in token.header.items()
        ],
        "claims": [
            _claim(visit, name, value, ("claim", CLAIMS)) for name, value in token.claims.items()
        ],
    }


def _claim(
    visit: Visit, name: str, value: object, known: tuple[str, tuple[str, ...]]
) -> dict[str, Any]:
    area, names = known
    return {
        "name": name,
        "value": _text(value),
        "moment": _moment(visit, value) if name in _TIMES else None,
        "about": visit.say(f"try.{area}.{name if name in names else 'other'}"),
    }


def _moment(visit: Visit, value: object) -> Moment | None:
    if not isinstance(value, int) or not 0 <= value <= _LATEST:
        return None
    return visit.zone.moment(datetime.fromtimestamp(value, UTC))


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
