"""Counting guesses: so many at once, then one an interval, and all forgotten in time (R-49)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.model.throttle import (
    ACCOUNT,
    ACCOUNT_AND_ADDRESS,
    ADDRESS,
    CLOCKS_DIFFER,
    LETTER,
    LETTERS,
    LETTERS_OF_TENANT,
    USER_CODES,
    Limit,
    counted,
    given_back,
    wait_for,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ZERO = timedelta(0)
LIMIT = Limit(3, timedelta(seconds=30))
GUESSES = (ACCOUNT_AND_ADDRESS, ACCOUNT, ADDRESS, USER_CODES)
LETTER_LIMITS = (LETTER, LETTERS, LETTERS_OF_TENANT)
LIMITS = (*GUESSES, *LETTER_LIMITS)


def attempts(limit: Limit, moments: list[datetime]) -> list[timedelta]:
    """What each of some attempts is told; one that must wait is not kept, as the service does."""
    end: datetime | None = None
    waits = []
    for moment in moments:
        then = counted(end, limit, moment)
        waits.append(wait_for(then, limit, moment))
        end = end if waits[-1] else then
    return waits


@pytest.mark.requirement("R-49")
@pytest.mark.parametrize("limit", [LIMIT, *LIMITS])
def test_a_burst_goes_through_and_the_next_one_waits(limit: Limit) -> None:
    waits = attempts(limit, [NOW] * (limit.burst + 2))
    assert waits == [ZERO] * limit.burst + [limit.interval] * 2


@pytest.mark.requirement("R-49")
def test_after_a_burst_one_goes_through_each_interval() -> None:
    early = LIMIT.interval - timedelta(microseconds=1)
    moments = [NOW] * 3 + [NOW + early, NOW + LIMIT.interval, NOW + LIMIT.interval]
    assert attempts(LIMIT, moments) == [ZERO] * 3 + [NOW + LIMIT.interval - moments[3], ZERO] + [
        LIMIT.interval
    ]


@pytest.mark.requirement("R-49")
def test_whoever_waits_as_told_is_let_through() -> None:
    moments = [NOW] * 3
    for _ in range(5):
        told = attempts(LIMIT, [*moments, moments[-1]])[-1]
        assert told > ZERO
        moments.append(moments[-1] + told)
        assert attempts(LIMIT, moments)[-1] == ZERO


@pytest.mark.requirement("R-49")
def test_nobody_is_locked_out_for_good() -> None:
    """However long somebody hammers, a while after they stop all is forgotten."""
    hammered = [NOW + timedelta(seconds=n) for n in range(1000)]
    rest = hammered[-1] + LIMIT.burst * LIMIT.interval
    assert attempts(LIMIT, [*hammered, *[rest] * 3])[-3:] == [ZERO] * 3


@pytest.mark.requirement("R-49", "L-08")
@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=3_652)])
def test_a_clock_that_was_ahead_locks_nobody_out(ahead: timedelta) -> None:
    end: datetime | None = None
    for _ in range(LIMIT.burst):
        end = counted(end, LIMIT, NOW + ahead)
    assert wait_for(counted(end, LIMIT, NOW), LIMIT, NOW) == ZERO
    assert given_back(end, LIMIT, NOW) == NOW


@pytest.mark.requirement("R-49", "L-08")
def test_a_node_whose_clock_is_behind_a_little_forgets_nothing() -> None:
    end: datetime | None = None
    for _ in range(LIMIT.burst):
        end = counted(end, LIMIT, NOW + CLOCKS_DIFFER)
    assert wait_for(counted(end, LIMIT, NOW), LIMIT, NOW) == CLOCKS_DIFFER + LIMIT.interval


@pytest.mark.requirement("R-49")
def test_a_success_gives_its_attempt_back() -> None:
    end = None
    for _ in range(LIMIT.burst * 4):
        end = counted(end, LIMIT, NOW)
        assert wait_for(end, LIMIT, NOW) == ZERO
        end = given_back(end, LIMIT, NOW)
    assert end == NOW


@pytest.mark.requirement("R-49")
def test_giving_back_never_saves_up_for_later() -> None:
    end: datetime | None = None
    for _ in range(5):
        end = given_back(end, LIMIT, NOW)
    assert end == NOW
    assert given_back(NOW - timedelta(days=1), LIMIT, NOW) == NOW
    assert counted(NOW - timedelta(days=1), LIMIT, NOW) == NOW + LIMIT.interval


@pytest.mark.requirement("R-49")
@settings(deadline=None, max_examples=200)
@given(
    st.integers(1, 5),
    st.integers(1, 60),
    st.lists(st.integers(0, 50), max_size=60),
)
def test_never_more_than_the_burst_and_one_an_interval(
    burst: int, seconds: int, pauses: list[int]
) -> None:
    limit = Limit(burst, timedelta(seconds=seconds))
    moments, moment = [], NOW
    for pause in pauses:
        moment += timedelta(seconds=pause)
        moments.append(moment)
    through = [m for m, wait in zip(moments, attempts(limit, moments), strict=True) if not wait]
    for first in range(len(through)):
        for last in range(first, len(through)):
            room = burst + (through[last] - through[first]) // limit.interval
            assert last - first + 1 <= room


@pytest.mark.requirement("R-49")
def test_one_account_is_guarded_more_closely_than_a_whole_address() -> None:
    """Many people may sit behind one address; one person types a few passwords in a row."""
    assert ACCOUNT_AND_ADDRESS.burst < ACCOUNT.burst < ADDRESS.burst
    assert ACCOUNT_AND_ADDRESS.interval > ACCOUNT.interval > ADDRESS.interval
    a_day = timedelta(days=1)
    assert ACCOUNT.burst + a_day // ACCOUNT.interval < 6_000
    assert USER_CODES.burst + a_day // USER_CODES.interval < 6_000


@pytest.mark.requirement("R-49")
@pytest.mark.parametrize(
    ("limit", "each_hour"), [(LETTER, 60), (LETTERS, 5), (LETTERS_OF_TENANT, 200)]
)
def test_so_many_letters_each_hour_in_the_long_run(limit: Limit, each_hour: int) -> None:
    assert limit.interval * each_hour == timedelta(hours=1)
