"""Sign-ins: that a person is at a browser, what they agreed to, and their passkeys."""

from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

# Longer than any access token, so that a page which renews its tokens silently is never idle.
IDLE_LIMIT = timedelta(minutes=75)
ABSOLUTE_LIMIT = timedelta(hours=8)
TOUCH_AFTER = timedelta(minutes=1)
RECENT = timedelta(minutes=10)

PASSWORD = "pwd"
PASSKEY = "passkey"
# a password and then one of these
TOTP = "totp"
RECOVERY = "recovery"
# RFC 8176; a passkey verifies its person, so that it is both steps
METHOD_REFERENCES = {
    PASSWORD: ("pwd",),
    PASSKEY: ("swk", "user", "mfa"),
    TOTP: ("pwd", "otp", "mfa"),
    RECOVERY: ("pwd", "otp", "mfa"),
}
# OpenID PAPE 1.0, 4: more than one factor was shown
MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
METHOD_CONTEXTS = {PASSWORD: "1", TOTP: MULTI_FACTOR, RECOVERY: MULTI_FACTOR, PASSKEY: "phr"}
PASSKEY_LIMIT = 20
PASSKEY_NAME_MAX = 100
# COSE names, best first: ES256, Ed25519, and RS256 for Windows Hello
PASSKEY_ALGORITHMS = (-7, -8, -257)


class SignIn(Struct, frozen=True, kw_only=True):
    """One sign-in of a person at one browser. Its `id` is public: it is the claim `sid`."""

    id: str
    user_id: str
    method: str
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str

    def alive(self, now: datetime) -> bool:
        """Whether it still counts: neither idle nor old beyond the limits (R-51)."""
        return now < self.expires_at and now < self.last_seen_at + IDLE_LIMIT

    @property
    def acr(self) -> str:
        """How strongly the person showed who they are (claim `acr`)."""
        return METHOD_CONTEXTS[self.method]


class SignInDigests(Struct, frozen=True):
    """How the two cookies of a sign-in are found again: the session's, and the silent page's."""

    session: bytes
    silent: bytes

    def __repr__(self) -> str:
        return "SignInDigests(***)"


class Consent(Struct, frozen=True, kw_only=True):
    """What a person once allowed a client."""

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    given_at: datetime


class Passkey(Struct, frozen=True, kw_only=True):
    """A WebAuthn credential of a person; `id` is the credential id in base64url."""

    id: str
    user_id: str
    name: str
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None


class NewPasskey(NamedTuple):
    """What a browser made: the credential id in base64url, its COSE public key, its counter."""

    id: str
    public_key: bytes
    sign_count: int
