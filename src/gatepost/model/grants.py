"""What was granted: codes, refresh tokens, device codes, and the families they belong to.

A family is all that came from one person's yes to one client. Revoking it ends its code, its
refresh tokens, and its access tokens wherever Gatepost itself is asked.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from gatepost.model.requests import RequestedClaims

CODE_LIFETIME = timedelta(seconds=60)
PUSHED_LIFETIME = timedelta(seconds=90)
REFRESH_GRACE = timedelta(seconds=10)
POLL_INTERVAL = timedelta(seconds=5)

WAITING = "waiting"
APPROVED = "approved"
DENIED = "denied"


class Grounds(Struct, frozen=True, kw_only=True):
    """What the tokens of a family say about the sign-in and the yes they rest on."""

    scopes: tuple[str, ...]
    auth_time: int
    method: str
    claims: RequestedClaims = RequestedClaims()


class Family(Struct, frozen=True, kw_only=True):
    """One grant of a person to a client. `sign_in_id` is the claim `sid` of its tokens.

    `expires_at` is when nothing of it can be alive any more; refresh tokens end then at the latest.
    """

    id: str
    client_id: str
    user_id: str
    sign_in_id: str
    grounds: Grounds
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_because: str | None = None


class AuthorizationCode(Struct, frozen=True, kw_only=True):
    """A code, bound to all that its redemption must show again (R-18)."""

    digest: bytes
    family_id: str
    redirect_uri: str
    challenge: str | None
    nonce: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class RefreshToken(Struct, frozen=True, kw_only=True):
    """One link of a family's chain of refresh tokens.

    `sealed_successor` is the next one, for whoever lost the answer that had it (D-06).
    """

    digest: bytes
    family_id: str
    generation: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    sealed_successor: bytes | None = None


class DeviceCode(Struct, frozen=True, kw_only=True):
    """A device that waits; it has a family once a person let it in."""

    digest: bytes
    user_code_digest: bytes
    client_id: str
    scopes: tuple[str, ...]
    state: str = WAITING
    family_id: str | None = None
    created_at: datetime
    last_polled_at: datetime | None = None
    expires_at: datetime
    used_at: datetime | None = None


class PushedRequest(Struct, frozen=True, kw_only=True):
    """The parameters of an authorization request that came ahead of the browser (RFC 9126)."""

    digest: bytes
    client_id: str
    parameters: dict[str, str]
    created_at: datetime
    expires_at: datetime
