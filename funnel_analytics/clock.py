"""The working-hours clock: how much agreed working time lies between two instants?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import holidays
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.agreement import WEEKDAYS, Agreement, Holidays, WorkingTime
from funnel_analytics.errors import CallError

__all__ = ["WorkingClock", "days_off", "working_intervals"]

_SECOND = np.timedelta64(1, "s")


def days_off(agreed: Holidays, *, first: date, last: date) -> tuple[date, ...]:
    """Which days from `first` to `last` are no working days?

    Returns
    -------
    tuple of date
        In order. Public holidays count if the whole country or subdivision has them; those of
        single towns (such as Assumption Day in the Catholic towns of Bavaria) have to be agreed
        in `also`.
    """
    found = set(agreed.also)
    if agreed.country is not None:
        years = range(first.year, last.year + 1)
        found |= holidays.country_holidays(
            agreed.country, subdiv=agreed.subdivision, years=years
        ).keys()
    return tuple(sorted(day for day in found if first <= day <= last))


class WorkingClock:
    """Counts agreed working time from midnight of `first` to midnight after `last`.

    Parameters
    ----------
    working_time
        Opening hours and holidays; `None` is a clock that never stops.
    timezone
        The zone that the opening hours are meant in. On the days when clocks change, a skipped
        hour is no working time; of an hour that comes twice, an opening or closing time means
        the first.
    first, last
        The days covered, in the agreement's zone.

    Raises
    ------
    CallError
        `last` lies before `first`.

    Examples
    --------
    >>> from funnel_analytics.agreement import load_agreement
    >>> round_the_clock = WorkingClock(
    ...     None, "Europe/Berlin", first=date(2026, 3, 29), last=date(2026, 3, 29)
    ... )
    >>> round_the_clock.total_seconds / 3600  # summer time begins
    23.0
    """

    def __init__(
        self, working_time: WorkingTime | None, timezone: str, first: date, last: date
    ) -> None:
        if last < first:
            raise CallError(f"The clock's last day {last} lies before its first day {first}.")
        self.timezone = timezone
        self.first = first
        self.last = last
        self._start, self._end = self._utc([first, last + timedelta(days=1)], [0, 0])
        opened, closed = self._opening_hours(working_time)
        if not len(opened) or opened[0] > self._start:
            opened = np.concatenate([[self._start], opened])
            closed = np.concatenate([[self._start], closed])
        worked = (closed - opened) / _SECOND
        self._opened, self._closed = opened, closed
        self._before = np.concatenate([[0.0], np.cumsum(worked)[:-1]])
        self.total_seconds = float(worked.sum())

    def intervals(self) -> pd.DataFrame:
        """When was the clock running?

        Returns
        -------
        DataFrame
            One row per opening, in order: it runs from `opened_at` until `closed_at` and stands
            still until `until_at`, the next opening. `worked_seconds_before` is the working time
            from the clock's start to `opened_at`. Instants are naive UTC. Every instant that the
            clock covers lies in exactly one `opened_at <= instant < until_at`: where the clock
            starts closed, the first row is an opening of no length.
        """
        return pd.DataFrame(
            {
                "opened_at": self._opened,
                "closed_at": self._closed,
                "until_at": np.append(self._opened[1:], self._end),
                "worked_seconds_before": self._before,
            }
        )

    def seconds_between(self, starts: Any, ends: Any) -> NDArray[np.float64]:
        """How many seconds of working time lie between each start and its end?

        Parameters
        ----------
        starts, ends
            Naive UTC instants, as many of one as of the other.

        Returns
        -------
        array
            Missing where either instant is missing; negative where the end lies first.

        Raises
        ------
        CallError
            An instant lies outside the days that the clock covers, or carries a time zone.
        """
        return self._worked_until(ends) - self._worked_until(starts)

    def _worked_until(self, instants: Any) -> NDArray[np.float64]:
        index = pd.DatetimeIndex(instants)
        if index.tz is not None:
            raise CallError("The clock takes naive UTC instants; convert to UTC and drop the zone.")
        given = index.to_numpy().astype("datetime64[us]")
        outside = (given < self._start) | (given > self._end)
        if outside.any():
            raise CallError(
                f"{outside.sum()} of {len(given)} instants lie outside the days of the clock, "
                f"{self.first} to {self.last} (first: {given[outside][0]} UTC)."
            )
        row = np.searchsorted(self._opened, given, side="right") - 1
        running = np.minimum(given, self._closed[row]) - self._opened[row]
        return np.asarray(self._before[row] + running / _SECOND, dtype=np.float64)

    def _opening_hours(
        self, working_time: WorkingTime | None
    ) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
        """Openings and closings in UTC, in order; those of no length are left out."""
        if working_time is None:
            return np.array([self._start]), np.array([self._end])
        off = set(days_off(working_time.holidays, first=self.first, last=self.last))
        days: list[date] = []
        opens: list[int] = []
        closes: list[int] = []
        for offset in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=offset)
            if day in off:
                continue
            for opening, closing in working_time.days[WEEKDAYS[day.weekday()]]:
                days.append(day)
                opens.append(opening.hour * 60 + opening.minute)
                closes.append((closing.hour * 60 + closing.minute) or 24 * 60)
        opened, closed = self._utc(days, opens), self._utc(days, closes)
        running = closed > opened
        return opened[running], closed[running]

    def _utc(self, days: list[date], minutes: list[int]) -> NDArray[np.datetime64]:
        """The UTC instants of minutes after local midnight; a skipped one is the next there is."""
        local = np.array(days, dtype="datetime64[D]") + np.array(minutes, dtype="timedelta64[m]")
        index = pd.DatetimeIndex(local.astype("datetime64[us]")).tz_localize(
            self.timezone,
            ambiguous=np.ones(len(local), dtype=bool),
            nonexistent="shift_forward",
        )
        return index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")


def working_intervals(agreement: Agreement, *, first: date, last: date) -> pd.DataFrame:
    """When was the clock of each team running?

    Returns
    -------
    DataFrame
        `WorkingClock.intervals` of every agreed clock, `team` first: `""` is the default one. A
        team that has no hours of its own has no rows.
    """
    usual = agreement.working_time
    clocks = {"": usual} if usual is None else {"": usual, **usual.teams}
    tables = []
    for team, working_time in clocks.items():
        zone = (working_time.timezone if working_time else None) or agreement.timezone
        table = WorkingClock(working_time, zone, first=first, last=last).intervals()
        table.insert(0, "team", team)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
