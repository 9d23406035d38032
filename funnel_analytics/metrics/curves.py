"""How many leads reach a stage by which age, while others are still on their way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import count_cohort
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.estimates import (
    cumulative_incidence,
    gray,
    incidence_error,
    incidence_interval,
    incidence_quantile,
    kaplan_meier,
    log_rank,
    survival_error,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import (
    By,
    Selection,
    arranged,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["Method", "conversion_curve"]

Method = Literal["aalen_johansen", "kaplan_meier"]

_AGES = (7, 14, 30, 60, 90, 180, 365, 730)
_KEYS = ["segment", "is_folded", "position", "stage"]
_COUNTS = ["reached_leads", "competing_leads", "censored_leads"]
_SHARES = ["incidence_rate", "incidence_low", "incidence_high", "standard_error"]
_COLUMNS = [*_KEYS, "day", "at_risk_leads", *_COUNTS, *_SHARES, "is_left_truncated"]
_TOTALS = ["leads", *_COUNTS, "unwatched_leads"]
_ENDS = ["longest_days", "mature_days", *_SHARES[:3]]
_UNITS = {
    "day": "whole days since creation",
    **dict.fromkeys(["at_risk_leads", *_TOTALS], "leads"),
    "incidence_rate": "share of the leads that had reached the stage by this age",
    "incidence_low": "share, lower end of the 95 % interval at this age",
    "incidence_high": "share, upper end of the 95 % interval at this age",
    "standard_error": "share",
    "longest_days": "days",
    "mature_days": "days",
}
_DEFINITIONS: Mapping[str, str] = {
    "aalen_johansen": (
        "Of the leads of the cohort, the share that had reached the stage (or a later one) by each "
        "age; lost and rejected leads can no longer reach it, open ones are watched up to as_of."
    ),
    "kaplan_meier": (
        "Of the leads of the cohort, the share that would have reached the stage (or a later one) "
        "by each age if none were lost or rejected; open ones are watched up to as_of."
    ),
}


def conversion_curve(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    stage: str | None = None,
    by: By | None = None,
    method: Method = "aalen_johansen",
) -> Result:
    """Which share of the leads had reached a stage by which age?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. They are followed up
        to `warehouse.as_of`.
    stage
        A stage after the first; all of them if none is given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.
    method
        `"aalen_johansen"`: the share that reaches the stage, as things are, when some leads are
        lost or rejected before. `"kaplan_meier"`: what the share would be were these open at their
        closing like others, which is higher and describes no leads that exist.

    Returns
    -------
    Result
        One row per segment, stage and whole day since creation on which something happened.

        A lead has `reached` the stage when it first was in it or a later one. It counts as
        `competing_leads` on the day on which it was lost or rejected without having reached it,
        if that was its last step; recycled leads and those in nurture may still come back, so they
        and all others are `censored_leads` at `as_of`. `at_risk_leads` were under observation at
        the beginning of the day. `incidence_rate` is the share that had reached the stage by the
        end of the day, with its `standard_error` and pointwise 95 % interval; these are missing
        where the share is 0 or 1.

        `is_left_truncated` marks curves of segments with leads older than the first day for which
        the data can hold entries up to the stage: they are at risk from the first whole day of
        their age after it.

        Part `totals`: one row per segment and stage, with `leads` (all that are watched), what
        became of them, `unwatched_leads` (through before the data begin, in no other count),
        `longest_days` (the longest anybody was watched), the rate by then, and `mature_days`, the
        age at which leads have made the agreed share (`mature_from`) of these entries. Part
        `milestones`: the curve at the ages 7, 14, 30, 60, 90, 180, 365 and 730 days, as far as it
        goes. Part `tests`: one row per stage, whether the segments (without merged small ones)
        share one curve: `statistic`, `degrees_of_freedom`, `p_value`; empty where there are not
        two segments.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing. Notes: `unwatched`,
        `excluded`, `folded`, `snapshot_entries`.

    Raises
    ------
    CallError
        The cohort begins after the data end, leads have no attribute `by`, the stage is unknown or
        the first, or the method is unknown.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Aalen & Johansen (1978), Scand. J. Stat. 5, 141-150, with the variance of Marubini & Valsecchi
    (1995), 10.3; Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481, with Greenwood's.
    Intervals on the log(-log) scale of one minus the share. Tests: Gray (1988), Ann. Statist. 16,
    1141-1154; for Kaplan-Meier the log-rank test (Mantel 1966). Delayed entry: Keiding & Gill
    (1990), Ann. Statist. 18, 582-602. Estimates are for whole days: who is last seen on a day
    counts as at risk of what happens on it.
    """
    if method not in get_args(Method):
        raise CallError(
            f"Unknown method '{method}'; known are {' and '.join(get_args(Method))}."
            f"{did_you_mean(str(method), get_args(Method))}"
        )
    positions = _positions(warehouse, stage)
    counted = count_cohort(warehouse, "conversion_curve", cohort=cohort, by=by)
    selection, found = counted.selection, counted.counts.table
    found = found[found["position"].isin(positions)]
    found["stage"] = found["position"].map(dict(enumerate(warehouse.agreement.stage_names, 1)))
    curves = [_curve(rows, method) for _, rows in found.groupby(_KEYS, dropna=False, sort=False)]
    mature_from = warehouse.agreement.maturity.mature_from
    totals = pd.DataFrame(
        [_totals(curve, mature_from) for curve in curves],
        columns=[*_KEYS, "segment_leads", *_TOTALS, *_ENDS, "is_left_truncated"],
    )
    return warehouse.result(
        "conversion_curve",
        grain="one row per segment, stage and day of age on which something happened",
        units=_UNITS,
        definition=_DEFINITIONS[method],
        answers=[counted.counts, *counted.answers],
        table=_shown(selection, curves, _COLUMNS, ["at_risk_leads", *_COUNTS], _SHARES),
        parameters={**selection.parameters("cohort"), "stage": stage, "method": method},
        parts={
            "totals": _shown(
                selection, [totals], [*_KEYS, *_TOTALS, *_ENDS, "is_left_truncated"], _TOTALS, _ENDS
            ),
            "milestones": _shown(
                selection,
                [_milestones(curve) for curve in curves],
                [*_KEYS, "day", "at_risk_leads", *_SHARES, "is_left_truncated"],
                ["at_risk_leads"],
                _SHARES,
            ),
            "tests": _tests(found, method),
        },
        notes=[*_unwatched_note(found), *counted.notes],
    )


def _positions(warehouse: Warehouse, stage: str | None) -> list[int]:
    """Which stages are asked for; every lead is in the first, so that it has no curve."""
    if stage is None:
        return list(range(2, len(warehouse.agreement.stages) + 1))
    position = warehouse.agreement.position(stage)
    if position == 1:
        raise CallError(
            f"Every lead begins in '{stage}', so there is no curve of it. Choose one of "
            f"{', '.join(warehouse.agreement.stage_names[1:])}."
        )
    return [position]


def _curve(rows: pd.DataFrame, method: Method) -> pd.DataFrame:
    """The curve of one segment and stage, from its counts by day."""
    joined = rows["joined_leads"]
    if method == "aalen_johansen":
        curve = cumulative_incidence(
            rows["day"],
            rows["reached_leads"],
            rows["competing_leads"],
            rows["censored_leads"],
            joined=joined,
        )
        share, error = curve["incidence"].to_numpy(), incidence_error(curve)
    else:
        away = rows["competing_leads"] + rows["censored_leads"]
        curve = kaplan_meier(rows["day"], rows["reached_leads"], away, joined=joined)
        share, error = 1 - curve["survival"].to_numpy(), survival_error(curve)
    low, high = incidence_interval(share, error)
    kept = rows.set_index("day").loc[curve["time"]].reset_index()
    first = rows.iloc[0]
    late = rows.loc[rows["day"] > 0, "joined_leads"].sum() + rows["unwatched_leads"].sum()
    return pd.DataFrame(
        {
            **{key: [first[key]] * len(curve) for key in _KEYS},
            "segment_leads": first["segment_leads"],
            "day": curve["time"].astype("int64"),
            "at_risk_leads": curve["at_risk"].astype("int64"),
            **{name: kept[name].astype("int64") for name in _COUNTS},
            "incidence_rate": share,
            "incidence_low": low,
            "incidence_high": high,
            "standard_error": error,
            "is_left_truncated": bool(late > 0),
        }
    ).assign(unwatched_leads=int(rows["unwatched_leads"].sum()))


def _totals(curve: pd.DataFrame, mature_from: float) -> dict[str, Any]:
    """What became of the leads of one curve, and when most of it had happened."""
    last = curve.iloc[-1]
    counts = {name: int(curve[name].sum()) for name in _COUNTS}
    timed = curve.rename(columns={"day": "time", "incidence_rate": "incidence"})
    return {
        **last[[*_KEYS, "segment_leads"]],
        "leads": sum(counts.values()),
        **counts,
        "unwatched_leads": last["unwatched_leads"],
        "longest_days": last["day"],
        "mature_days": incidence_quantile(timed, min(mature_from, 1 - 1e-9)),
        **last[_SHARES[:3]],
        "is_left_truncated": last["is_left_truncated"],
    }


def _milestones(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve at ages that people speak of, as far as somebody was watched."""
    days = curve["day"].to_numpy()
    ages = np.array([age for age in _AGES if len(days) and age <= days[-1]], dtype="int64")
    place = np.searchsorted(days, ages, side="right") - 1
    after = np.searchsorted(days, ages, side="left")
    at_age = curve.iloc[np.maximum(place, 0)].reset_index(drop=True)
    at_age[_SHARES] = at_age[_SHARES].mask(pd.Series(place < 0), np.nan)
    at_age["incidence_rate"] = at_age["incidence_rate"].mask(pd.Series(place < 0), 0.0)
    at_age["day"], at_age["at_risk_leads"] = ages, curve["at_risk_leads"].to_numpy()[after]
    return at_age


