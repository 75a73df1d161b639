"""How often may be guessed, or mailed: the generic cell rate algorithm, one moment for each key.

Attempts are counted before anything slow is done, so that parallel guesses count too; a success
gives its attempt back. Nobody is locked out for good: each key forgets by itself (R-49, D-13).
"""

from datetime import datetime, timedelta
from typing import NamedTuple


class Limit(NamedTuple):
    """So many at once, and then one in each interval."""

    burst: int
    interval: timedelta


ACCOUNT_AND_ADDRESS = Limit(20, timedelta(seconds=30))
ACCOUNT = Limit(60, timedelta(seconds=15))
ADDRESS = Limit(200, timedelta(seconds=1))
USER_CODES = Limit(20, timedelta(seconds=15))
FAILED_CLIENTS = Limit(1_000, timedelta(seconds=0.02))
BEGUN_BY_STRANGERS = Limit(2_000, timedelta(seconds=0.005))
LETTER = Limit(2, timedelta(minutes=1))  # to one person
LETTERS = Limit(5, timedelta(minutes=12))  # to one person, in the long run: five an hour
LETTERS_OF_TENANT = Limit(200, timedelta(seconds=18))


CLOCKS_DIFFER = timedelta(minutes=5)
"""Nodes may be so far apart. What ends later than that allows was counted by a wrong clock."""


def counted(end: datetime | None, limit: Limit, now: datetime) -> datetime:
    """When the attempts of a key are forgotten, with one more."""
    return max(_believed(end, limit, now), now) + limit.interval


def given_back(end: datetime | None, limit: Limit, now: datetime) -> datetime:
    """The same with one less."""
    return max(_believed(end, limit, now) - limit.interval, now)


def wait_for(end: datetime, limit: Limit, now: datetime) -> timedelta:
    """How long an attempt that was just counted must wait; zero when it may go on."""
    return max(end - now - limit.burst * limit.interval, timedelta(0))


def _believed(end: datetime | None, limit: Limit, now: datetime) -> datetime:
    """The end as it was kept. One that no count can have reached is forgotten, or a clock that was
    ahead for a moment would lock people out until then."""
    latest = now + limit.burst * limit.interval + CLOCKS_DIFFER
    return now if end is None or end > latest else end
