"""Moments as a person reads and types them, in the time zone of their browser."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}\Z")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_ZONES = 700
_TYPED = "%Y-%m-%dT%H:%M"
_TYPED_SECONDS = "%Y-%m-%dT%H:%M:%S"


class Moment(NamedTuple):
    """A moment for a page: for machines, in short, and with its zone."""

    iso: str
    shown: str
    full: str


class Zone(NamedTuple):
    """A time zone by its name; UTC for a name that is not known here."""

    name: str

    @classmethod
    def named(cls, name: str | None) -> "Zone":
        """The zone of a browser that says its name."""
        known = name is not None and _NAME.match(name) is not None and _zone(name) is not None
        return cls(name if known and name else "UTC")

    def moment(self, at: datetime) -> Moment:
        """The moment as people of this zone read it."""
        local = self._local(at)
        day = f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
        shown = f"{day}, {local:%H:%M}"
        return Moment(at.astimezone(UTC).isoformat(), shown, f"{shown} {self.words(at)}")

    def words(self, at: datetime) -> str:
        """The zone's name, and how far it is from UTC at that moment."""
        local = self._local(at)
        if self.name == "UTC" or local.tzinfo is UTC:
            return "UTC"
        offset = local.utcoffset() or timedelta(0)
        sign = "-" if offset < timedelta(0) else "+"
        minutes = abs(int(offset.total_seconds())) // 60
        return f"{self.name} (UTC{sign}{minutes // 60:02}:{minutes % 60:02})"

    def typed(self, at: datetime) -> str:
        """The moment as a form's field for date and time has it."""
        return self._local(at).strftime(_TYPED)

    def read(self, text: str) -> datetime | None:
        """What was typed, in UTC; None for what is no moment, or none of this zone's clocks."""
        for form in (_TYPED, _TYPED_SECONDS):
            try:
                local = datetime.strptime(text, form).replace(tzinfo=self._info)
                moment = local.astimezone(UTC)
                there = moment.astimezone(self._info) == local
            except (ValueError, OverflowError):
                continue
            return moment if there else None
        return None

    @property
    def _info(self) -> ZoneInfo | type(UTC):  # type: ignore[valid-type]
        return _zone(self.name) or UTC

    def _local(self, at: datetime) -> datetime:
        """In this zone, or in UTC where the years of this zone have ended already."""
        try:
            return at.astimezone(self._info)
        except OverflowError:
            return at.astimezone(UTC)


def year_on(at: datetime) -> datetime:
    """The same moment of the next year; the day after for the 29th of February."""
    try:
        return at.replace(year=at.year + 1)
    except ValueError:
        return at + timedelta(days=366)


@lru_cache(maxsize=_MOST_ZONES)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