def _shown(
    selection: Selection,
    tables: list[pd.DataFrame],
    columns: list[str],
    counts: list[str],
    shares: list[str],
) -> pd.DataFrame:
    """Rows in the order of the segments, small ones hidden."""
    filled = [each for each in tables if len(each)]
    empty = pd.DataFrame(columns=[*columns, "segment_leads"])
    table = arranged(
        pd.concat(filled, ignore_index=True) if filled else empty,
        counts=counts,
        shares=shares,
        minimum_group_size=selection.minimum_group_size,
    )
    return selection.spread(table[columns])


def _tests(found: pd.DataFrame, method: Method) -> pd.DataFrame:
    """One row per stage: do the segments share one curve?"""
    rows = []
    for (position, stage), part in found.groupby(["position", "stage"], sort=True):
        counted = part[~part["is_folded"].astype(bool)].rename(
            columns={
                "day": "time",
                "reached_leads": "events",
                "competing_leads": "competing",
                "censored_leads": "censored",
                "joined_leads": "joined",
            }
        )
        groups = [rows for _, rows in counted.groupby("segment", dropna=False)]
        if len(groups) < 2:
            continue
        test = (gray if method == "aalen_johansen" else log_rank)(groups)
        rows.append(
            {
                "position": position,
                "stage": stage,
                "test": "gray" if method == "aalen_johansen" else "log_rank",
                "segments": len(groups),
                "statistic": test.statistic,
                "degrees_of_freedom": test.degrees,
                "p_value": test.p_value,
            }
        )
    names = ["statistic", "degrees_of_freedom", "p_value"]
    return pd.DataFrame(rows, columns=["position", "stage", "test", "segments", *names])


def _unwatched_note(found: pd.DataFrame) -> list[Note]:
    """How many leads were through before the data begin, at the stage with most of them?"""
    leads = found.groupby("position")["unwatched_leads"].sum()
    if leads.empty or leads.max() == 0:
        return []
    return [Note("unwatched", {"leads": int(leads.max())})]
