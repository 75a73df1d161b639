"""Spending: what may be used once is used up, one or many in a transaction.

A conditional statement whose count of rows decides uses a code or token up, so that of many who
come at once one succeeds. On PostgreSQL the refresh token that follows is inserted by the same
statement, and several statements go there and back at once; on SQLite it is inserted by the next
one of the transaction. Many share the one wait for the disk that each would have had.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from gatepost.model.errors import StoreUnavailable
from gatepost.ports import Spending, SpendingOf
from gatepost.storage.lines import Lines, Values
from gatepost.storage.moments import number_of
from gatepost.storage.redemption_statements import Statements
from gatepost.storage.turns import Turns


class _Prepared(NamedTuple):
    """A spending in the words of the database."""

    spend: str
    exchange: str
    values: Values
    has_successor: bool


class Spender:
    """Uses up codes and refresh tokens of all tenants."""

    def __init__(self, lines: Lines, turns: Turns, *, is_postgresql: bool) -> None:
        self._lines = lines
        self.say = Statements(lines, is_postgresql=is_postgresql)
        self._turns = turns
        self._is_postgresql = is_postgresql

    def spent(self, spendings: Sequence[SpendingOf]) -> Sequence[bool]:
        """For each whether it was used up now. One that cannot be done costs the others nothing.

        Rows are locked in one order by all, so that two batches do not wait for each other.
        """
        numbers = sorted(range(len(spendings)), key=lambda number: _place(spendings[number]))
        prepared = [self._prepared(spendings[number]) for number in numbers]
        done = dict(zip(numbers, self._all(prepared), strict=True))
        return [done[number] for number in range(len(spendings))]

    def _all(self, prepared: Sequence[_Prepared]) -> Sequence[bool]:
        try:
            return self._in_one(prepared)
        except StoreUnavailable:
            raise
        except Exception:
            if len(prepared) == 1:
                raise
            return [self._alone(each) for each in prepared]

    def _alone(self, each: _Prepared) -> bool:
        """One of a batch that failed; whatever is wrong with it is told where it is tried again."""
        try:
            return self._in_one([each])[0]
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  (the others of the batch are done already)
            return False

    def _in_one(self, prepared: Sequence[_Prepared]) -> Sequence[bool]:
        if self._is_postgresql:
            return self._on_postgresql(prepared)
        with self._turns.taken(), self._lines.taken() as line:
            return self._on_sqlite(line, prepared)

    def _on_postgresql(self, prepared: Sequence[_Prepared]) -> Sequence[bool]:
        with self._lines.taken() as line:
            if len(prepared) == 1:
                return [_done(line, prepared[0]).rowcount > 0]
            with line.pipeline():
                cursors = [_done(line, each) for each in prepared]
            return [cursor.rowcount > 0 for cursor in cursors]

    def _on_sqlite(self, line: Any, prepared: Sequence[_Prepared]) -> Sequence[bool]:
        line.execute("BEGIN IMMEDIATE")
        try:
            spent = [self._in_two(line, each) for each in prepared]
            line.execute("COMMIT")
        except BaseException:
            with suppress(Exception):  # a fault may have undone it already
                line.execute("ROLLBACK")
            raise
        return spent

    def _in_two(self, line: Any, each: _Prepared) -> bool:
        spent: bool = line.execute(each.spend, each.values).rowcount > 0
        if spent and each.has_successor:
            line.execute(self.say.add, each.values)
        return spent

    def _prepared(self, spending_of: SpendingOf) -> _Prepared:
        tenant_id, kind, spending = spending_of
        say = self.say
        words = (
            (say.spend_code, say.exchange_code)
            if kind == "code"
            else (say.spend_refresh_token, say.exchange_refresh_token)
        )
        values = _values(tenant_id, spending)
        return _Prepared(*words, values, spending.successor is not None)


def _place(of: SpendingOf) -> tuple[str, str, bytes]:
    return of.tenant_id, of.spending.family_id, of.spending.digest


def _done(line: Any, each: _Prepared) -> Any:
    return line.execute(each.exchange if each.has_successor else each.spend, each.values)


def _values(tenant_id: str, spending: Spending) -> Values:
    following = spending.successor
    return {
        "tenant": tenant_id,
        "digest": spending.digest,
        "family": spending.family_id,
        "sign_in": spending.sign_in_id,
        "now": number_of(spending.now),
        "sealed": spending.sealed_successor,
        "next_digest": following.digest if following else None,
        "generation": following.generation if following else None,
        "next_expires": number_of(following.expires_at) if following else None,
    }
