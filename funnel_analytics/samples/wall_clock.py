"""Wall-clock seconds in Berlin: the working hours, and instants as the exports spell them.

Instants are whole seconds since 1970 on the Berlin wall clock. Nothing in the sample happens
between midnight's mails and five in the morning, so no instant falls into a clock change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.samples.draws import Floats, Ints
from funnel_analytics.samples.parameters import AS_OF, FREE_DAYS, HOLIDAYS, START, TIMEZONE

Texts = NDArray[np.object_]

DAY = 86_400
WORKING_DAY = 8 * 3_600
_MORNING, _AFTERNOON, _HALF = 8 * 3_600, 13 * 3_600, 4 * 3_600


def seconds(moment: datetime) -> int:
    """The wall-clock second of a naive local datetime."""
    return int(moment.replace(tzinfo=UTC).timestamp())


START_AT, AS_OF_AT = seconds(START), seconds(AS_OF)
NEVER = AS_OF_AT + 10_000 * DAY  # later than everything

_FIRST_DAY = START_AT // DAY - 60
_LAST_DAY = AS_OF_AT // DAY + 400


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def is_working_day(day: date) -> bool:
    """Do people work on that day?"""
    return day.weekday() < 5 and day not in HOLIDAYS and day not in FREE_DAYS


class _Axis:
    """All working intervals, and the working seconds before each."""

    def __init__(self) -> None:
        days = [n for n in range(_FIRST_DAY, AS_OF_AT // DAY + 40) if is_working_day(_day(n))]
        starts = np.array(days, dtype=np.int64)[:, None] * DAY
        self.opens = (starts + np.array([_MORNING, _AFTERNOON])).ravel()
        self.before = np.arange(len(self.opens), dtype=np.int64) * _HALF


@cache
def _axis() -> _Axis:
    return _Axis()


def position(instants: Ints) -> Ints:
    """How many working seconds precede each instant?"""
    axis = _axis()
    at = np.searchsorted(axis.opens, instants, side="right") - 1
    worked = np.clip(instants - axis.opens[at], 0, _HALF)
    return np.asarray(axis.before[at] + worked, dtype=np.int64)


def instant(positions: Ints) -> Ints:
    """At which instant are so many working seconds over? Beyond the calendar: never."""
    axis = _axis()
    at = np.searchsorted(axis.before, positions, side="right") - 1
    found = axis.opens[at] + (positions - axis.before[at])
    return np.where(positions >= axis.before[-1], NEVER, found).astype(np.int64)


def after_working_days(instants: Ints, days: Floats) -> Ints:
    """The instants so many working days (of eight hours, at least a minute) later."""
    known = np.minimum(instants, AS_OF_AT + 30 * DAY)
    later = position(known) + np.maximum(60, np.rint(days * WORKING_DAY)).astype(np.int64)
    return np.where(instants >= NEVER, NEVER, instant(later)).astype(np.int64)


def weekday(instants: Ints) -> Ints:
    """Monday is 0."""
    return np.asarray((instants // DAY + 3) % 7, dtype=np.int64)


def months_after_start(instants: Ints) -> Ints:
    """Calendar months since the first month of the data."""
    days = instants // DAY
    starts = np.array(
        [seconds(datetime(START.year + m // 12, m % 12 + 1, 1)) // DAY for m in range(10, 40)]
    )
    return np.asarray(np.searchsorted(starts, days, side="right") - 1, dtype=np.int64)


@cache
def _days(pattern: str) -> Texts:
    texts = [_day(number).strftime(pattern) for number in range(_FIRST_DAY, _LAST_DAY)]
    return np.array(texts, dtype=object)


@cache
def _times() -> Texts:
    return np.array(
        [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY)], dtype=object
    )


@cache
def _offsets() -> Ints:
    zone = ZoneInfo(TIMEZONE)
    noons = [datetime.combine(_day(n), time(12)) for n in range(_FIRST_DAY, _LAST_DAY)]
    return np.array(
        [seconds(noon) - int(noon.replace(tzinfo=zone).timestamp()) for noon in noons],
        dtype=np.int64,
    )


def german(instants: Ints) -> Texts:
    """`31.10.2026 16:05:09`; empty where it has not happened by the export."""
    return _spelled(instants, german_day(instants) + " " + _times()[instants % DAY])


def german_day(instants: Ints) -> Texts:
    """`31.10.2026`; empty where it has not happened by the export."""
    return _spelled(instants, _days("%d.%m.%Y")[_row(instants)])


def german_future(instants: Ints) -> Texts:
    """`02.11.2026 10:00:00`, for plans: the export may hold what lies after it."""
    return np.asarray(german_future_day(instants) + " " + _times()[instants % DAY], dtype=object)


def german_future_day(instants: Ints) -> Texts:
    """`15.12.2026`, for plans: the export may hold what lies after it."""
    return np.asarray(_days("%d.%m.%Y")[_row(instants)], dtype=object)


def iso_utc(instants: Ints) -> Texts:
    """`2026-10-31T15:05:09Z`."""
    utc = instants - _offsets()[_row(instants)]
    return np.asarray(_days("%Y-%m-%d")[_row(utc)] + "T" + _times()[utc % DAY] + "Z", dtype=object)


def iso_day(day_numbers: Ints) -> Texts:
    """`2026-10-31` of days counted since 1970."""
    return np.asarray(_days("%Y-%m-%d")[day_numbers - _FIRST_DAY], dtype=object)


def _row(instants: Ints) -> Ints:
    return np.clip(instants // DAY, _FIRST_DAY, _LAST_DAY - 1) - _FIRST_DAY


def _spelled(instants: Ints, texts: Texts) -> Texts:
    return np.where(instants < AS_OF_AT, texts, "")
