"""How many own activities leads see in each stage, and what became of them there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import wilson
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import Selection, excluded_leads, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["BANDS", "LANDMARK_DAYS", "OUTCOMES", "activity_levels"]

BANDS = ((0, 0), (1, 1), (2, 2), (3, 4), (5, None))
"""The bands of activities in a stay: from, to; the last is open."""

LANDMARK_DAYS = 7
"""After how many days of a stay its activities are counted where time must not count for them."""

OUTCOMES = ("moved_on", "moved_back", "closed", "still_there")
"""What ended a stay, in the order in which it is shown."""

_DAY = 86_400
_WEEK = 7
_LEAD_OUTCOMES = ("won", "over", "open")
_COUNTS = ["stays", "activities", "untouched_stays"]
_MEASURES = ["mean_activities", "median_activities", "p90_activities", "mean_days",
             "activities_per_week"]  # fmt: skip
_ROW = ["position", "stage", "outcome", "stays", "activities", "mean_activities",
        "median_activities", "p90_activities", "untouched_stays", "mean_days",
        "activities_per_week"]  # fmt: skip
_BAND_COUNTS = ["stays", *(f"{each}_stays" for each in OUTCOMES), "ended_stays"]
_RATES = ["moved_on_rate", "moved_on_low", "moved_on_high"]
_BAND = ["view", "position", "stage", "from_activities", "to_activities", *_BAND_COUNTS, *_RATES]
_KIND = ["position", "stage", "outcome", "kind", "activities", "stays_with", "of_stays",
         "mean_activities"]  # fmt: skip
_LEAD = ["outcome", "leads", "activities", "mean_activities", "median_activities",
         "p90_activities", "untouched_leads"]  # fmt: skip


def activity_levels(warehouse: Warehouse, *, cohort: Period | None = None) -> Result:
    """How many own activities do leads see in a stage, by what became of them there?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. They are followed up
        to `warehouse.as_of`.

    Returns
    -------
    Result
        One row per stage, but the last, and outcome of a stay in it: `moved_on` to a later stage,
        `moved_back`, `closed` (lost, rejected, recycled or nurture) or `still_there` at `as_of`.

        Own activities are those of our people towards the lead that no machine made; one belongs
        to the stay in which it lies (of one whose day alone is known, that at the end of the day).
        `stays` had `activities` together: `mean_activities`, `median_activities` and
        `p90_activities` per stay, none in `untouched_stays`. Long stays gather more, so
        `activities_per_week` says how dense they are: all of them over the `mean_days` of all
        stays, per week.

        `part("bands")`: per `view`, stage and band (`from_activities` to `to_activities`, open if
        missing) what became of the `stays`, and the `moved_on_rate`: the share of `ended_stays`
        that moved on, with its 95 % interval. The view `"all"` has every stay with all of its
        activities. A lead that moves on at once leaves no time for any, and one that stays gathers
        them: so the view `"landmark"` has the stays that lasted seven days, by the activities of
        these days. Even there the numbers do not tell what an activity does: people work hardest on
        the leads that they think good.

        `part("by_kind")`: per stage, outcome and `kind` of activity how many there were, in how
        many of the stays (`stays_with`, `of_stays`) and per stay; a missing kind was not stated.
        `part("per_lead")`: all own activities towards a lead, in whatever stage, by what became of
        it: `won`, `over` (lost or rejected) or `open`.

        Groups with fewer stays, or leads, than the agreement's `minimum_group_size` are not
        hidden: no attribute splits them. Notes: `excluded`, `outside_stays` (own activities before
        the creation, after a closing or in the last stage, which belong to no row).

    Raises
    ------
    CallError
        The cohort begins after the data end.
    MissingTableError
        No stage history or no activities were loaded.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Landmark: Anderson, Cain & Gelber
    (1983), J. Clin. Oncol. 1, 710-719.
    """
    warehouse.require("lead", "stage_event", "activity", metric="activity_levels")
    selection = select_leads(warehouse, period=cohort, by=None)
    span = {"cohort_start": selection.start, "cohort_end": selection.end}
    levels = warehouse.query(
        "metrics/activity_levels",
        as_of=warehouse.as_of,
        landmark_seconds=LANDMARK_DAYS * _DAY,
        **span,
    )
    kinds = warehouse.query("metrics/activity_kinds", **span)
    leads = warehouse.query("metrics/activity_leads", **span)
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    names = dict(enumerate(warehouse.agreement.stage_names, 1))
    table = _levels(levels.table, names)
    per_lead = _per_lead(leads.table)
    outside = int(per_lead["activities"].sum() - table["activities"].sum())
    return warehouse.result(
        "activity_levels",
        grain="one row per stage and outcome of a stay",
        units={
            "stays": "stays",
            "untouched_stays": "stays",
            "activities": "activities",
            **dict.fromkeys(_MEASURES[:3], "activities per stay"),
            "mean_days": "days",
            "activities_per_week": "activities per week of stay",
        },
        definition=(
            "Own activities between the entry into a stage and the next step, by what became of "
            "the lead there."
        ),
        answers=[levels, kinds, leads, excluded],
        table=table,
        parameters=_parameters(selection),
        parts={
            "bands": _bands(levels.table, names),
            "by_kind": _by_kind(kinds.table, table, names),
            "per_lead": per_lead,
        },
        notes=[note, *([Note("outside_stays", {"activities": outside})] if outside else [])],
    )


def _parameters(selection: Selection) -> dict[str, Any]:
    return {**selection.parameters("cohort"), "landmark_days": LANDMARK_DAYS}


def _levels(found: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    rows = []
    for position, stage in list(names.items())[:-1]:
        for outcome in OUTCOMES:
            here = found[(found["position"] == position) & (found["outcome"] == outcome)]
            days = float(here["days"].sum())
            told = _told(here["activities"], here["stays"])
            stays, activities = told["count"], told["activities"]
            rows.append(
                {
                    "position": position,
                    "stage": stage,
                    "outcome": outcome,
                    "stays": stays,
                    **told,
                    "untouched_stays": told["untouched"],
                    "mean_days": days / stays if stays else np.nan,
                    "activities_per_week": activities / (days / _WEEK) if days > 0 else np.nan,
                }
            )
    return pd.DataFrame(rows, columns=_ROW).astype(dict.fromkeys(_COUNTS, "int64"))


def _told(activities: pd.Series, counts: pd.Series) -> dict[str, Any]:
    """What activities there were, from how often each number of them was."""
    times = counts.to_numpy("int64")
    each = np.repeat(activities.to_numpy("int64"), times)
    return {
        "count": len(each),
        "activities": int(each.sum()),
        "mean_activities": float(each.mean()) if len(each) else np.nan,
        "median_activities": float(np.median(each)) if len(each) else np.nan,
        "p90_activities": float(np.quantile(each, 0.9)) if len(each) else np.nan,
        "untouched": int((each == 0).sum()),
    }


def _bands(found: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    """Both views: all stays, and those that lasted till the landmark by what was done by then."""
    landmark = found[found["early_activities"].notna()]
    views = (
        ("all", found["activities"], found),
        ("landmark", landmark["early_activities"], landmark),
    )
    rows = [
        _band(view, activities, stays[stays["position"] == position], (position, stage), limits)
        for view, activities, stays in views
        for position, stage in list(names.items())[:-1]
        for limits in BANDS
    ]
    table = pd.DataFrame(rows, columns=_BAND)
    table["to_activities"] = table["to_activities"].astype("Int64")
    table["moved_on_low"], table["moved_on_high"] = wilson(
        table["moved_on_stays"], table["ended_stays"]
    )
    return table


def _band(
    view: str,
    activities: pd.Series,
    stays: pd.DataFrame,
    place: tuple[int, str],
    limits: Sequence[int | None],
) -> dict[str, Any]:
    low, high = limits
    counted = activities.loc[stays.index]
    within = (counted >= low) & (counted <= (np.inf if high is None else high))
    here = stays[within].groupby("outcome")["stays"].sum()
    ended = {f"{each}_stays": int(here.get(each, 0)) for each in OUTCOMES}
    over = sum(ended.values()) - ended["still_there_stays"]
    return {
        "view": view,
        "position": place[0],
        "stage": place[1],
        "from_activities": low,
        "to_activities": high,
        "stays": sum(ended.values()),
        **ended,
        "ended_stays": over,
        "moved_on_rate": ended["moved_on_stays"] / over if over else np.nan,
    }


def _by_kind(kinds: pd.DataFrame, levels: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    of = levels[["position", "outcome", "stays"]].rename(columns={"stays": "of_stays"})
    table = kinds.merge(of, on=["position", "outcome"])
    table["stage"] = table["position"].map(names)
    table["kind"] = table["kind"].astype(object).where(table["kind"].notna(), None)
    table["mean_activities"] = table["activities"] / table["of_stays"]
    place = table["outcome"].map({name: number for number, name in enumerate(OUTCOMES)})
    return (
        table.assign(_place=place, _fewer=-table["activities"])
        .sort_values(["position", "_place", "_fewer", "kind"], kind="stable", na_position="last")[
            _KIND
        ]
        .astype({"activities": "int64", "stays_with": "int64"})
        .reset_index(drop=True)
    )


def _per_lead(found: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for outcome in _LEAD_OUTCOMES:
        here = found[found["outcome"] == outcome]
        told = _told(here["activities"], here["leads"])
        rows.append(
            {
                "outcome": outcome,
                **told,
                "leads": told["count"],
                "untouched_leads": told["untouched"],
            }
        )
    return pd.DataFrame(rows, columns=_LEAD)
