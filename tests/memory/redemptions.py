"""`ports.RedemptionStore` in memory: each sentence is a unit of its own."""

from typing import TYPE_CHECKING

from gatepost.ports import FoundCode, FoundRefreshToken, Spending
from tests.memory.deployment import MemoryTenancy

if TYPE_CHECKING:
    from tests.memory_store import MemoryStore


class MemoryRedemptionStore:
    """The codes and refresh tokens of one tenant."""

    def __init__(self, store: "MemoryStore", tenant_id: str) -> None:
        self._store = store
        self._tenant_id = tenant_id

    def code(self, digest: bytes) -> FoundCode | None:
        """A code, used or not."""
        with self._store.reading(self._tenant_id) as tenancy:
            code = tenancy.grants.code(digest)
            family = tenancy.grants.family(code.family_id) if code else None
        return FoundCode(code, family) if code and family else None

    def refresh_token(self, digest: bytes) -> FoundRefreshToken | None:
        """A refresh token, used or not."""
        with self._store.reading(self._tenant_id) as tenancy:
            token = tenancy.grants.refresh_token(digest)
            family = tenancy.grants.family(token.family_id) if token else None
            superseded = token is not None and tenancy.grants.successor_is_used(token)
        return FoundRefreshToken(token, family, superseded) if token and family else None

    def spend_code(self, spending: Spending) -> bool:
        """Use a code up; False when it cannot be any more. Of many at once, one is told True."""
        with self._store.writing(self._tenant_id) as tenancy:
            code = tenancy.grants.code(spending.digest)
            signed_in = tenancy.sign_ins.get(spending.sign_in_id or "") is not None
            alive = code is not None and code.expires_at > spending.now and signed_in
            if not alive or not self._is_granted(tenancy, spending):
                return False
            if not tenancy.grants.spend_code(spending.digest, spending.now):
                return False
            if spending.successor is not None:
                tenancy.grants.add_refresh_token(spending.successor)
            return True

    def spend_refresh_token(self, spending: Spending) -> bool:
        """Use a refresh token up; False when it cannot be any more. One is told True."""
        with self._store.writing(self._tenant_id) as tenancy:
            token = tenancy.grants.refresh_token(spending.digest)
            alive = token is not None and token.expires_at > spending.now
            if not alive or not self._is_granted(tenancy, spending):
                return False
            sealed = spending.sealed_successor or b""
            if not tenancy.grants.spend_refresh_token(spending.digest, spending.now, sealed):
                return False
            if spending.successor is not None:
                tenancy.grants.add_refresh_token(spending.successor)
            return True

    def _is_granted(self, tenancy: MemoryTenancy, spending: Spending) -> bool:
        family = tenancy.grants.family(spending.family_id)
        return family is not None and family.revoked_at is None
