"""The client credentials grant (RFC 6749, 4.4): a client acts for itself."""

from gatepost.protocol.grants.decisions import Decision, Issue
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError, printable
from gatepost.protocol.scopes import API_SCOPE, length_fault, split

GRANT_TYPE = "client_credentials"
_GRANTED = Issue((API_SCOPE,))


def decide(request: GrantRequest) -> Decision:
    """A token for the API. Without a scope the API is meant (facts.md section 3)."""
    asked = request.form.get("scope", API_SCOPE)
    if asked == API_SCOPE:
        return _GRANTED
    too_long = length_fault(asked)
    if too_long is not None:
        return too_long
    unknown = [scope for scope in split(asked) if scope != API_SCOPE]
    if unknown:
        return OAuthError(
            "invalid_scope",
            f"the scope {printable(unknown[0])} is not for clients without a user; "
            f"ask for {API_SCOPE}",
            "scope_not_allowed",
        )
    return _GRANTED
