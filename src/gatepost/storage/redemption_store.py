"""Redemptions on SQL: one question and one answer each, by the statements of the hot path.

What may be used once is used up by a conditional statement whose count of rows decides, so that of
many who come at once one succeeds. On PostgreSQL the refresh token that follows is inserted by the
same statement; on SQLite by the next one of a transaction that many share (`together`).
"""

from datetime import datetime
from typing import Any

import msgspec

from gatepost.model.grants import AuthorizationCode, Family, Grounds, RefreshToken
from gatepost.ports import FoundCode, FoundRefreshToken, Spending
from gatepost.storage.lines import Values
from gatepost.storage.moments import moment_of, number_of
from gatepost.storage.redemption_statements import Statements
from gatepost.storage.together import Together

_FAMILY_WIDTH = 9
_grounds = msgspec.json.Decoder(Grounds)


class SqlRedemptionStore:
    """`ports.RedemptionStore` on SQL."""

    def __init__(self, statements: Statements, together: Together | None, tenant_id: str) -> None:
        self._say = statements
        self._together = together
        self._tenant_id = tenant_id

    def code(self, digest: bytes) -> FoundCode | None:
        """A code, used or not."""
        row = self._one(self._say.code, digest=digest)
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
        row = self._one(self._say.refresh_token, digest=digest)
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
        row = self._one(self._say.family, id=family_id)
        return None if row is None else _family(row)

    def is_revoked(self, token_id: str) -> bool:
        """Whether one access token was revoked."""
        return self._one(self._say.revoked, id=token_id) is not None

    def spend_code(self, spending: Spending) -> bool:
        """Use a code up; False when it cannot be any more. Of many at once, one is told True."""
        say = self._say
        return self._spent(spending, say.spend_code, say.exchange_code)

    def spend_refresh_token(self, spending: Spending) -> bool:
        """Use a refresh token up; False when it cannot be any more. One is told True."""
        say = self._say
        return self._spent(spending, say.spend_refresh_token, say.exchange_refresh_token)

    def _one(self, statement: str, **named: object) -> Any:
        return self._say.lines.one(statement, {"tenant": self._tenant_id, **named})

    def _spent(self, spending: Spending, spend: str, exchange: str) -> bool:
        values = self._values(spending)
        if self._together is not None:
            return self._together.run(lambda line: self._spent_in_two(line, spend, values))
        with self._say.lines.taken() as line:
            met: int = line.execute(exchange if spending.successor else spend, values).rowcount
            return met > 0

    def _spent_in_two(self, line: Any, spend: str, values: Values) -> bool:
        spent: bool = line.execute(spend, values).rowcount > 0
        if spent and values["next_digest"] is not None:
            line.execute(self._say.add, values)
        return spent

    def _values(self, spending: Spending) -> Values:
        following = spending.successor
        return {
            "tenant": self._tenant_id,
            "digest": spending.digest,
            "family": spending.family_id,
            "sign_in": spending.sign_in_id,
            "now": number_of(spending.now),
            "sealed": spending.sealed_successor,
            "next_digest": following.digest if following else None,
            "generation": following.generation if following else None,
            "next_expires": number_of(following.expires_at) if following else None,
        }


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
