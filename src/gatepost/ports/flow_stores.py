"""The stores of the flows: who is signed in, what is under way, what was granted.

As in `stores`, they are opened for one tenant. What is kept for the flow alone (a code, a request
under way, a counter) is bookkeeping and needs no event; what a person or an administrator would
want to know of (a sign-in, a consent, a passkey, a revocation) is a change and needs one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from gatepost.model.grants import (
    AuthorizationCode,
    DeviceCode,
    Family,
    PushedRequest,
    RefreshToken,
)
from gatepost.model.portal import PortalSession, TryOut
from gatepost.model.requests import Pending
from gatepost.model.sign_ins import Consent, Passkey, SignIn, SignInDigests
from gatepost.ports.factor_stores import FactorStore


class Dependents(Struct, frozen=True):
    """What would end with a client: sign-ins in which it was used, and live refresh tokens."""

    sessions: int
    refresh_tokens: int


class SignInStore(FactorStore, Protocol):
    """Sign-ins, consents, passkeys and counted attempts of the tenant's people."""

    def add(self, sign_in: SignIn, digests: SignInDigests) -> None:
        """Keep a new sign-in. A change."""

    def with_session(self, digests: Sequence[bytes]) -> SignIn | None:
        """The newest sign-in that one of these session digests belongs to."""

    def with_silent(self, digests: Sequence[bytes]) -> SignIn | None:
        """The newest sign-in that one of these digests of the silent page belongs to."""

    def get(self, sign_in_id: str) -> SignIn | None:
        """One sign-in by its public id."""

    def of_user(self, user_id: str) -> tuple[SignIn, ...]:
        """A person's sign-ins, newest first."""

    def touch(self, sign_in_id: str, now: datetime) -> None:
        """Note that the person was just seen. Bookkeeping."""

    def end(self, sign_in_id: str) -> bool:
        """Remove a sign-in; False when there is none. A change."""

    def consent(self, user_id: str, client_id: str) -> Consent | None:
        """What the person allowed the client."""

    def consents_of(self, user_id: str) -> tuple[Consent, ...]:
        """All that the person allowed, newest first."""

    def save_consent(self, consent: Consent) -> None:
        """Keep a consent in place of an earlier one to the same client. A change."""

    def remove_consent(self, user_id: str, client_id: str) -> bool:
        """Forget a consent; False when there is none. A change."""

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when its id is taken in the tenant. A change."""

    def passkey(self, passkey_id: str) -> Passkey | None:
        """One passkey by its credential id."""

    def passkeys_of(self, user_id: str) -> tuple[Passkey, ...]:
        """A person's passkeys, oldest first."""

    def note_passkey_use(self, passkey_id: str, sign_count: int, now: datetime) -> None:
        """Note the counter and the time of a use. Bookkeeping."""

    def remove_passkey(self, user_id: str, passkey_id: str) -> bool:
        """Remove a person's passkey; False when there is none. A change."""

    def add_portal_session(self, session: PortalSession, digest: bytes) -> None:
        """Keep a new session of the portal. Bookkeeping; it goes with its sign-in."""

    def portal_session(self, digest: bytes) -> PortalSession | None:
        """The session of the portal with this digest."""

    def end_portal_session(self, digest: bytes) -> bool:
        """Remove it; False when there is none. Bookkeeping."""

    def attempts(self, keys: Sequence[bytes]) -> Mapping[bytes, datetime]:
        """For each key that has one, the moment at which its attempts are forgotten."""

    def save_attempts(self, ends: Mapping[bytes, datetime]) -> None:
        """Keep those moments. Bookkeeping."""


class GrantStore(Protocol):
    """Requests under way, codes, tokens and the families they belong to."""

    def add_pending(self, pending: Pending) -> None:
        """Keep an errand that begins. Bookkeeping."""

    def pending(self, pending_id: str) -> Pending | None:
        """An errand under way."""

    def save_pending(self, pending: Pending) -> None:
        """Keep an errand's progress. Bookkeeping."""

    def remove_pending(self, pending_id: str) -> bool:
        """End an errand; False when it was ended already, so that one alone finishes it."""

    def add_pushed(self, pushed: PushedRequest) -> None:
        """Keep a pushed request. Bookkeeping."""

    def pushed(self, digest: bytes) -> PushedRequest | None:
        """A pushed request."""

    def remove_pushed(self, digest: bytes) -> bool:
        """Remove a pushed request; False when it was taken already. Bookkeeping."""

    def add_family(self, family: Family) -> None:
        """Keep a new family. Bookkeeping."""

    def family(self, family_id: str) -> Family | None:
        """One family."""

    def revoke_family(self, family_id: str, now: datetime, because: str) -> bool:
        """Revoke; False when it was revoked already or is not there. A change."""

    def dependents(self, client_id: str, now: datetime, most: int) -> Dependents:
        """How much depends on a client now, each counted up to `most`."""

    def add_try_out(self, try_out: TryOut) -> None:
        """Keep a try-out that begins. Bookkeeping."""

    def try_out(self, try_out_id: str) -> TryOut | None:
        """One try-out."""

    def try_outs_of(self, client_id: str) -> tuple[TryOut, ...]:
        """A client's try-outs, those that ended too, oldest first."""

    def save_try_out(self, try_out: TryOut) -> None:
        """Keep what is sealed in a try-out. Bookkeeping."""

    def remove_try_out(self, try_out_id: str) -> bool:
        """End it; False when it was ended already. Bookkeeping."""

    def live_families_of(self, user_id: str, now: datetime) -> tuple[Family, ...]:
        """The person's families that are neither revoked nor past their end, oldest first."""

    def clients_of_sign_in(self, sign_in_id: str) -> tuple[str, ...]:
        """The clients that got something during a sign-in, in order of their ids."""

    def add_code(self, code: AuthorizationCode) -> None:
        """Keep a new code. Bookkeeping."""

    def code(self, digest: bytes) -> AuthorizationCode | None:
        """A code, used or not."""

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token. Bookkeeping."""

    def refresh_token(self, digest: bytes) -> RefreshToken | None:
        """A refresh token, used or not."""

    def add_device_code(self, code: DeviceCode) -> bool:
        """Keep a new device code; False when its user code is taken. Bookkeeping."""

    def device_code(self, digest: bytes) -> DeviceCode | None:
        """A device code, used or not."""

    def device_with_user_code(self, user_code_digest: bytes) -> DeviceCode | None:
        """The device that shows this user code."""

    def note_poll(self, digest: bytes, now: datetime) -> None:
        """Note when a device asked. Bookkeeping."""

    def settle_device_code(self, digest: bytes, state: str, family_id: str | None) -> bool:
        """Approve or deny a device that waits; False when it does not wait. Bookkeeping."""

    def spend_device_code(self, digest: bytes, now: datetime) -> bool:
        """Use the code up, in one conditional statement; False when it was used already, or what
        it was approved for is revoked."""

    def revoke_token(self, token_id: str, expires_at: datetime) -> None:
        """Remember that one access token is revoked, by its `jti`. A change."""

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""
