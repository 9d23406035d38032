"""How long the way to a win takes, and which open leads have been in their stage for too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import count_cohort
from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    cumulative_incidence,
    incidence_quantile,
    incidence_quantile_interval,
    median_test,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Result
from funnel_analytics.segments import FOLDED, By, arranged
from funnel_analytics.warehouse import Warehouse

__all__ = ["sales_cycle", "stuck_leads"]

_HOURS = 24
_KEYS = ["segment", "is_folded"]
_CYCLE_COUNTS = ["started_leads", "reached_leads", "ended_leads", "open_leads"]
_QUANTILES = {"median": 0.5, "p75": 0.75, "p90": 0.9}
_BOUNDS = ("days", "low_days", "high_days")
_CYCLE_DAYS = [f"{name}_{bound}" for name in _QUANTILES for bound in _BOUNDS]
_CYCLE_SHARES = [*_CYCLE_DAYS, "naive_median_days"]
_CYCLE = [*_KEYS, "start_stage", "end_stage", *_CYCLE_COUNTS, *_CYCLE_SHARES, "is_left_truncated"]
_CYCLE_UNITS = {
    **dict.fromkeys(_CYCLE_COUNTS, "leads"),
    **dict.fromkeys(_CYCLE_SHARES, "days"),
    **{f"{name}_low_days": "days, lower end of the 95 % interval" for name in _QUANTILES},
    **{f"{name}_high_days": "days, upper end of the 95 % interval" for name in _QUANTILES},
}
_STUCK_COUNTS = ["open_leads", "stuck_leads"]
_STUCK_SHARES = ["stuck_share", "median_age_days", "open_amount", "stuck_amount"]
_STUCK = [
    *_KEYS,
    "position",
    "stage",
    "open_leads",
    "expected_days",
    "stuck_leads",
    *_STUCK_SHARES,
]


def sales_cycle(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    start: str | None = None,
    end: str | None = None,
    by: By | None = None,
) -> Result:
    """How many days did leads take from one stage to another, of those that get there?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. They are followed up
        to `warehouse.as_of`.
    start, end
        The stages between which time is measured; the first and the last if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.

    Returns
    -------
    Result
        One row per segment.

        `started_leads` have a recorded entry into `start`; those that skipped it have no time.
        `reached_leads` of them have been in `end` or a later one, `ended_leads` were lost or
        rejected without it as their last step, and `open_leads` may still get there. Time runs
        from the first entry into `start` to the first instant in `end` or a later stage (0 where
        this is earlier), in whole hours, given in days.

        `median_days`, `p75_days` and `p90_days` are the days after which half, three quarters and
        nine tenths of the leads that get to `end` are there, with open leads counted for as long as
        they were watched. `median_low_days`, `median_high_days` and so on are their 95 % intervals;
        an upper end that the data do not bound is the longest follow-up. `naive_median_days` is the
        median of those already there, which is mostly too short, as slow ones are still on their
        way. All are missing where nobody got there.
        `is_left_truncated` marks segments with leads that started before the first day for which
        the data can hold entries up to `end`; they are watched from then on.

        Groups with fewer leads in the cohort than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`, `snapshot_entries`.

        Part `tests` (with `by`): one row, whether the medians of the segments differ: `test`
        (`"median"`), `segments` that were compared (those by name, and without a value, with at
        least `minimum_group_size` leads that got there), `statistic`, `degrees` of freedom and
        `p_value`, missing where fewer than two could be compared.

    Raises
    ------
    CallError
        The cohort begins after the data end, leads have no attribute `by`, a stage is unknown, or
        `end` is not after `start`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    The quantile p is the first time with I(t) >= p I(L), where I is the cumulative incidence of
    `end` with losses competing (Aalen & Johansen 1978, Scand. J. Stat. 5, 141-150) and L the
    longest follow-up. What happens later than L is unknown: in young data the days are too few.
    Intervals hold the times at which a test of p does not reject (Brookmeyer & Crowley 1982a,
    Biometrics 38, 29-41), the test of the segments is their median test (1982b, J. Am. Stat. Assoc.
    77, 433-440), both for I(t) / I(L).
    """
    names = warehouse.agreement.stage_names
    first, last = start or names[0], end or names[-1]
    places = warehouse.agreement.position(first), warehouse.agreement.position(last)
    if places[0] >= places[1]:
        raise CallError(f"The sales cycle ends in a later stage than '{first}', not in '{last}'.")
    counted = count_cohort(
        warehouse, "sales_cycle", cohort=cohort, by=by, start=places[0], finish=places[1]
    )
    selection, found = counted.selection, counted.counts.table
    smallest = selection.minimum_group_size
    groups = [rows for _, rows in found.groupby(_KEYS, dropna=False, sort=False)]
    curves = [_curve(rows) for rows in groups]
    table = pd.DataFrame(
        [_cycle(rows, curve) for rows, curve in zip(groups, curves, strict=True)],
        columns=[*_KEYS, "segment_leads", *_CYCLE_COUNTS, *_CYCLE_SHARES, "is_left_truncated"],
    )
    table = arranged(table, counts=_CYCLE_COUNTS, shares=_CYCLE_SHARES, minimum_group_size=smallest)
    return warehouse.result(
        "sales_cycle",
        grain="one row per segment",
        units=_CYCLE_UNITS,
        definition=(
            "Time from the first entry into one stage to the first into another (or a later one), "
            "of the leads that get there; open leads count for as long as they were watched."
        ),
        answers=[counted.counts, *counted.answers],
        table=selection.spread(table.assign(start_stage=first, end_stage=last)[_CYCLE]),
        parameters={**selection.parameters("cohort"), "start": first, "end": last},
        parts={} if by is None else {"tests": _tested(groups, curves, smallest)},
        notes=counted.notes,
    )


def _curve(rows: pd.DataFrame) -> pd.DataFrame:
    """The incidence by hour of those that were watched."""
    watched = rows["reached_leads"] - rows["unwatched_reached_leads"]
    ended = rows["ended_leads"] - rows["unwatched_ended_leads"]
    still = rows["started_leads"] - rows["unwatched_leads"] - watched - ended
    return cumulative_incidence(rows["hour"], watched, ended, still, joined=rows["joined_leads"])


def _tested(
    groups: Sequence[pd.DataFrame], curves: Sequence[pd.DataFrame], smallest: int
) -> pd.DataFrame:
    """Whether the medians of the segments differ."""
    compared = [
        place
        for place, rows in enumerate(groups)
        if not rows["is_folded"].iloc[0] and rows["reached_leads"].sum() >= smallest
    ]
    pooled = pd.concat([groups[place] for place in compared]) if compared else pd.DataFrame()
    test = median_test(
        [curves[place] for place in compared],
        pooled=_curve(pooled) if compared else pooled,
    )
    return pd.DataFrame(
        {
            "test": ["median"],
            "segments": [len(compared)],
            "statistic": [test.statistic],
            "degrees": [test.degrees],
            "p_value": [test.p_value],
        }
    )


def _cycle(rows: pd.DataFrame, curve: pd.DataFrame) -> dict[str, Any]:
    """The durations of one segment, from its counts by hour."""
    totals = rows[_CYCLE_COUNTS[:3]].sum()
    late = rows.loc[rows["hour"] > 0, "joined_leads"].sum() + rows["unwatched_leads"].sum()
    return {
        **rows.iloc[0][[*_KEYS, "segment_leads"]],
        **totals,
        "open_leads": totals["started_leads"] - totals["reached_leads"] - totals["ended_leads"],
        **_quantiles(curve),
        "naive_median_days": _median(rows["hour"], rows["reached_leads"]) / _HOURS,
        "is_left_truncated": bool(late > 0),
    }


def _quantiles(curve: pd.DataFrame) -> dict[str, float]:
    """The days after which so many of those that arrive are there, with their intervals."""
    found: dict[str, float] = {}
    for name, p in _QUANTILES.items():
        hours = (incidence_quantile(curve, p), *incidence_quantile_interval(curve, p))
        found |= {
            f"{name}_{bound}": each / _HOURS for bound, each in zip(_BOUNDS, hours, strict=True)
        }
    return found


def _median(values: pd.Series, counts: pd.Series) -> float:
    """The median of values of which each occurs so often; missing if there are none."""
    ordered = np.repeat(values.to_numpy(float), counts.to_numpy("int64"))
    return float(np.median(ordered)) if len(ordered) else float("nan")


def stuck_leads(warehouse: Warehouse, *, by: By | None = None) -> Result:
    """Which open leads have been in their stage for longer than agreed?

    Parameters
    ----------
    warehouse
        An open warehouse.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.

    Returns
    -------
    Result
        One row per segment and stage (but the last) that leads are in at `as_of`: their last step
        was an entry into it, with no status after it that ends or suspends their way.

        `open_leads` are in the stage, `stuck_leads` of them for more than `expected_days`, the
        agreed duration; `stuck_share` is their share. `median_age_days` is how long the open ones
        have been there. `open_amount` and `stuck_amount` are what the open deals of these leads
        are worth; a deal is shared equally by the leads on it that are in a stage, and one without
        an amount adds nothing. Counts and shares of stuck leads are missing where no duration was
        agreed, amounts where no deals were loaded.

        Part `leads`: one row per stuck lead, longest over first: `lead` (the id as stored), its
        `segment`, `stage`, `age_days` in it and `over_days` beyond the agreed ones.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing. Notes: `excluded`,
        `folded`, `snapshot_entries`.

    Raises
    ------
    CallError
        Leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.
    """
    counted = count_cohort(warehouse, "stuck_leads", cohort=None, by=by)
    selection = counted.selection
    each = warehouse.query("metrics/stuck_leads_each", by=selection.by, as_of=warehouse.as_of)
    table = arranged(
        _by_stage(warehouse, counted.counts.table),
        counts=_STUCK_COUNTS,
        shares=_STUCK_SHARES,
        minimum_group_size=selection.minimum_group_size,
    )
    currency = warehouse.agreement.currency
    return warehouse.result(
        "stuck_leads",
        grain="one row per segment and stage that leads are in",
        units={
            **dict.fromkeys(_STUCK_COUNTS, "leads"),
            "expected_days": "days",
            "stuck_share": "share of open_leads",
            "median_age_days": "days",
            "open_amount": currency,
            "stuck_amount": currency,
        },
        definition=(
            "Leads whose last step was an entry into the stage, and those of them that have been "
            "in it for longer than the agreement expects."
        ),
        answers=[counted.counts, each, *counted.answers],
        table=selection.spread(table[_STUCK]),
        parameters={**selection.parameters("cohort"), "currency": currency},
        parts={"leads": selection.spread(_each(each.table, table))},
        notes=counted.notes,
    )


def _by_stage(warehouse: Warehouse, found: pd.DataFrame) -> pd.DataFrame:
    """The counts with what the agreement says, and nothing where it says nothing."""
    stages = dict(enumerate(warehouse.agreement.stages, 1))
    table = found.assign(
        stage=[stages[position].name for position in found["position"]],
        expected_days=pd.Series(
            [stages[position].expected_days for position in found["position"]],
            index=found.index,
            dtype="float64",
        ),
        stuck_leads=found["stuck_leads"].astype("Int64"),
        stuck_share=found["stuck_leads"] / found["open_leads"],
    )
    unknown = table["expected_days"].isna()
    table["stuck_leads"] = table["stuck_leads"].mask(unknown)
    table[["stuck_share", "stuck_amount"]] = table[["stuck_share", "stuck_amount"]].mask(unknown)
    if not warehouse.has("deal"):
        table[["open_amount", "stuck_amount"]] = np.nan
    return table


def _each(leads: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The single leads, of a group too small to show under the merged one."""
    shown = set(table.loc[~table["is_folded"], "segment"].dropna())
    missing = bool((table["segment"].isna() & ~table["is_folded"]).any())
    is_shown = leads["segment"].isin(shown) | (leads["segment"].isna() & missing)
    segment = leads["segment"].astype(object).where(leads["segment"].notna(), None)
    named = leads.assign(segment=segment.where(is_shown, FOLDED), is_folded=~is_shown)
    return named[["lead", *_KEYS, "position", "stage", "age_days", "over_days"]]
