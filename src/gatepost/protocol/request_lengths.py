"""How long an authorization request may be. Strangers begin some, and each is kept for a while."""

from collections.abc import Mapping

from gatepost.protocol.parameters import OAuthError, invalid_request

READ = frozenset(
    {
        "acr_values",
        "claims",
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "id_token_hint",
        "login_hint",
        "max_age",
        "nonce",
        "prompt",
        "redirect_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""What is read of a request; nothing else is kept of one that was pushed."""

MOST_STATE, MOST_NONCE, MOST_ACR_VALUES = 4_096, 1_000, 1_000
MOST_TOGETHER = 16_384


_TOO_LONG = {
    "state": (
        MOST_STATE,
        invalid_request(f"state is longer than {MOST_STATE} characters", "state_too_long"),
    ),
    "nonce": (
        MOST_NONCE,
        invalid_request(f"nonce is longer than {MOST_NONCE} characters", "nonce_too_long"),
    ),
    "acr_values": (
        MOST_ACR_VALUES,
        invalid_request(
            f"acr_values is longer than {MOST_ACR_VALUES} characters", "acr_values_too_long"
        ),
    ),
}
_TOO_LONG_TOGETHER = invalid_request(
    f"the parameters together are longer than {MOST_TOGETHER} characters", "request_too_long"
)


def fault(parameters: Mapping[str, str]) -> OAuthError | None:
    """What is too long of a request; scopes, claims and addresses have limits of their own."""
    for name, (most, error) in _TOO_LONG.items():
        if len(parameters.get(name, "")) > most:
            return error
    together = sum(len(text) for name, text in parameters.items() if name in READ)
    return _TOO_LONG_TOGETHER if together > MOST_TOGETHER else None
