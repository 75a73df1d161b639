"""The authorization code grant (RFC 6749, 4.1.3; RFC 7636, 4.6; OpenID Connect Core, 3.1.3)."""

from gatepost.model.grants import AuthorizationCode, Family
from gatepost.protocol import pkce, scopes
from gatepost.protocol.grants.decisions import Decision, Issue, Replay, invalid_grant
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError

GRANT_TYPE = "authorization_code"


def decide(request: GrantRequest) -> Decision:
    """Tokens for a code that shows again everything it was bound to (R-16..R-18)."""
    found = request.evidence
    if found is None or found.family is None or not isinstance(found.thing, AuthorizationCode):
        return _refused("unknown_code")
    code, family = found.thing, found.family
    if family.client_id != request.client.settings.id:
        return _refused("code_of_another_client")
    if code.used_at is not None:
        return Replay(family.id, _refused("code_reused"))
    reason = _fault(request, code, family)
    if reason is not None:
        return _refused(reason)
    granted = scopes.allowed(request.client.settings, family.grounds.scopes)
    return Issue(
        granted,
        family,
        nonce=code.nonce,
        with_id_token=scopes.OPENID in granted,
        with_refresh_token=scopes.OFFLINE in granted,
    )


def _fault(request: GrantRequest, code: AuthorizationCode, family: Family) -> str | None:
    if family.revoked_at is not None:
        return "grant_revoked"
    if request.now >= code.expires_at:
        return "expired_code"
    if request.form.get("redirect_uri") != code.redirect_uri:
        return "redirect_uri_differs"
    return pkce.verification_fault(code.challenge, request.form.get("code_verifier"))


_WORDS = {
    "redirect_uri_differs": "redirect_uri is not the one of the authorization request",
    "pkce_verifier_missing": "code_verifier is missing",
    "pkce_verifier_without_challenge": "there was no code_challenge for this code_verifier",
    "pkce_malformed_verifier": "code_verifier is not 43 to 128 unreserved characters",
    "pkce_wrong_verifier": "code_verifier does not fit the code_challenge",
}


def _refused(reason: str) -> OAuthError:
    words = _WORDS.get(reason, "the code is unknown, used, expired or not of this client")
    return invalid_grant(words, reason)
