"""Half-open spans of days and their instants in the agreement's zone."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.periods import month, parse_period, quarter, span, to_local, to_utc, year


def test_a_month_ends_where_the_next_begins() -> None:
    assert month("2026-10").end == month("2026-11").start == date(2026, 11, 1)


def test_bounds_follow_the_clock_change() -> None:
    # Berlin: summer time ends on 25 October 2026, so the month has 31 days and one hour.
    start, end = month("2026-10").bounds("Europe/Berlin")
    assert (start, end) == (datetime(2026, 9, 30, 22), datetime(2026, 10, 31, 23))
    assert (end - start).total_seconds() == 31 * 86400 + 3600


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 3, 1)),
        ("2027-Q1", date(2027, 1, 1), date(2027, 4, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-01-05..2026-01-11", date(2026, 1, 5), date(2026, 1, 12)),
        ("2026-01-05..2026-01-05", date(2026, 1, 5), date(2026, 1, 6)),
    ],
)
def test_periods_as_people_write_them(text: str, start: date, end: date) -> None:
    period = parse_period(text)
    assert (period.start, period.end, period.label) == (start, end, text)


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-Q5", "Oktober", "2026-10-01", "2026-10-40..2026-11-01", "26", ""]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(CallError):
        parse_period(text)


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(CallError, match="ends"):
        span("2026-10-02", "2026-10-02")


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (month("2026-01"), "2025-12"),
        (quarter("2026-Q1"), "2025-Q4"),
        (year("2026"), "2025"),
        (span("2026-10-08", "2026-10-15"), "2026-10-01..2026-10-07"),
    ],
)
def test_the_period_before(period: object, before: str) -> None:
    assert period.previous().label == before  # type: ignore[attr-defined]


def test_a_span_touches_these_months() -> None:
    labels = [each.label for each in span("2026-01-31", "2026-03-02").months()]
    assert labels == ["2026-01", "2026-02", "2026-03"]


def test_local_and_utc_are_inverse() -> None:
    noon = datetime(2026, 7, 1, 12)
    assert to_utc(noon, "Europe/Berlin") == datetime(2026, 7, 1, 10)
    assert to_local(to_utc(noon, "Europe/Berlin"), "Europe/Berlin") == noon
