"""Moments in the zone of the person who reads and types them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.web.portal.moments import Zone, year_on

# from 1973 on every zone is whole minutes from UTC: Monrovia was the last that was not
EARLIEST, LATEST = datetime(1973, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001  (hypothesis adds the zone)
# the furthest that clocks were ever set back since: at Vostok, in 1994
SET_BACK = timedelta(hours=7)
SUMMER = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", "UTC"),
        (None, "UTC"),
        ("", "UTC"),
        ("Mars/Olympus", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("/etc/localtime", "UTC"),
        ("Europe", "UTC"),
        ("x" * 500, "UTC"),
        ("Europe/Berlin\n", "UTC"),
    ],
)
def test_only_a_zone_that_is_known_here_counts(name: str | None, known: str) -> None:
    assert Zone.named(name).name == known


@pytest.mark.parametrize(
    ("zone", "shown", "full"),
    [
        ("UTC", "1 Jul 2026, 10:30", "1 Jul 2026, 10:30 UTC"),
        ("Europe/Berlin", "1 Jul 2026, 12:30", "1 Jul 2026, 12:30 Europe/Berlin (UTC+02:00)"),
        ("America/St_Johns", "1 Jul 2026, 08:00",
         "1 Jul 2026, 08:00 America/St_Johns (UTC-02:30)"),
    ],
)  # fmt: skip
def test_a_moment_is_shown_with_its_zone(zone: str, shown: str, full: str) -> None:
    moment = Zone.named(zone).moment(SUMMER)
    assert (moment.shown, moment.full) == (shown, full)
    assert moment.iso == "2026-07-01T10:30:00+00:00"


@given(
    st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)),
    st.sampled_from(sorted(available_timezones())),
)
def test_what_is_shown_for_typing_is_read_as_the_same_moment(at: datetime, name: str) -> None:
    zone, at = Zone.named(name), at.replace(second=0, microsecond=0)
    read = zone.read(zone.typed(at))
    # where clocks are set back an hour comes twice, and its first is meant
    assert read is not None
    assert timedelta(0) <= at - read <= SET_BACK
    assert zone.typed(read) == zone.typed(at)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-13-01T00:00", "2026-02-30T00:00", "2026-01-01", "0000-01-01T00:00",
     "2026-01-01T24:00", "2026-01-01T10:00Z", "٢٠٢٦-01-01T10:00" * 9, "9999-12-31T23:59" * 2],
)  # fmt: skip
def test_what_is_no_moment_is_none(text: str) -> None:
    assert Zone.named("Europe/Berlin").read(text) is None


def test_an_hour_that_clocks_leave_out_is_none() -> None:
    zone = Zone.named("Europe/Berlin")
    assert zone.read("2026-03-29T02:30") is None
    assert zone.read("2026-03-29T03:30") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_the_ends_of_time_are_no_fault(text: str) -> None:
    for name in ("Pacific/Kiritimati", "Pacific/Niue"):
        Zone.named(name).read(text)


@pytest.mark.parametrize(
    ("at", "later"),
    [
        (datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2027, 11, 21, 9, tzinfo=UTC)),
        (datetime(2028, 2, 29, 9, tzinfo=UTC), datetime(2029, 3, 1, 9, tzinfo=UTC)),
    ],
)
def test_a_year_on_is_the_same_day(at: datetime, later: datetime) -> None:
    assert year_on(at) == later
