"""Codes and tokens in memory: a part of `ports.GrantStore`."""

from datetime import datetime
from typing import TypeVar

from msgspec import structs

from gatepost.model.grants import WAITING, AuthorizationCode, DeviceCode, RefreshToken
from tests.memory.try_outs import MemoryTryOutStore
from tests.memory.unit import DigestKey

V = TypeVar("V", AuthorizationCode, RefreshToken, DeviceCode)


class MemoryTokenStore(MemoryTryOutStore):
    """Codes, refresh tokens, device codes and revoked access tokens."""

    def add_code(self, code: AuthorizationCode) -> None:
        """Keep a new code. Bookkeeping."""
        self._need_family(code.family_id)
        self._keep_new(self._tables.codes, code)

    def code(self, digest: bytes) -> AuthorizationCode | None:
        """A code, used or not."""
        return self._tables.codes.get(self._digest_key(digest))

    def add_refresh_token(self, token: RefreshToken) -> None:
        """Keep a new refresh token. Bookkeeping."""
        self._need_family(token.family_id)
        self._keep_new(self._tables.refresh_tokens, token)

    def refresh_token(self, digest: bytes) -> RefreshToken | None:
        """A refresh token, used or not."""
        return self._tables.refresh_tokens.get(self._digest_key(digest))

    def add_device_code(self, code: DeviceCode) -> bool:
        """Keep a new device code; False when its user code is taken. Bookkeeping."""
        everywhere = self._tables.device_codes.values()
        if self.device_code(code.digest) is not None or any(
            other.user_code_digest == code.user_code_digest for other in everywhere
        ):
            return False
        self._need_client(code.client_id)
        if code.family_id is not None:
            self._need_family(code.family_id)
        self._keep_new(self._tables.device_codes, code)
        return True

    def device_code(self, digest: bytes) -> DeviceCode | None:
        """A device code, used or not."""
        return self._tables.device_codes.get(self._digest_key(digest))

    def device_with_user_code(self, user_code_digest: bytes) -> DeviceCode | None:
        """The device that shows this user code."""
        for code in self._here(self._tables.device_codes):
            if code.user_code_digest == user_code_digest:
                return code
        return None

    def note_poll(self, digest: bytes, now: datetime) -> None:
        """Note when a device asked. Bookkeeping."""
        code = self.device_code(digest)
        if code is not None:
            self._keep_device(structs.replace(code, last_polled_at=now))

    def settle_device_code(self, digest: bytes, state: str, family_id: str | None) -> bool:
        """Approve or deny a device that waits; False when it does not wait. Bookkeeping."""
        code = self.device_code(digest)
        if code is None or code.state != WAITING or code.used_at is not None:
            return False
        if family_id is not None:
            self._need_family(family_id)
        self._keep_device(structs.replace(code, state=state, family_id=family_id))
        return True

    def spend_device_code(self, digest: bytes, now: datetime) -> bool:
        """Use the code up, in one conditional statement; False when it was used already, or what
        it was approved for is revoked."""
        code = self.device_code(digest)
        if code is None or code.used_at is not None:
            return False
        family = self._tables.families.get((self._tenant_id, code.family_id or ""))
        if family is not None and family.revoked_at is not None:
            return False
        self._keep_device(structs.replace(code, used_at=now))
        return True

    def revoke_token(self, token_id: str, expires_at: datetime) -> None:
        """Remember that one access token is revoked, by its `jti`. A change."""
        if not self.is_revoked(token_id):
            self._need_tenant()
            self._unit.put(self._tables.revoked_tokens, self._key(token_id), expires_at)

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""
        return self._key(token_id) in self._tables.revoked_tokens

    def _keep_new(self, table: dict[DigestKey, V], value: V) -> None:
        key = self._digest_key(value.digest)
        if key in table:
            raise ValueError("there is something of this digest already")
        self._unit.keep_books(table, key, value)

    def _keep_device(self, code: DeviceCode) -> None:
        self._unit.keep_books(self._tables.device_codes, self._digest_key(code.digest), code)
