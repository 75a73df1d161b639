"""`ports.RedemptionStore` in memory: each sentence is a unit of its own."""

from typing import TYPE_CHECKING, TypeVar

from msgspec import structs

from gatepost.model.grants import AuthorizationCode, Family, RefreshToken
from gatepost.ports import FoundCode, FoundRefreshToken, Spending
from tests.memory.deployment import MemoryTenancy
from tests.memory.unit import DigestKey

if TYPE_CHECKING:
    from tests.memory_store import MemoryStore

V = TypeVar("V", AuthorizationCode, RefreshToken)


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
            superseded = token is not None and self._is_superseded(tenancy, token)
        return FoundRefreshToken(token, family, superseded) if token and family else None

    def family(self, family_id: str) -> Family | None:
        """One family, revoked or not."""
        with self._store.reading(self._tenant_id) as tenancy:
            return tenancy.grants.family(family_id)

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""
        with self._store.reading(self._tenant_id) as tenancy:
            return tenancy.grants.is_revoked(token_id)

    def spend_code(self, spending: Spending) -> bool:
        """Use a code up; False when it cannot be any more. Of many at once, one is told True."""
        with self._store.writing(self._tenant_id) as tenancy:
            code = tenancy.grants.code(spending.digest)
            signed_in = tenancy.sign_ins.get(spending.sign_in_id or "") is not None
            if code is None or not signed_in or not self._is_good(tenancy, code, spending):
                return False
            spent = structs.replace(code, used_at=spending.now)
            self._keep(tenancy, tenancy.unit.tables.codes, spent, spending)
        return True

    def spend_refresh_token(self, spending: Spending) -> bool:
        """Use a refresh token up; False when it cannot be any more. One is told True."""
        with self._store.writing(self._tenant_id) as tenancy:
            token = tenancy.grants.refresh_token(spending.digest)
            if token is None or not self._is_good(tenancy, token, spending):
                return False
            spent = structs.replace(
                token, used_at=spending.now, sealed_successor=spending.sealed_successor
            )
            self._keep(tenancy, tenancy.unit.tables.refresh_tokens, spent, spending)
        return True

    def _is_good(self, tenancy: MemoryTenancy, thing: V, spending: Spending) -> bool:
        family = tenancy.grants.family(spending.family_id)
        is_unused = thing.used_at is None and thing.expires_at > spending.now
        is_granted = family is not None and family.revoked_at is None
        return is_unused and is_granted and thing.family_id == spending.family_id

    def _keep(
        self, tenancy: MemoryTenancy, table: dict[DigestKey, V], spent: V, spending: Spending
    ) -> None:
        tenancy.unit.keep_books(table, (self._tenant_id, spent.digest), spent)
        if spending.successor is not None:
            tenancy.grants.add_refresh_token(spending.successor)

    def _is_superseded(self, tenancy: MemoryTenancy, token: RefreshToken) -> bool:
        return token.used_at is not None and any(
            later.family_id == token.family_id
            and later.generation > token.generation
            and later.used_at is not None
            for (tenant_id, _), later in tenancy.unit.tables.refresh_tokens.items()
            if tenant_id == self._tenant_id
        )
