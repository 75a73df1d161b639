"""The store of redemptions: codes and refresh tokens, each sentence a transaction of its own.

As in `stores`, it is opened for one tenant. These are the sentences of the hot path, so they ask
for all that belongs together at once.
"""

from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from gatepost.model.grants import AuthorizationCode, Family, RefreshToken


class FoundCode(NamedTuple):
    """A code, used or not, with its family."""

    code: AuthorizationCode
    family: Family


class FoundRefreshToken(NamedTuple):
    """A refresh token with its family; `superseded` when it was used, and a later one was too."""

    token: RefreshToken
    family: Family
    superseded: bool


class Spending(Struct, frozen=True, kw_only=True):
    """What a redemption uses up, and the refresh token that it leaves behind, if any.

    It is done only while what is spent is unused and unexpired, its family not revoked, and the
    sign-in, where one is named, not over.
    """

    digest: bytes
    family_id: str
    now: datetime
    sign_in_id: str | None = None
    successor: RefreshToken | None = None
    sealed_successor: bytes | None = None


class SpendingOf(NamedTuple):
    """A spending with what it is of, and in which tenant."""

    tenant_id: str
    kind: Literal["code", "refresh_token"]
    spending: Spending


class RedemptionStore(Protocol):
    """The codes and refresh tokens of one tenant."""

    def code(self, digest: bytes) -> FoundCode | None:
        """A code, used or not."""

    def refresh_token(self, digest: bytes) -> FoundRefreshToken | None:
        """A refresh token, used or not."""

    def family(self, family_id: str) -> Family | None:
        """One family, revoked or not."""

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""

    def spend_code(self, spending: Spending) -> bool:
        """Use a code up; False when it cannot be any more. Of many at once, one is told True."""

    def spend_refresh_token(self, spending: Spending) -> bool:
        """Use a refresh token up; False when it cannot be any more. One is told True."""
