"""Moments as whole microseconds since 1970 (UTC), which both databases order and compare alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def number_of(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """The moment that so many microseconds are."""
    return _EPOCH + timedelta(microseconds=number)


class Moment(TypeDecorator[datetime]):
    """A point in time as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        """To the database."""
        return None if value is None else number_of(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        """From the database."""
        return None if value is None else moment_of(value)


class MomentOrNone(Moment):
    """A moment that may be missing and stands in an order all the same, in the place of `missing`.

    The two databases do not agree on where NULL comes.
    """

    cache_ok = True

    def __init__(self, missing: int) -> None:
        super().__init__()
        self.missing = missing

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        """To the database."""
        return self.missing if value is None else super().process_bind_param(value, _dialect)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        """From the database."""
        return None if value == self.missing else super().process_result_value(value, _dialect)


# past the last moment there is, so that what never expires comes last
NO_EXPIRY = 10**18
NO_USE = 0
