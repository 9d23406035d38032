"""Leads, spend and working days by week: what both questions are answered from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.arguments import Wrong, is_number, is_one_of, shown
from funnel_analytics.clock import working_intervals
from funnel_analytics.cohorts import first_days
from funnel_analytics.errors import did_you_mean
from funnel_analytics.estimates.inputs import Floats
from funnel_analytics.periods import span, to_local
from funnel_analytics.results import Note
from funnel_analytics.segments import Selection, excluded_leads, export_ends
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = [
    "LEADS",
    "Counted",
    "Outcome",
    "Spend",
    "bought_by",
    "known_days",
    "leads_by_day",
    "outcome_of",
    "spend_by_day",
    "summed",
    "working_days",
]

LEADS = "leads"
_DAY = 86_400
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """What is counted: leads (`position` 1, no days), or those in a stage within so many days."""

    name: str
    position: int
    within_days: float | None

    @property
    def column(self) -> str:
        """Where the query has it."""
        return "leads" if self.within_days is None else "reached_leads"

    @property
    def parameters(self) -> dict[str, Any]:
        """What a result says it was asked for; `stage` only where one was."""
        stage = {} if self.within_days is None else {"stage": self.name}
        return {"outcome": self.name, **stage, "within_days": self.within_days}


@dataclass(frozen=True, eq=False)
class Counted:
    """Leads by day of creation and segment, and the days that they are complete for."""

    rows: pd.DataFrame
    first: date
    after: date
    answers: tuple[Answer, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, eq=False)
class Spend:
    """Spend by day; none of it is known before `first`, nor from `after` on."""

    rows: pd.DataFrame
    first: date
    after: date
    answer: Answer

    def of(self, column: str, name: str) -> pd.Series:
        """The amount per day of one channel or campaign; 0 on days without a row."""
        rows = self.rows[self.rows[column] == name]
        return rows.groupby("spent_on")["amount"].sum()


def outcome_of(agreement: Agreement, outcome: str, within_days: float, wrong: Wrong) -> Outcome:
    """What is to be counted.

    No such stage, the first one, or days not above 0 are added to what is `wrong`.
    """
    leads = Outcome(LEADS, 1, None)
    names = agreement.stage_names
    known = [LEADS, "won", *names[1:]]
    is_time = is_number(within_days) and 0 < within_days < math.inf
    if not is_time:
        wrong.say(
            f"within_days: leads are followed for more than 0 days, not {shown(within_days)}."
        )
    if not is_one_of(outcome, known):
        told = ", ".join(dict.fromkeys((LEADS, *names[1:])))
        wrong.say(f"Counted are {told}, not {shown(outcome)}.{did_you_mean(str(outcome), known)}")
        return leads
    if outcome == LEADS or not is_time:
        return leads
    if outcome == "won":
        outcome = names[-1]
    return Outcome(outcome, agreement.position(outcome), float(within_days))


def leads_by_day(warehouse: Warehouse, selection: Selection, outcome: Outcome) -> Counted:
    """The leads of the days asked for, as far as they are known.

    A stage is known of days that are `within_days` old and lie within its records.
    """
    answer = warehouse.query(
        "metrics/incremental_leads",
        cohort_start=selection.start,
        cohort_end=selection.end,
        position=outcome.position,
        within_seconds=(outcome.within_days or 0) * _DAY,
        **selection.grouping,
    )
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    exports, ends = export_ends(warehouse)
    until, zone = ends["lead"].until, warehouse.timezone
    everything = warehouse.everything()
    first = max(selection.period.start, everything.start)
    if outcome.within_days is not None:
        until = min(until, ends["stage_event"].until) - timedelta(days=outcome.within_days)
        begins = first_days(warehouse)[outcome.position]
        if begins.year > 1:
            first = max(first, to_local(begins, zone).date())
    after = min(selection.period.end, everything.end, to_local(until, zone).date())
    rows = answer.table
    rows["created_on"] = [pd.Timestamp(each).date() for each in rows["created_on"]]
    return Counted(rows, first, max(first, after), (answer, excluded, exports), (note,))


def spend_by_day(warehouse: Warehouse) -> Spend:
    """All spend that was loaded; it is known from its first to its last day."""
    answer = warehouse.query("metrics/incremental_spend")
    rows = answer.table
    rows["spent_on"] = [pd.Timestamp(each).date() for each in rows["spent_on"]]
    days = rows["spent_on"]
    return Spend(rows, days.min(), days.max() + _A_DAY, answer)


def bought_by(spend: Spend, column: str) -> list[str]:
    """The channels, or campaigns, with any spend above 0, by name."""
    sums = spend.rows.groupby(column)["amount"].sum()
    return sorted(str(each) for each in sums[sums > 0].index)


def known_days(spend: Spend, first: date, after: date) -> tuple[date, date]:
    """The days of a span of which spend is known, too."""
    return max(first, spend.first), min(after, spend.after)


def summed(amounts: pd.Series, first: date, weeks: int) -> Floats:
    """The sums of seven days each, from `first` on, of what is indexed by days."""
    totals = np.zeros(weeks)
    for day, amount in zip(amounts.index, amounts, strict=True):
        week = (pd.Timestamp(day).date() - first).days // 7
        if 0 <= week < weeks and pd.notna(amount):
            totals[week] += float(amount)
    return totals


def working_days(agreement: Agreement, first: date, weeks: int) -> Floats | None:
    """How far each week's working time lies from the usual, as a share; none where none is agreed.

    Missing where all weeks have the same.
    """
    if agreement.working_time is None:
        return None
    last = first + timedelta(days=7 * weeks)
    hours = working_intervals(agreement, first=first, last=last)
    hours = hours[hours["team"] == ""]
    seconds = (hours["closed_at"] - hours["opened_at"]).dt.total_seconds()
    opened = pd.DatetimeIndex(hours["opened_at"]).tz_localize("UTC")
    days = opened.tz_convert(agreement.timezone).date
    week = summed(pd.Series(seconds.to_numpy(), index=days).groupby(level=0).sum(), first, weeks)
    usual = float(np.median(week))
    if usual <= 0 or np.ptp(week) == 0:
        return None
    return np.asarray(week / usual - 1)


def days_of(first: date, weeks: int) -> list[date]:
    """The first days of consecutive weeks."""
    return [first + timedelta(days=7 * week) for week in range(weeks)]


def period_of(first: date, weeks: int) -> str:
    """The days of these weeks as a period is written."""
    return span(first, first + timedelta(days=7 * weeks)).label
