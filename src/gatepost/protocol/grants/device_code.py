"""The device authorization grant (RFC 8628, 3.4, 3.5): a device asks until its person answers."""

from gatepost.model.grants import APPROVED, DENIED, POLL_INTERVAL, DeviceCode
from gatepost.protocol import scopes
from gatepost.protocol.grants.decisions import Decision, Issue, Replay, invalid_grant
from gatepost.protocol.grants.request import GrantRequest
from gatepost.protocol.parameters import OAuthError

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


def decide(request: GrantRequest) -> Decision:
    """Tokens once the person has approved; until then, how to go on asking."""
    found = request.evidence
    if found is None or not isinstance(found.thing, DeviceCode):
        return _unknown("unknown_device_code")
    device, family = found.thing, found.family
    if device.client_id != request.client.settings.id:
        return _unknown("device_code_of_another_client")
    if device.used_at is not None and family is not None:
        return Replay(family.id, _unknown("device_code_reused"))
    if request.now >= device.expires_at:
        return OAuthError("expired_token", "the device code has expired", "expired_device_code")
    if device.state == DENIED:
        return OAuthError("access_denied", "the person said no", "device_denied")
    if device.state != APPROVED or family is None:
        return _wait(request, device)
    if family.revoked_at is not None:
        return _unknown("grant_revoked")
    return Issue(
        family.grounds.scopes, family, with_id_token=scopes.OPENID in family.grounds.scopes
    )


def _wait(request: GrantRequest, device: DeviceCode) -> OAuthError:
    last = device.last_polled_at
    if last is not None and request.now < last + POLL_INTERVAL:
        seconds = int(POLL_INTERVAL.total_seconds())
        return OAuthError(
            "slow_down", f"ask at most every {seconds} seconds; wait 5 more", "polled_too_soon"
        )
    return OAuthError("authorization_pending", "the person has not decided yet", "device_waits")


def _unknown(reason: str) -> OAuthError:
    return invalid_grant("the device code is unknown, used or not of this client", reason)
