"""What is presented to the token endpoint: codes, refresh tokens, device codes, revoked tokens.

Codes and refresh tokens are used up in `redemption_store`. A device code is used up by one
conditional statement whose count of rows decides, so that of many who come at once one succeeds.
"""

from datetime import datetime

from sqlalchemy import exists, select, update

from gatepost.model.grants import WAITING, AuthorizationCode, DeviceCode, RefreshToken
from gatepost.storage.flow_tables import (
    codes,
    device_codes,
    families,
    refresh_tokens,
    revoked_tokens,
)
from gatepost.storage.try_out_store import SqlTryOutStore


class SqlTokenStore(SqlTryOutStore):
    """The part of `ports.GrantStore` that concerns codes and tokens."""

    def add_code(self, code: AuthorizationCode) -> None:
        """Keep a new code. Bookkeeping."""
        self._work.keep_books(codes.insert(), self._row(code))

    def code(self, digest: bytes) -> AuthorizationCode | None:
        """A code, used or not."""
        return self._first(codes, AuthorizationCode, digest=digest)

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token. Bookkeeping."""
        self._work.keep_books(refresh_tokens.insert(), self._row(token))

    def refresh_token(self, digest: bytes) -> RefreshToken | None:
        """A refresh token, used or not."""
        return self._first(refresh_tokens, RefreshToken, digest=digest)

    def add_device_code(self, code: DeviceCode) -> bool:
        """Keep a new device code; False when its user code is taken. Bookkeeping."""
        new = self._work.insert(device_codes).on_conflict_do_nothing()
        return self._work.keep_books(new, self._row(code)) > 0

    def device_code(self, digest: bytes) -> DeviceCode | None:
        """A device code, used or not."""
        return self._first(device_codes, DeviceCode, digest=digest)

    def device_with_user_code(self, user_code_digest: bytes) -> DeviceCode | None:
        """The device that shows this user code."""
        return self._first(device_codes, DeviceCode, user_code_digest=user_code_digest)

    def note_poll(self, digest: bytes, now: datetime) -> None:
        """Note when a device asked. Bookkeeping."""
        mine = update(device_codes).where(*self._here(device_codes, digest=digest))
        self._work.keep_books(mine.values(last_polled_at=now))

    def settle_device_code(self, digest: bytes, state: str, family_id: str | None) -> bool:
        """Approve or deny a device that waits; False when it does not wait. Bookkeeping."""
        waiting = self._here(device_codes, digest=digest, state=WAITING, used_at=None)
        settled = {"state": state, "family_id": family_id}
        return self._work.keep_books(update(device_codes).where(*waiting).values(settled)) > 0

    def spend_device_code(self, digest: bytes, now: datetime) -> bool:
        """Use the code up, in one conditional statement; False when it was used already, or what
        it was approved for is revoked."""
        unused = self._here(device_codes, digest=digest, used_at=None)
        over = self._here(families, id=device_codes.c.family_id)
        revoked = exists().where(*over, families.c.revoked_at.is_not(None))
        spent = update(device_codes).where(*unused, ~revoked).values(used_at=now)
        return self._work.keep_books(spent) > 0

    def revoke_token(self, token_id: str, expires_at: datetime) -> None:
        """Remember that one access token is revoked, by its `jti`. A change."""
        row = {"tenant_id": self._tenant_id, "id": token_id, "expires_at": expires_at}
        self._work.add(revoked_tokens, row)

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""
        mine = self._here(revoked_tokens, id=token_id)
        return self._work.one(select(revoked_tokens.c.id).where(*mine)) is not None
