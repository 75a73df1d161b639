"""What the portal keeps: who works in it, clients being tried out, and links to set a password."""

from datetime import datetime, timedelta

from msgspec import Struct

TRY_OUT_LIFETIME = timedelta(minutes=10)
INVITATION_LIFETIME = timedelta(hours=72)
RESET_LIFETIME = timedelta(hours=24)
"""A link for somebody who chose a password before opens an account that is in use (R-82)."""


class PortalSession(Struct, frozen=True, kw_only=True):
    """Somebody who works in the portal. It ends with the sign-in that it came of.

    `token_mark` is the `jti` of the access token that the portal was given: all that ends that
    token ends this too.
    """

    user_id: str
    sign_in_id: str
    client_id: str
    token_mark: str
    created_at: datetime


class TryOut(Struct, frozen=True, kw_only=True):
    """A client whose flow an administrator runs from the portal, and what was added for that.

    `redirect_uri` and `secret_id` are taken away again at the end, and by the sweeper if nobody
    ends it. `sealed_state` is what only the portal may read: verifier, nonce, secret, steps.
    """

    id: str
    client_id: str
    user_id: str
    redirect_uri: str | None
    secret_id: int | None
    sealed_state: bytes
    created_at: datetime
    expires_at: datetime


class PasswordLink(Struct, frozen=True, kw_only=True):
    """A link by which a person sets their password, once; a person has one at most (R-82).

    Who uses one that was mailed reads what is sent to the address.
    """

    user_id: str
    email: str
    created_at: datetime
    expires_at: datetime
    mailed: bool = False
