"""What a browser was sent here for, and how far it has come: kept between the pages.

An errand is one of three: an application's authorization request, a device that waits for its
person, or the person's own account page.
"""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

PENDING_LIFETIME = timedelta(minutes=30)
FIRST_STEP_LIFETIME = timedelta(minutes=10)


class RequestedClaims(Struct, frozen=True, kw_only=True):
    """What the `claims` parameter asked for by name (OpenID Connect Core, 5.5)."""

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    sub: str | None = None


class AuthorizationRequest(Struct, frozen=True, kw_only=True, tag="authorize"):
    """An authorization request that was found in order; `redirect_uri` is a registered one."""

    client_id: str
    redirect_uri: str
    response_type: str
    response_mode: str
    scopes: tuple[str, ...]
    state: str | None = None
    nonce: str | None = None
    challenge: str | None = None
    prompts: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str | None = None
    hinted_user: str | None = None
    claims: RequestedClaims = RequestedClaims()


class DeviceErrand(Struct, frozen=True, kw_only=True, tag="device"):
    """A person came to let a device in.

    `device_code` is the digest of its code, in hex; `user_code` what they typed, under a seal.
    """

    client_id: str
    device_code: str
    user_code: str
    scopes: tuple[str, ...]


AccountPart = Literal["", "again", "add-app", "remove-app"]


class AccountErrand(Struct, frozen=True, kw_only=True, tag="account"):
    """A person wants their own account page; `fresh` asks for a sign-in made just now.

    `part` is where on it they were going; "again" is a change that they are to send once more.
    """

    fresh: bool = False
    part: AccountPart = ""


Errand = AuthorizationRequest | DeviceErrand | AccountErrand


class FirstStep(Struct, frozen=True, kw_only=True):
    """Whose password was right, when, and a mark of the very hash that it was compared with."""

    user_id: str
    mark: str
    at: datetime


class Progress(Struct, frozen=True, kw_only=True):
    """What was done for this one errand; each field is set by the step that proves it.

    `first` is a password that was right and waits for a second step, `sign_in_id` a sign-in that
    was made for it, `chosen` one that the person chose to go on with, `consented_as` the person
    who allowed it.
    """

    first: FirstStep | None = None
    sign_in_id: str | None = None
    chosen: str | None = None
    consented_as: str | None = None


class Pending(Struct, frozen=True, kw_only=True):
    """An errand under way, bound to one browser."""

    id: str
    client_id: str | None
    browser_digest: bytes
    errand: Errand
    progress: Progress = Progress()
    created_at: datetime
    expires_at: datetime
