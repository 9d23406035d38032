"""The working-hours clock against drawings, published holidays and a clock that ticks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.agreement import WEEKDAYS, Holidays, WorkingTime
from funnel_analytics.clock import WorkingClock, days_off
from funnel_analytics.errors import CallError

BERLIN = "Europe/Berlin"
OFFICE = ((time(8), time(12)), (time(13), time(17)))


def hours(holidays: Holidays | None = None, **days: tuple[tuple[time, time], ...]) -> WorkingTime:
    """Working time with the named days; the others are free."""
    return WorkingTime(
        holidays=holidays or Holidays(),
        days=MappingProxyType({day: days.get(day, ()) for day in WEEKDAYS}),
    )


def office(holidays: Holidays | None = None) -> WorkingTime:
    """Monday to Friday, 8 to 12 and 13 to 17."""
    return hours(holidays, **dict.fromkeys(WEEKDAYS[:5], OFFICE))


def berlin(text: str) -> datetime:
    """A local time in Berlin as a naive UTC instant."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))
    return local.astimezone(UTC).replace(tzinfo=None)


def hours_between(clock: WorkingClock, start: str, end: str) -> float:
    """Working hours between two local times in Berlin."""
    return float(clock.seconds_between([berlin(start)], [berlin(end)])[0]) / 3600


# --- drawings ------------------------------------------------------------------------------------

# June 2026                 Mon 1            Tue 2            Wed 3   Thu 4 (Corpus Christi)  Fri 5
# office in Bavaria     08--12 13--17    08--12 13--17    08--12 13--17      closed       08--12 …
JUNE = WorkingClock(office(Holidays("DE", "BY")), BERLIN, date(2026, 6, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-06-01T08:00", "2026-06-01T12:00", 4),  # opening to closing
        ("2026-06-01T07:59:59", "2026-06-01T08:00", 0),  # up to the opening
        ("2026-06-01T08:00", "2026-06-01T08:00", 0),
        ("2026-06-01T12:00", "2026-06-01T13:00", 0),  # the lunch break, from edge to edge
        ("2026-06-01T11:59:24", "2026-06-01T13:00:36", 0.02),
        ("2026-06-01T17:00", "2026-06-02T08:00", 0),  # a night, from edge to edge
        ("2026-06-01T16:30", "2026-06-02T08:30", 1),
        ("2026-06-03T16:00", "2026-06-05T09:00", 2),  # over Corpus Christi
        ("2026-06-05T17:00", "2026-06-08T08:00", 0),  # a weekend
        ("2026-06-01T00:00", "2026-07-01T00:00", 21 * 8),  # 22 weekdays, one of them free
        ("2026-06-02T10:00", "2026-06-01T10:00", -8),  # the end lies first
    ],
)
def test_time_on_a_drawn_week(start: str, end: str, expected: float) -> None:
    assert hours_between(JUNE, start, end) == pytest.approx(expected, abs=1e-12)


def test_a_clock_without_working_time_never_stops() -> None:
    clock = WorkingClock(None, BERLIN, date(2026, 3, 28), date(2026, 3, 30))
    assert hours_between(clock, "2026-03-28T00:00", "2026-03-29T00:00") == 24
    assert hours_between(clock, "2026-03-29T00:00", "2026-03-30T00:00") == 23  # clocks go forward
    assert len(clock.intervals()) == 1


def test_every_instant_lies_in_exactly_one_row_of_the_table() -> None:
    # Sat 6 June is free: the clock starts closed, so its first row is an opening of no length.
    table = WorkingClock(office(), BERLIN, date(2026, 6, 6), date(2026, 6, 8)).intervals()
    assert table.columns.tolist() == [
        "opened_at",
        "closed_at",
        "until_at",
        "worked_seconds_before",
    ]
    assert table.astype(str).to_numpy().tolist() == [
        ["2026-06-05 22:00:00", "2026-06-05 22:00:00", "2026-06-08 06:00:00", "0.0"],
        ["2026-06-08 06:00:00", "2026-06-08 10:00:00", "2026-06-08 11:00:00", "0.0"],
        ["2026-06-08 11:00:00", "2026-06-08 15:00:00", "2026-06-08 22:00:00", "14400.0"],
    ]
    assert (table["until_at"].iloc[:-1].to_numpy() == table["opened_at"].iloc[1:].to_numpy()).all()


def test_a_span_without_any_opening_has_one_row() -> None:
    clock = WorkingClock(office(), BERLIN, date(2026, 6, 6), date(2026, 6, 7))
    assert len(clock.intervals()) == 1
    assert clock.total_seconds == 0
    assert hours_between(clock, "2026-06-06T10:00", "2026-06-07T10:00") == 0


