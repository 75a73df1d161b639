"""Redemptions on SQL: one question each, in the statements of the hot path.

How codes and tokens are used up stands in `spending`.
"""

from datetime import datetime
from typing import Any

import msgspec

from gatepost.model.grants import AuthorizationCode, Family, Grounds, RefreshToken
from gatepost.ports import FoundCode, FoundRefreshToken, Spending, SpendingOf
from gatepost.storage.lines import Lines
from gatepost.storage.moments import moment_of
from gatepost.storage.spending import Spender

_FAMILY_WIDTH = 9
_grounds = msgspec.json.Decoder(Grounds)


class SqlRedemptionStore:
    """`ports.RedemptionStore` on SQL."""

    def __init__(self, asking: Lines, spender: Spender, tenant_id: str) -> None:
        self._lines = asking
        self._spender = spender
        self._tenant_id = tenant_id

    def code(self, digest: bytes) -> FoundCode | None:
        """A code, used or not."""
        row = self._one(self._spender.say.code, digest=digest)
        if row is None:
            return None
        family = _family(row[-_FAMILY_WIDTH:])
        code = AuthorizationCode(
            digest=digest,
            family_id=family.id,
            redirect_uri=row[0],
            challenge=row[1],
            nonce=row[2],
            created_at=moment_of(row[3]),
            expires_at=moment_of(row[4]),
            used_at=_moment_or_none(row[5]),
        )
        return FoundCode(code, family)

    def refresh_token(self, digest: bytes) -> FoundRefreshToken | None:
        """A refresh token, used or not."""
        row = self._one(self._spender.say.refresh_token, digest=digest)
        if row is None:
            return None
        family = _family(row[-_FAMILY_WIDTH:])
        token = RefreshToken(
            digest=digest,
            family_id=family.id,
            generation=row[0],
            created_at=moment_of(row[1]),
            expires_at=moment_of(row[2]),
            used_at=_moment_or_none(row[3]),
            sealed_successor=row[4],
        )
        return FoundRefreshToken(token, family, bool(row[5]))

    def family(self, family_id: str) -> Family | None:
        """One family, revoked or not."""
        row = self._one(self._spender.say.family, id=family_id)
        return None if row is None else _family(row)

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""
        return self._one(self._spender.say.revoked, id=token_id) is not None

    def spend_code(self, spending: Spending) -> bool:
        """Use a code up; False when it cannot be any more. Of many at once, one is told True."""
        return self._spender.spent([SpendingOf(self._tenant_id, "code", spending)])[0]

    def spend_refresh_token(self, spending: Spending) -> bool:
        """Use a refresh token up; False when it cannot be any more. One is told True."""
        return self._spender.spent([SpendingOf(self._tenant_id, "refresh_token", spending)])[0]

    def _one(self, statement: str, **named: object) -> Any:
        return self._lines.one(statement, {"tenant": self._tenant_id, **named})


def _family(row: Any) -> Family:
    return Family(
        id=row[0],
        client_id=row[1],
        user_id=row[2],
        sign_in_id=row[3],
        grounds=_grounds.decode(row[4]),
        created_at=moment_of(row[5]),
        expires_at=moment_of(row[6]),
        revoked_at=_moment_or_none(row[7]),
        revoked_because=row[8],
    )


def _moment_or_none(number: int | None) -> datetime | None:
    return None if number is None else moment_of(number)
