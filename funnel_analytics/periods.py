"""Months, quarters and other spans of days: the only place that knows calendars of dates.

Periods are half-open. Their days are days of the agreement's time zone; `bounds` turns them into
the UTC instants that the warehouse compares with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pandas as pd

from funnel_analytics.errors import CallError

__all__ = [
    "Period",
    "is_time_zone",
    "month",
    "parse_period",
    "quarter",
    "span",
    "time_zones",
    "to_local",
    "to_utc",
    "year",
]

_FORMS = "2026-10 (a month), 2026-Q4 (a quarter), 2026 (a year) or 2026-10-01..2026-10-15"


_FIRST_YEAR, _LAST_YEAR = 1950, 2200


@dataclass(frozen=True)
class Period:
    """A half-open span of days: `start` is in it, `end` is not."""

    start: date
    end: date
    label: str

    def __post_init__(self) -> None:
        if self.start.year < _FIRST_YEAR or self.end.year > _LAST_YEAR:
            raise CallError(f"{self.label} lies outside of {_FIRST_YEAR} to {_LAST_YEAR}.")
        if self.end <= self.start:
            raise CallError(f"The period {self.label} ends ({self.end}) before it starts.")

    def __str__(self) -> str:
        return self.label

    @property
    def last_day(self) -> date:
        """The last day in the period."""
        return self.end - timedelta(days=1)

    def months(self) -> tuple[Period, ...]:
        """The calendar months that the period touches, in order."""
        return tuple(self._months())

    def _months(self) -> Iterator[Period]:
        for each in pd.period_range(self.start, self.last_day, freq="M"):
            yield _calendar(each, f"{each.year:04d}-{each.month:02d}")

    def previous(self) -> Period:
        """The period of the same kind just before: the month before a month, and so on."""
        if self.label[4:6] == "-Q":
            before = pd.Period(self.start, freq="Q") - 1
            return _calendar(before, f"{before.year:04d}-Q{before.quarter}")
        if re.fullmatch(r"\d{4}-\d{2}", self.label):
            return month((pd.Period(self.start, freq="M") - 1).strftime("%Y-%m"))
        if re.fullmatch(r"\d{4}", self.label):
            return year(str(self.start.year - 1))
        return span(self.start - (self.end - self.start), self.start)

    def trailing(self, months: int) -> Period:
        """The given number of calendar months up to the end of this period's last month.

        >>> month("2026-10").trailing(12).label
        '2025-11-01..2026-10-31'
        """
        last = pd.Period(self.last_day, freq="M")
        first = _calendar(last - (months - 1), "")
        return span(first.start, _calendar(last, "").end)

    def bounds(self, timezone: str) -> tuple[datetime, datetime]:
        """First instant in and first instant after the period, as naive UTC datetimes."""
        return _midnight(self.start, timezone), _midnight(self.end, timezone)


def month(text: str) -> Period:
    """The calendar month named like `"2026-10"`.

    >>> month("2026-12").end
    datetime.date(2027, 1, 1)
    """
    return _named(text, r"\d{4}-\d{2}", "M", "a month like 2026-10")


def quarter(text: str) -> Period:
    """The calendar quarter named like `"2027-Q1"`.

    >>> quarter("2027-Q1").months()[-1].label
    '2027-03'
    """
    return _named(text, r"\d{4}-Q[1-4]", "Q", "a quarter like 2027-Q1")


def year(text: str) -> Period:
    """The calendar year named like `"2026"`."""
    return _named(text, r"\d{4}", "Y", "a year like 2026")


def span(start: date | str, end: date | str) -> Period:
    """Any days from `start` up to, and without, `end`."""
    first, after = _day(start), _day(end)
    return Period(first, after, f"{first}..{after - timedelta(days=1)}")


def parse_period(text: str) -> Period:
    """A period from the text a person types.

    >>> parse_period("2026-10-01..2026-10-15").last_day
    datetime.date(2026, 10, 15)
    """
    for pattern, build in (
        (r"\d{4}-\d{2}", month),
        (r"\d{4}-Q[1-4]", quarter),
        (r"\d{4}", year),
    ):
        if re.fullmatch(pattern, text):
            return build(text)
    first, dots, last = text.partition("..")
    if dots:
        return span(first, min(_day(last), date.max - timedelta(days=1)) + timedelta(days=1))
    raise CallError(f"'{text}' names no period. Write {_FORMS}.")


def to_utc(local: datetime, timezone: str) -> datetime:
    """The naive UTC datetime of a naive local one."""
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)


def to_local(instant: datetime, timezone: str) -> datetime:
    """The naive local datetime of a naive UTC one."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def _midnight(day: date, timezone: str) -> datetime:
    return to_utc(datetime.combine(day, time()), timezone)


def _named(text: str, pattern: str, freq: str, wanted: str) -> Period:
    if not re.fullmatch(pattern, text):
        raise CallError(f"'{text}' is not {wanted}.")
    if not _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR:
        raise CallError(f"{text} lies outside of {_FIRST_YEAR} to {_LAST_YEAR}.")
    try:
        return _calendar(pd.Period(text, freq=freq), text)
    except ValueError as error:
        raise CallError(f"'{text}' is not {wanted}.") from error


def _calendar(period: pd.Period, label: str) -> Period:
    return Period(period.start_time.date(), (period + 1).start_time.date(), label)


def _day(value: date | str) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise CallError(f"'{value}' is not a day like 2026-10-01.") from error


def is_time_zone(name: str) -> bool:
    """Is there a zone of that name in the IANA list?"""
    if not name[:1].isupper():  # posixrules, right/… are copies that the list does not have
        return False
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


@cache
def time_zones() -> frozenset[str]:
    """The time zones of the IANA list; looking them up reads hundreds of files."""
    return frozenset(available_timezones())
