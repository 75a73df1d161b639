"""The client credentials grant (RFC 6749, 4.4): a client acts for itself."""

from collections.abc import Mapping

from gatepost.model.clients import StoredClient
from gatepost.protocol.grants.decisions import API_SCOPE, MAX_SCOPE, Issue
from gatepost.protocol.parameters import OAuthError, printable

GRANT_TYPE = "client_credentials"


def decide(form: Mapping[str, str], _client: StoredClient) -> Issue | OAuthError:
    """A token for the API. Without a scope the API is meant (facts.md section 3)."""
    asked = form.get("scope", API_SCOPE)
    if len(asked) > MAX_SCOPE:
        return OAuthError("invalid_scope", "the scope is too long", "scope_too_long")
    unknown = [scope for scope in asked.split(" ") if scope not in ("", API_SCOPE)]
    if unknown:
        return OAuthError(
            "invalid_scope",
            f"the scope {printable(unknown[0])} is not for clients without a user; "
            f"ask for {API_SCOPE}",
            "scope_not_allowed",
        )
    return Issue((API_SCOPE,))