# Sunday 29 March 2026: 02:00 to 03:00 does not exist. Sunday 25 October 2026: it comes twice.
@pytest.mark.parametrize(
    ("day", "opens", "closes", "expected"),
    [
        ("2026-03-29", time(0), time(0), 23),
        ("2026-03-29", time(1), time(2, 30), 1),  # closes at the jump
        ("2026-03-29", time(2, 30), time(4), 1),  # opens at the jump
        ("2026-03-29", time(2), time(3), 0),
        ("2026-10-25", time(0), time(0), 25),
        ("2026-10-25", time(1), time(4), 4),
        ("2026-10-25", time(1), time(2, 30), 1.5),  # closes at the first 02:30
        ("2026-10-25", time(2, 30), time(4), 2.5),  # opens at the first 02:30
    ],
)
def test_days_on_which_clocks_change(day: str, opens: time, closes: time, expected: float) -> None:
    on = date.fromisoformat(day)
    clock = WorkingClock(hours(sunday=((opens, closes),)), BERLIN, on, on)
    assert clock.total_seconds / 3600 == expected


def test_an_opening_in_a_skipped_hour_is_none() -> None:
    on = date(2026, 3, 29)
    never = hours(sunday=((time(2), time(3)),))
    assert len(WorkingClock(never, BERLIN, on, on).intervals()) == 1


def test_midnight_itself_may_be_skipped() -> None:
    # Sao Paulo, Sunday 15 October 2017: clocks went from 00:00 to 01:00, the day had 23 hours.
    on = date(2017, 10, 15)
    around = hours(sunday=((time(0), time(0)),))
    assert WorkingClock(around, "America/Sao_Paulo", on, on).total_seconds == 23 * 3600


# --- holidays ------------------------------------------------------------------------------------

NATIONAL_2026 = [
    "2026-01-01",
    "2026-04-03",
    "2026-04-06",
    "2026-05-01",
    "2026-05-14",
    "2026-05-25",
    "2026-10-03",
    "2026-12-25",
    "2026-12-26",
]


@pytest.mark.parametrize(
    ("state", "own"),
    [
        (None, []),
        ("HE", ["2026-06-04"]),
        ("BY", ["2026-01-06", "2026-06-04", "2026-11-01"]),  # Art. 1 (1) no. 1 BayFTG
        ("BE", ["2026-03-08"]),  # § 1 Berlin holidays act
        ("SN", ["2026-10-31", "2026-11-18"]),  # § 1 SächsSFG; 18 November is the day of repentance
        ("TH", ["2026-09-20", "2026-10-31"]),  # § 2 (1) ThürFGtG
        ("SL", ["2026-06-04", "2026-08-15", "2026-11-01"]),  # § 2 (1) SFG
    ],
)
def test_german_holidays_are_those_of_the_law(state: str | None, own: list[str]) -> None:
    found = days_off(Holidays("DE", state), first=date(2026, 1, 1), last=date(2026, 12, 31))
    assert [day.isoformat() for day in found] == sorted(NATIONAL_2026 + own)


def test_agreed_days_off_are_added_and_others_left_out() -> None:
    agreed = Holidays("DE", "BY", also=(date(2026, 12, 24), date(2025, 12, 24)))
    found = days_off(agreed, first=date(2026, 12, 1), last=date(2026, 12, 25))
    assert found == (date(2026, 12, 24), date(2026, 12, 25))
    assert days_off(Holidays(), first=date(2026, 1, 1), last=date(2026, 12, 31)) == ()


def test_a_holiday_stops_the_clock_only_where_it_is_one() -> None:
    days = date(2026, 6, 4), date(2026, 6, 4)  # Corpus Christi
    assert WorkingClock(office(Holidays("DE", "BY")), BERLIN, *days).total_seconds == 0
    assert WorkingClock(office(Holidays("DE", "BE")), BERLIN, *days).total_seconds == 8 * 3600


# --- a second implementation: a clock that ticks once a minute --------------------------------

TICKED = hours(
    Holidays("DE", "SN", also=(date(2026, 10, 19),)),
    monday=OFFICE,
    tuesday=OFFICE,
    wednesday=OFFICE,
    thursday=OFFICE,
    friday=((time(7, 30), time(15, 45)),),
    saturday=((time(22), time(0)),),
    sunday=((time(0), time(6)), (time(6), time(9))),
)
FREE_IN_SAXONY = {"2026-04-03", "2026-04-06", "2026-10-19", "2026-10-31"}


