"""The days of a plan: what is learned from, when new leads come, which of them come in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.periods import Period, to_local, to_utc
from funnel_analytics.simulation import Floats, Window, in_time
from funnel_analytics.warehouse import Warehouse

__all__ = ["Times", "arrivals_by_month", "creation_days", "planned_months", "times_of"]

_USEFUL = 0.1  # of the best month's in-time share: below, a month's leads come too late to plan for


@dataclass(frozen=True)
class Times:
    """The days that a plan knows: what is learned from, the last day in the data, the period."""

    history_start: date
    last_day: date
    day_zero: datetime
    window: Window
    period: Period


def times_of(warehouse: Warehouse, period: Period, history_months: int) -> Times:
    """Which days does a plan learn from, and which lie ahead?

    Raises
    ------
    CallError
        The period was over when the data were exported.
    """
    local = to_local(warehouse.as_of, warehouse.timezone)
    if period.bounds(warehouse.timezone)[1] <= warehouse.as_of:
        raise CallError(
            f"{period.label} was over when the data were exported (as of "
            f"{local:%Y-%m-%d %H:%M}); plan a period that ends later."
        )
    last_day = (local - timedelta(microseconds=1)).date()
    begin = pd.Timestamp(last_day + timedelta(days=1)) - pd.DateOffset(months=history_months)
    observed = [stage.observed_from for stage in warehouse.agreement.stages if stage.observed_from]
    start = min(max([begin.date(), *observed]), last_day)
    return Times(
        history_start=start,
        last_day=last_day,
        day_zero=_day_zero(start, warehouse.timezone),
        window=Window(max((period.start - last_day).days, 1), (period.end - last_day).days),
        period=period,
    )


def _day_zero(start: date, timezone: str) -> datetime:
    """Where whole days are counted from, in UTC: midnight of `start`, in summer time where a zone
    has one. So midnights of the whole year, all that a day without a time says, fall on their own
    day; only the last hour before midnight in winter counts for the next.
    """
    days = (start, start + timedelta(days=182))
    midnights = [datetime.combine(day, time()) for day in days]
    return midnights[0] + min(to_utc(each, timezone) - each for each in midnights)


def arrivals_by_month(arrivals: pd.DataFrame, times: Times) -> pd.DataFrame:
    """One row per month since the first lead: leads created, and whether the month is over."""
    months = arrivals["created_on"].dt.to_period("M")
    upto = pd.Period(times.last_day, freq="M")
    every = pd.period_range(months.min(), max(upto, months.max()), freq="M", name="month")
    table = arrivals.groupby(months)["leads"].sum().reindex(every, fill_value=0).reset_index()
    last = pd.Timestamp(times.last_day)
    table["is_complete"] = [each.end_time.normalize() <= last for each in table["month"]]
    return table


def _seasons(arrivals: pd.DataFrame) -> pd.Series:
    """How strong is each calendar month? From the last 24 (or 12) whole months; else all equal."""
    whole = arrivals[arrivals["is_complete"]]
    years = [whole.iloc[-24:-12], whole.iloc[-12:]] if len(whole) >= 24 else [whole.iloc[-12:]]
    shapes = [
        year["leads"].to_numpy() / year["leads"].sum()
        for year in years
        if len(year) == 12 and year["leads"].sum() > 0
    ]
    if not shapes:
        return pd.Series(1 / 12, index=range(1, 13))
    return pd.Series(np.mean(shapes, axis=0), index=[m.month for m in years[-1]["month"]])


def creation_days(lag: Floats, times: Times) -> pd.DataFrame:
    """One row per day on which new leads may be created: which share of their wins is in time?"""
    ahead = np.arange(1, times.window.end)
    return pd.DataFrame(
        {
            "day": pd.Timestamp(times.last_day) + pd.to_timedelta(ahead, unit="D"),
            "in_time_share": in_time(lag, ahead, times.window),
        }
    )


def planned_months(days: pd.DataFrame, arrivals: pd.DataFrame) -> pd.DataFrame:
    """One row per month of creation: the share of all new leads that is planned for it."""
    months = days.groupby(days["day"].dt.to_period("M").rename("month"))["in_time_share"].agg(
        ["mean", "size"]
    )
    table = months.reset_index().rename(columns={"mean": "in_time_share"})
    best = table["in_time_share"].max()
    is_useful = (table["in_time_share"] > 0) & (table["in_time_share"] >= _USEFUL * best)
    seasons = _seasons(arrivals)
    part = table["size"] / table["month"].dt.days_in_month
    weight = (part * table["month"].dt.month.map(seasons)).where(is_useful, 0.0)
    if weight.sum() == 0:  # months in which nobody ever came: every day counts the same
        weight = table["size"].astype(float).where(is_useful, 0.0)
    table["weight"] = weight / (weight.sum() or 1.0)
    return table.assign(month=table["month"].dt.to_timestamp())[
        ["month", "in_time_share", "weight"]
    ]
