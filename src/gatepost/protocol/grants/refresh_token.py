"""The refresh token grant (RFC 6749, 6; RFC 9700, 4.14): one use, rotation, replay ends all."""

from gatepost.model.grants import REFRESH_GRACE, Family, RefreshToken
from gatepost.protocol import scopes
from gatepost.protocol.grants.decisions import (
    Again,
    Decision,
    Evidence,
    Issue,
    Replay,
    invalid_grant,
)
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError

GRANT_TYPE = "refresh_token"


def decide(request: GrantRequest) -> Decision:
    """The next tokens of the family, the same ones again, or the end of the family."""
    found = request.evidence
    if found is None or found.family is None or not isinstance(found.thing, RefreshToken):
        return _refused("unknown_refresh_token")
    token, family = found.thing, found.family
    if family.client_id != request.client.settings.id:
        return _refused("refresh_token_of_another_client")
    if family.revoked_at is not None:
        return _refused("grant_revoked")
    if token.used_at is not None:
        return _used_before(request, found, token, family)
    if request.now >= min(token.expires_at, family.expires_at):
        return _refused("expired_refresh_token")
    return _issue(request, family)


def _used_before(
    request: GrantRequest, found: Evidence, token: RefreshToken, family: Family
) -> Decision:
    """Within the grace the lost answer is given again; after it, or after progress, a replay."""
    assert token.used_at is not None  # noqa: S101  (the caller looked; mypy cannot see it)
    is_early = request.now < token.used_at + REFRESH_GRACE
    if not is_early or found.superseded or token.sealed_successor is None:
        return Replay(family.id, _refused("refresh_token_reused"))
    issue = _issue(request, family)
    return Again(issue, token.sealed_successor) if isinstance(issue, Issue) else issue


def _issue(request: GrantRequest, family: Family) -> Issue | OAuthError:
    granted = scopes.allowed(request.client.settings, family.grounds.scopes)
    if scopes.OFFLINE not in granted:
        return _refused("refresh_not_allowed")
    asked = request.form.get("scope")
    if asked is not None:
        wanted = scopes.split(asked) if len(asked) <= scopes.MAX_SCOPE else ()
        if not wanted or not set(wanted) <= set(granted):
            return OAuthError(
                "invalid_scope", "a refresh gives no more scopes than were granted", "scope_widened"
            )
        granted = tuple(scope for scope in granted if scope in wanted)
    return Issue(granted, family, with_id_token=scopes.OPENID in granted, with_refresh_token=True)


def _refused(reason: str) -> OAuthError:
    return invalid_grant(
        "the refresh token is unknown, used, expired, revoked or not of this client", reason
    )