def ticks(first: date, last: date) -> tuple[datetime, np.ndarray]:
    """Is somebody at work? One answer per second, found by looking at a wall clock each minute."""
    start = berlin(f"{first}T00:00")
    end = berlin(f"{last + timedelta(days=1)}T00:00")
    zone = ZoneInfo(BERLIN)
    at_work = []
    for minute in range(int((end - start).total_seconds()) // 60):
        wall = (start + timedelta(minutes=minute)).replace(tzinfo=UTC).astimezone(zone)
        clock, day = f"{wall:%H:%M}", wall.strftime("%a")
        if f"{wall:%Y-%m-%d}" in FREE_IN_SAXONY:
            at_work.append(False)
        elif day == "Sun":
            at_work.append(clock < "09:00")
        elif day == "Sat":
            at_work.append(clock >= "22:00")
        elif day == "Fri":
            at_work.append("07:30" <= clock < "15:45")
        else:
            at_work.append("08:00" <= clock < "12:00" or "13:00" <= clock < "17:00")
    return start, np.repeat(at_work, 60)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 3, 23), date(2026, 4, 8)),  # clocks go forward; Good Friday to Easter Monday
        (date(2026, 10, 17), date(2026, 11, 2)),  # clocks go back; Reformation Day; a day agreed
    ],
)
def test_it_agrees_with_a_clock_that_ticks(first: date, last: date) -> None:
    start, at_work = ticks(first, last)
    ticked = np.concatenate([[0], np.cumsum(at_work)])
    rng = np.random.default_rng(20260329)
    pairs = np.sort(rng.integers(0, len(at_work) + 1, size=(4_000, 2)), axis=1)
    instants = np.datetime64(start, "us") + pairs.astype("timedelta64[s]")
    clock = WorkingClock(TICKED, BERLIN, first, last)
    found = clock.seconds_between(instants[:, 0], instants[:, 1])
    assert found.tolist() == (ticked[pairs[:, 1]] - ticked[pairs[:, 0]]).tolist()
    assert clock.total_seconds == ticked[-1]


def test_the_table_gives_what_the_clock_gives() -> None:
    # The way a query counts: find the row of an instant, add the part of it that has run.
    clock = WorkingClock(TICKED, BERLIN, date(2026, 3, 23), date(2026, 4, 8))
    table = clock.intervals()
    rng = np.random.default_rng(7)
    instants = np.datetime64("2026-03-23", "us") + rng.integers(
        0, 16 * 86_400, size=(2, 200)
    ).astype("timedelta64[s]")

    def worked(instant: np.datetime64) -> float:
        (row,) = table[(table.opened_at <= instant) & (instant < table.until_at)].itertuples()
        running = min(pd.Timestamp(instant), row.closed_at) - row.opened_at
        return float(row.worked_seconds_before + running.total_seconds())

    by_hand = [worked(end) - worked(start) for start, end in instants.T]
    assert clock.seconds_between(*instants).tolist() == by_hand


# --- laws ----------------------------------------------------------------------------------------


def test_time_adds_up_and_never_runs_backwards() -> None:
    rng = np.random.default_rng(11)
    offsets = np.sort(rng.integers(0, 30 * 86_400_000_000, size=(3, 2_000)), axis=0)
    a, b, c = np.datetime64("2026-05-31T22:00:00", "us") + offsets.astype("timedelta64[us]")
    first, second, whole = (JUNE.seconds_between(*pair) for pair in ((a, b), (b, c), (a, c)))
    assert (first >= 0).all()
    assert np.abs(first + second - whole).max() < 1e-6  # a microsecond
    assert (whole <= (c - a) / np.timedelta64(1, "s") + 1e-6).all()
    assert (JUNE.seconds_between(b, a) == -first).all()


# --- calls ---------------------------------------------------------------------------------------


def test_missing_instants_give_missing_times() -> None:
    day = berlin("2026-06-01T08:00")
    found = JUNE.seconds_between([day, pd.NaT, day], [pd.NaT, day, day])
    assert np.isnan(found).tolist() == [True, True, False]
    assert JUNE.seconds_between([], []).tolist() == []


def test_both_ends_of_the_clock_are_covered_and_nothing_beyond() -> None:
    start, end = berlin("2026-06-01T00:00"), berlin("2026-07-01T00:00")
    assert JUNE.seconds_between([start], [end])[0] == JUNE.total_seconds
    late = end + timedelta(microseconds=1)
    with pytest.raises(CallError, match=r"1 of 2 instants lie outside .* 2026-06-01 to 2026-06-30"):
        JUNE.seconds_between([start, start], [end, late])
    with pytest.raises(CallError, match="outside the days of the clock"):
        JUNE.seconds_between([start - timedelta(microseconds=1)], [end])


def test_instants_with_a_zone_are_refused() -> None:
    aware = [pd.Timestamp("2026-06-01 08:00", tz="UTC")]
    with pytest.raises(CallError, match="naive UTC"):
        JUNE.seconds_between(aware, aware)


def test_a_clock_cannot_end_before_it_starts() -> None:
    with pytest.raises(CallError, match="lies before its first day 2026-06-02"):
        WorkingClock(None, BERLIN, date(2026, 6, 2), date(2026, 6, 1))
