"""Which month was unusual? One rate over time, with the limits of chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import (
    Counting,
    Mode,
    Passes,
    Windows,
    count_cohort,
    counting,
    entry_curves,
    first_days,
    share_entered,
)
from funnel_analytics.control import FEWEST_POINTS, control_limits
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.estimates import wilson
from funnel_analytics.periods import Period, span
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, Selection, arranged
from funnel_analytics.warehouse import Warehouse

__all__ = ["ENTERED", "Every", "conversion_trend"]

Every = Literal["week", "month", "quarter"]
ENTERED = "entered"
"""What stands for all leads of a cohort where a stage could stand."""

_FREQUENCIES: Mapping[str, str] = {"week": "W-SUN", "month": "M", "quarter": "Q"}
_COUNTS = ("entered_leads", "not_due_leads", "previous_leads", "reached_leads")
_LIMITS = ("centre", "limit_low", "limit_high", "sigma_z")
_SHARES = ("rate", "low", "high", "maturity", *_LIMITS)
_COLUMNS = (
    "segment",
    "is_folded",
    "period_start",
    *_COUNTS,
    "rate",
    "low",
    "high",
    "maturity",
    "is_mature",
    "is_left_truncated",
    "is_complete",
    *_LIMITS,
    "is_unusual",
    "rule",
)
_UNITS = {
    **dict.fromkeys(_COUNTS, "leads"),
    "rate": "share of previous_leads",
    "low": "share of previous_leads, lower end of the 95 % interval",
    "high": "share of previous_leads, upper end of the 95 % interval",
    "maturity": "share of the eventual entries expected by now",
    "centre": "share of previous_leads, all judged periods together",
    "limit_low": "share of previous_leads",
    "limit_high": "share of previous_leads",
    "sigma_z": "standard deviations of the binomial",
}


def conversion_trend(
    warehouse: Warehouse,
    *,
    stage: str | None = None,
    previous: str | None = None,
    every: Every = "month",
    cohort: Period | None = None,
    by: By | None = None,
    mode: Mode = "at_least",
    within_days: Windows | None = None,
    optional: Sequence[str] | None = None,
    passes: Passes = "all",
) -> Result:
    """How did one conversion rate change, and which week, month or quarter was unusual?

    Parameters
    ----------
    warehouse
        An open warehouse.
    stage
        The stage to be reached; by default the last.
    previous
        The stage that the leads come from: one before `stage`, by default that of its step.
        `"entered"` stands for all leads of the cohort.
    every
        How long the periods of creation are; weeks begin on Monday.
    cohort
        The days on which the leads were created; all days if none are given. A period at either
        end counts with its days in them.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`. Each segment has limits of its own.
    mode, within_days, optional, passes
        As for `stage_conversion`.

    Returns
    -------
    Result
        One row per segment and period of creation, periods in order; one without leads has a row
        of zeros.

        `period_start` is the first day of the period. `entered_leads` are its leads that are old
        enough for the windows (all of them without windows), `not_due_leads` the others,
        `previous_leads` those of the former that had reached `previous`, `reached_leads` those of
        these that had reached `stage`. `rate` is reached / previous with its 95 % interval, `low`
        to `high`; 0 of 0 is missing. `maturity`, `is_mature` and `is_left_truncated` are those of
        `stage_conversion`. `is_complete` is false for a period of which the cohort or the data
        lack days.

        `centre` is the rate of all judged periods of the segment together, `limit_low` and
        `limit_high` are the limits within which chance keeps a rate of so many leads, and
        `sigma_z` how much wider than the binomial's they are because rates vary more than that (1:
        no wider). Judged are mature periods that are not cut off on the left and have a rate; the
        others, and all of a segment with fewer than eight of them, have no limits.
        `is_unusual` says whether a `rule` holds: `"beyond_limit"`, or `"run_of_eight"` (the rate
        is the eighth or a later one in a row on one side of the centre).

        Groups with fewer leads in the cohort than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. So are
        those of a period with fewer leads, which is not judged either.
        Notes: `too_few_periods` (`segments` without limits, of how many), `hidden_periods` (rows
        with too few leads), `not_due`, `excluded`, `folded`, `snapshot_entries`, `never_recorded`.

    Raises
    ------
    CallError
        As for `stage_conversion`; or `every` is none of the three, `stage` is the first one, or
        `previous` does not lie before it.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Limits: Laney's p' chart (2002), Quality Engineering 14, 531-537, never narrower than the
    binomial's three sigma; runs: Nelson (1984), Journal of Quality Technology 16, 237-239, with
    eight instead of nine, the centre of a run without the rates beyond the limits. The judged
    periods themselves set the limits, an unusual one too.
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Maturity: see `stage_conversion`.
    """
    agreement = warehouse.agreement
    if every not in get_args(Every):
        raise CallError(
            f"A trend is by {', '.join(get_args(Every))}, not by '{every}'."
            f"{did_you_mean(str(every), get_args(Every))}"
        )
    asked = counting(
        agreement, mode=mode, within_days=within_days, optional=optional, passes=passes
    )
    target, base = _positions(asked, stage, previous)
    counted = count_cohort(
        warehouse,
        "conversion_trend",
        asked=asked,
        cohort=cohort,
        by=by,
        stage=target,
        previous=base,
    )
    selection, days = counted.selection, counted.counts.table
    curve = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of, unit_seconds=86_400)
    smallest = selection.minimum_group_size
    periods = _periods(warehouse, selection, every)
    table = _cells(days, periods, selection, every)
    table["maturity"] = _maturity(table, days, entry_curves(curve.table), target, asked, every)
    table["is_mature"] = table["maturity"] >= agreement.maturity.mature_from
    starts = first_days(warehouse)[target]
    table["is_left_truncated"] = table["first_created_at"].fillna(table["starts_at"]) < starts
    hidden = table["cohort_leads"].between(1, smallest - 1)
    table = _with_limits(_with_rates(table), hidden)
    table = arranged(table, counts=_COUNTS, shares=_SHARES, minimum_group_size=smallest)
    names = (ENTERED, *agreement.stage_names)
    return warehouse.result(
        "conversion_trend",
        grain=f"one row per segment and {every} of creation",
        units=asked.units(_UNITS, counts=_COUNTS),
        definition=(
            f"{asked.definition} Limits: three sigma of the binomial over the mature periods, "
            "wider where rates vary more than by chance."
        ),
        answers=[counted.counts, curve, *counted.answers],
        table=selection.spread(table[list(_COLUMNS)]),
        parameters={
            **selection.parameters("cohort"),
            "stage": names[target],
            "previous": names[base],
            "every": every,
            **asked.parameters,
        },
        notes=[*_own_notes(table, hidden, asked, target), *counted.notes],
    )


def _positions(asked: Counting, stage: str | None, previous: str | None) -> tuple[int, int]:
    """The numbers of the two stages; 0 stands for all leads."""
    names = asked.agreement.stage_names
    target = len(names) if stage is None else asked.agreement.position(stage)
    if target == 1:
        raise CallError(f"Leads begin in {names[0]}: its rate is no trend. Choose a later stage.")
    if previous is None:
        return target, asked.bases[target - 1]
    base = 0 if previous == ENTERED else asked.agreement.position(previous)
    if base >= target:
        raise CallError(f"{previous} does not lie before {names[target - 1]}.")
    return target, base


def _period_of(days: pd.Series, every: str) -> pd.Series:
    """The first day of the period that each day lies in."""
    return (
        pd.to_datetime(days)
        .dt.to_period(_FREQUENCIES[every])
        .dt.start_time.astype("datetime64[us]")
    )


def _periods(warehouse: Warehouse, selection: Selection, every: str) -> pd.DataFrame:
    """The periods that the cohort touches and that had begun by `as_of`."""
    rows = []
    asked = selection.period
    for each in pd.period_range(asked.start, asked.last_day, freq=_FREQUENCIES[every]):
        first, after = each.start_time.date(), (each + 1).start_time.date()
        start, end = span(first, after).bounds(warehouse.timezone)
        whole = first >= asked.start and after <= asked.end and end <= warehouse.as_of
        if start < warehouse.as_of:
            rows.append((pd.Timestamp(first), start, whole))
    return pd.DataFrame(rows, columns=["period_start", "starts_at", "is_complete"]).astype(
        {"period_start": "datetime64[us]", "starts_at": "datetime64[us]"}
    )


def _cells(
    days: pd.DataFrame, periods: pd.DataFrame, selection: Selection, every: str
) -> pd.DataFrame:
    """A row for each segment and period, with zeros where it has no leads."""
    keys = ["segment", "is_folded"]
    days = days.assign(segment=days["segment"].astype(object).where(days["segment"].notna(), None))
    segments = days[[*keys, "segment_leads"]].drop_duplicates()
    if selection.by is None and segments.empty:
        segments = pd.DataFrame({"segment": [None], "is_folded": [False], "segment_leads": [0]})
    counted = (
        days.assign(period_start=_period_of(days["created_on"], every))
        .groupby([*keys, "period_start"], dropna=False, as_index=False)
        .agg(
            cohort_leads=("cohort_leads", "sum"),
            entered_leads=("entered_leads", "sum"),
            previous_leads=("previous_leads", "sum"),
            reached_leads=("reached_leads", "sum"),
            first_created_at=("first_created_at", "min"),
        )
    )
    counted["segment"] = counted["segment"].astype(object).where(counted["segment"].notna(), None)
    table = segments.merge(periods, how="cross").merge(
        counted, how="left", on=[*keys, "period_start"]
    )
    for name in ("cohort_leads", "entered_leads", "previous_leads", "reached_leads"):
        table[name] = table[name].fillna(0).astype("int64")
    table["not_due_leads"] = table["cohort_leads"] - table["entered_leads"]
    return table


def _maturity(
    table: pd.DataFrame,
    days: pd.DataFrame,
    curves: Mapping[int, pd.DataFrame],
    target: int,
    asked: Counting,
    every: str,
) -> list[float]:
    """Per segment and period, the mean over its leads of the entries expected by their age."""
    if asked.is_within(target):
        return [1.0 if due else float("nan") for due in table["entered_leads"]]
    aged = days.assign(period_start=_period_of(days["created_on"], every))
    of_cell = {
        _cell(*key): rows
        for key, rows in aged.groupby(["segment", "is_folded", "period_start"], dropna=False)
    }
    shares = []
    for key in zip(table["segment"], table["is_folded"], table["period_start"], strict=True):
        rows = of_cell.get(_cell(*key), aged.iloc[:0])
        shares.append(
            share_entered(curves, target, ages=rows["age_days"], leads=rows["cohort_leads"])
        )
    return shares


def _cell(segment: Any, is_folded: Any, period_start: Any) -> tuple[str | None, bool, datetime]:
    named = segment if isinstance(segment, str) else None
    return named, bool(is_folded), pd.Timestamp(period_start)


def _with_rates(table: pd.DataFrame) -> pd.DataFrame:
    of = table["previous_leads"].where(table["previous_leads"] > 0).astype("float64")
    low, high = wilson(table["reached_leads"], table["previous_leads"])
    return table.assign(rate=table["reached_leads"] / of, low=low, high=high)


def _with_limits(table: pd.DataFrame, hidden: pd.Series) -> pd.DataFrame:
    """Limits over the judged periods of each segment; what may not be shown is blanked."""
    judged = (
        table["is_mature"] & ~table["is_left_truncated"] & table["previous_leads"].gt(0) & ~hidden
    )
    limited = table.assign(**dict.fromkeys(_LIMITS, np.nan), is_unusual=False)
    limited["rule"] = pd.Series([None] * len(table), index=table.index, dtype=object)
    for _, rows in table[judged].groupby(["segment", "is_folded"], dropna=False):
        found = control_limits(rows["reached_leads"], rows["previous_leads"]).set_axis(rows.index)
        for name in found.columns:
            limited.loc[rows.index, name] = found[name]
    for name in _COUNTS:
        limited[name] = limited[name].astype("Int64").mask(hidden)
    for name in ("rate", "low", "high", "maturity"):
        limited[name] = limited[name].mask(hidden)
    return limited


def _own_notes(table: pd.DataFrame, hidden: pd.Series, asked: Counting, target: int) -> list[Note]:
    notes = asked.not_due_note(table["not_due_leads"].sum(), stage=target)
    if hidden.any():
        notes.append(Note("hidden_periods", {"periods": int(hidden.sum())}))
    limits = table.assign(segment=table["segment"].fillna("")).groupby(
        ["segment", "is_folded"], dropna=False
    )["limit_low"]
    without = int((limits.count() == 0).sum())
    if without:
        counts = {"segments": without, "of": len(limits), "fewest": FEWEST_POINTS}
        notes.append(Note("too_few_periods", counts))
    return notes
