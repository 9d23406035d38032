"""The legs of the way to the first contact: how long each took, and how many were in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import quantile_of
from funnel_analytics.metrics.response.waits import HOUR, LEGS, OUTCOMES, Waits, in_time
from funnel_analytics.segments import arranged

__all__ = ["COUNTS", "CURVE_COLUMNS", "SHARES", "by_leg", "leg_curves", "leg_rows"]

COUNTS = (
    "leads",
    "contacted_leads",
    "waiting_leads",
    "before_creation_leads",
    "day_precision_leads",
    "due_leads",
    "not_yet_due_leads",
    "within_deadline_leads",
)
SHARES = (
    "median_hours",
    "p90_hours",
    "median_calendar_hours",
    "deadline_hours",
    "within_deadline_share",
    "within_deadline_low",
    "within_deadline_high",
)
CURVE_COLUMNS = ("segment", "is_folded", "leg", "hours", "share_contacted", "at_risk")
_LEGS_WITH_DEADLINE = ("assigned_to_contacted", "wait")
_CURVE_STEPS = 300


def leg_rows(
    waits: Waits, segments: pd.DataFrame, *, legs: Sequence[str]
) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    """The row of each segment and leg, and its curve.

    `legs` are those that a whole cohort has a row of each of, even with no leads.
    """
    groups = {(segment, leg): group for segment, leg, group in waits.legs()}
    whole = segments.index[0] if len(segments) else 0
    nobody = waits.where(np.zeros(len(waits), dtype=bool))
    rows: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    for segment, leg in {**groups, **dict.fromkeys((whole, leg) for leg in legs)}:
        key = _named(segments, segment) | {"leg": leg}
        row, curve = _leg(groups.get((segment, leg), nobody), leg)
        rows.append(key | row)
        curves.append(curve.assign(**key))
    return rows, curves


def _named(segments: pd.DataFrame, number: int) -> dict[str, Any]:
    if number not in segments.index:
        return {"segment": None, "is_folded": False, "segment_leads": 0, "merged_groups": 1}
    row = segments.loc[number].to_dict()
    return {
        "segment": row["segment"] if isinstance(row["segment"], str) else None,
        "is_folded": bool(row["is_folded"]),
        "segment_leads": int(row["segment_leads"]),
        "merged_groups": int(row["merged_groups"]),
    }


def _leg(group: Waits, leg: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """One row of the table and its curve."""
    counts, timed = group.outcomes, group.timed
    working, calendar = timed.survival("working_seconds"), timed.survival("elapsed_seconds")
    row = {
        "leads": len(group),
        **{f"{outcome}_leads": counts[outcome] for outcome in OUTCOMES},
        "median_hours": quantile_of(working, 0.5),
        "p90_hours": quantile_of(working, 0.9),
        "median_calendar_hours": quantile_of(calendar, 0.5),
    }
    return row | (_deadline(group, timed) if leg in _LEGS_WITH_DEADLINE else {}), _curve(working)


def _deadline(group: Waits, timed: Waits) -> dict[str, Any]:
    """How many leads were contacted within the agreed deadline, of those it has come for?"""
    deadlines = np.unique(group.column("deadline_seconds"))
    if (deadlines < 0).any():
        return {}
    is_within = timed.column("working_seconds") <= timed.column("deadline_seconds")
    judged = in_time(timed.happened, is_within)
    return {
        "deadline_hours": deadlines[0] / HOUR if len(deadlines) == 1 else np.nan,
        "not_yet_due_leads": len(timed) - judged["due_leads"],
        **judged,
    }


def _curve(working: pd.DataFrame) -> pd.DataFrame:
    """The steps of a survival curve as the share contacted, thinned evenly; from 0 to its end."""
    if working.empty:
        return pd.DataFrame(columns=["hours", "share_contacted", "at_risk"])
    last = len(working) - 1
    steps = working.index[working["events"] > 0].to_numpy()
    if len(steps) > _CURVE_STEPS - 1:
        steps = steps[np.linspace(0, len(steps) - 1, _CURVE_STEPS - 1).round().astype(int)]
    kept = working.loc[np.union1d(steps, [last])]
    curve = pd.DataFrame(
        {
            "hours": kept["time"],
            "share_contacted": 1 - kept["survival"],
            "at_risk": kept["at_risk"],
        }
    )
    if curve["hours"].iloc[0] == 0:
        return curve
    start = {"hours": 0.0, "share_contacted": 0.0, "at_risk": working["at_risk"].iloc[0]}
    return pd.concat([pd.DataFrame([start]), curve])


def leg_curves(curves: list[pd.DataFrame], minimum_group_size: int) -> pd.DataFrame:
    """All curves under one another, without those of folded groups that are still too small."""
    shown = [
        curve
        for curve in curves
        if len(curve)
        and not (curve["is_folded"].iloc[0] and curve["segment_leads"].iloc[0] < minimum_group_size)
    ]
    if not shown:
        return pd.DataFrame(columns=list(CURVE_COLUMNS))
    joined = arranged(
        by_leg(pd.concat(shown, ignore_index=True)),
        counts=["at_risk"],
        shares=["hours", "share_contacted"],
        minimum_group_size=minimum_group_size,
    )
    return joined[list(CURVE_COLUMNS)]


def by_leg(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of the legs, those of one leg as they are."""
    order = table["leg"].map(LEGS.index).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)
