"""How fast do our people turn to the leads they are given?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.agreement import FirstContact
from funnel_analytics.estimates import kaplan_meier, quantile_of, wilson
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, Selection, arranged, folded_note, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["LEGS", "time_to_contact"]

LEGS = ("created_to_assigned", "assigned_to_contacted", "wait")
_LEGS_WITH_DEADLINE = ("assigned_to_contacted", "wait")
_CURVE_STEPS = 300
_HOUR = 3600.0
_COUNTS = (
    "leads",
    "contacted_leads",
    "waiting_leads",
    "before_creation_leads",
    "day_precision_leads",
    "due_leads",
    "not_yet_due_leads",
    "within_deadline_leads",
)
_OUTCOMES = ("contacted", "waiting", "before_creation", "day_precision")
_SHARES = (
    "median_hours",
    "p90_hours",
    "median_calendar_hours",
    "deadline_hours",
    "within_deadline_share",
    "within_deadline_low",
    "within_deadline_high",
)
_UNITS = dict.fromkeys(_COUNTS, "leads") | {
    "median_hours": "working hours",
    "p90_hours": "working hours",
    "median_calendar_hours": "hours",
    "deadline_hours": "working hours",
    "within_deadline_share": "share of due_leads",
    "within_deadline_low": "share of due_leads, lower end of the 95 % interval",
    "within_deadline_high": "share of due_leads, upper end of the 95 % interval",
}
_COLUMNS = (
    "segment",
    "is_folded",
    "leg",
    *_COUNTS[:5],
    *_SHARES[:4],
    *_COUNTS[5:],
    *_SHARES[4:],
)
_CURVE_COLUMNS = ("segment", "is_folded", "leg", "hours", "share_contacted", "at_risk")


def time_to_contact(
    warehouse: Warehouse, *, cohort: Period | None = None, by: By | None = None
) -> Result:
    """How long did the leads of a cohort wait for a first contact?

    Parameters
    ----------
    cohort
        The leads created in this period, followed up to `warehouse.as_of`; all leads if no
        period is given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment and leg. The legs are `created_to_assigned` (creation to first
        hand-over; only where hand-overs were loaded, and without the leads that somebody contacted
        before their first hand-over, or contacted or closed with none: they wait for none),
        `assigned_to_contacted` (first hand-over
        to first contact, of the leads handed over before any contact) and `wait` (to the first
        contact, from the first hand-over, or from the creation of leads that had none before
        their first contact).

        `leads` = `contacted_leads` (the leg's event happened) + `waiting_leads` (it had not by
        `as_of`) + `before_creation_leads` (contact or hand-over precedes the creation: a fault of
        the data) + `day_precision_leads` (only the day of the leg's start is known). The last two
        are in no time and no share. `median_hours` and `p90_hours` are working hours,
        `median_calendar_hours` are hours on the calendar; they are missing where too few leads
        have been contacted to tell.

        `within_deadline_share` = `within_deadline_leads` / `due_leads`, with Wilson's 95 %
        interval. A lead is due once it was contacted or its deadline has passed;
        `not_yet_due_leads` still have time. `deadline_hours` is missing where the leads of a row
        have different deadlines; all deadline columns are missing for `created_to_assigned` and
        where the agreement has no `[first_contact]`.

        The part `curve` has one row per segment, leg and waiting time (at most 301 each):
        `share_contacted` within `hours`, and how many leads were still `at_risk` just before.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing.
        Notes: `before_creation`, `day_precision` (leads left out of the waits), `folded`.

    Raises
    ------
    MissingTableError
        No activities were loaded.
    CallError
        Leads have no attribute `by`, or the cohort lies after `as_of`.

    Notes
    -----
    Waits are right-censored, so the quantiles are Kaplan-Meier's (Kaplan & Meier 1958), not those
    of the waits we saw. A contact or hand-over of which only the day is known counts at the end
    of that day, the latest it can have been.
    """
    warehouse.require("lead", "activity", metric="time_to_contact")
    selection = select_leads(warehouse, period=cohort, by=by)
    with_handovers = warehouse.has("handover")
    rule = warehouse.agreement.first_contact
    answer = warehouse.query(
        "metrics/time_to_contact",
        cohort_start=selection.start,
        cohort_end=selection.end,
        **selection.grouping,
        as_of=warehouse.as_of,
        with_handovers=with_handovers,
    )
    counts = _with_deadlines(answer.table, rule)
    rows: list[dict[str, Any]] = []
    curves: list[pd.DataFrame] = []
    for key, group in _groups(counts, selection, LEGS if with_handovers else LEGS[-1:]):
        row, curve = _leg(group)
        rows.append(key | row)
        curves.append(curve.assign(**key))
    smallest = selection.minimum_group_size
    columns = [*_COLUMNS, "segment_leads", "merged_groups"]
    table = _by_leg(pd.DataFrame(rows, columns=columns))
    table[list(_SHARES)] = table[list(_SHARES)].astype("float64")
    waits = table[table["leg"] == "wait"]
    return warehouse.result(
        "time_to_contact",
        grain="one row per segment and leg of the way to the first contact",
        units=_UNITS,
        definition=(
            "Time to the first activity of a person of ours towards the lead, in agreed working "
            "hours; leads that nobody had contacted stay in every count, as still waiting."
        ),
        answers=[answer],
        table=selection.spread(
            arranged(table, counts=_COUNTS, shares=_SHARES, minimum_group_size=smallest)[
                list(_COLUMNS)
            ]
        ),
        parameters={
            **selection.parameters("cohort"),
            "within_hours": rule.within_hours if rule else None,
            "within_hours_by_origin": dict(rule.by_origin) if rule else {},
        },
        parts={"curve": selection.spread(_curves(curves, smallest))},
        notes=[
            *[
                Note(outcome, {"leads": int(waits[f"{outcome}_leads"].sum())})
                for outcome in ("before_creation", "day_precision")
            ],
            *folded_note(waits, minimum_group_size=smallest),
        ],
    )


def _groups(
    counts: pd.DataFrame, selection: Selection, legs: Sequence[str]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """The counts of each segment and leg; a cohort that nobody split has all its legs."""
    whole: dict[str, Any] = {
        "segment": None,
        "is_folded": False,
        "segment_leads": 0,
        "merged_groups": 1,
    }
    found = set()
    for (segment, is_folded), rows in counts.groupby(
        ["segment", "is_folded"], dropna=False, sort=False
    ):
        whole = {
            "segment": segment if isinstance(segment, str) else None,
            "is_folded": bool(is_folded),
            "segment_leads": int(rows.loc[rows["leg"] == "wait", "leads"].sum()),
            "merged_groups": int(rows["merged_groups"].iloc[0]),
        }
        for leg, group in rows.groupby("leg"):
            found.add(leg)
            yield whole | {"leg": leg}, group
    if selection.by is None:
        for leg in legs:
            if leg not in found:
                yield whole | {"leg": leg}, counts.iloc[:0]


def _with_deadlines(counts: pd.DataFrame, rule: FirstContact | None) -> pd.DataFrame:
    """Each row's deadline, by the origin of its leads; missing for legs without one."""
    if rule is None:
        return counts.assign(deadline_hours=np.nan)
    own = {origin: rule.hours_for(origin) for origin in counts["origin"].dropna().unique()}
    hours = counts["origin"].map(own).astype("float64").fillna(rule.within_hours)
    has_deadline = counts["leg"].isin(_LEGS_WITH_DEADLINE)
    return counts.assign(deadline_hours=hours.where(has_deadline))


def _leg(group: pd.DataFrame) -> tuple[dict[str, Any], pd.DataFrame]:
    """One row of the table and its curve, from the counts of one segment and leg."""
    by_outcome = group.groupby("outcome")["leads"].sum()
    timed = group[group["outcome"].isin(["contacted", "waiting"])]
    happened = timed["outcome"] == "contacted"
    events = timed["leads"].where(happened, 0)
    censored = timed["leads"].where(~happened, 0)
    working = kaplan_meier(timed["working_seconds"] / _HOUR, events, censored)
    calendar = kaplan_meier(timed["elapsed_seconds"] / _HOUR, events, censored)
    row = {
        "leads": int(group["leads"].sum()),
        **{f"{outcome}_leads": int(by_outcome.get(outcome, 0)) for outcome in _OUTCOMES},
        "median_hours": quantile_of(working, 0.5),
        "p90_hours": quantile_of(working, 0.9),
        "median_calendar_hours": quantile_of(calendar, 0.5),
    }
    return row | _deadline(group, timed, happened), _curve(working)


def _deadline(group: pd.DataFrame, timed: pd.DataFrame, happened: pd.Series) -> dict[str, Any]:
    """How many leads were contacted within the agreed deadline, of those it has come for?"""
    deadlines = group["deadline_hours"].unique()
    if np.isnan(deadlines).any():
        return {}
    allowed = (timed["deadline_hours"] * _HOUR).round()
    in_time = timed["working_seconds"] <= allowed
    leads = timed["leads"]
    within = int(leads[happened & in_time].sum())
    due = int(leads[happened | ~in_time].sum())
    low, high = wilson(within, due)
    return {
        "deadline_hours": deadlines[0] if len(deadlines) == 1 else np.nan,
        "due_leads": due,
        "not_yet_due_leads": int(leads[~happened & in_time].sum()),
        "within_deadline_leads": within,
        "within_deadline_share": within / due if due else np.nan,
        "within_deadline_low": float(low),
        "within_deadline_high": float(high),
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


def _curves(curves: list[pd.DataFrame], minimum_group_size: int) -> pd.DataFrame:
    """All curves under one another, without those of folded groups that are still too small."""
    shown = [
        curve
        for curve in curves
        if len(curve)
        and not (curve["is_folded"].iloc[0] and curve["segment_leads"].iloc[0] < minimum_group_size)
    ]
    if not shown:
        return pd.DataFrame(columns=list(_CURVE_COLUMNS))
    joined = arranged(
        _by_leg(pd.concat(shown, ignore_index=True)),
        counts=["at_risk"],
        shares=["hours", "share_contacted"],
        minimum_group_size=minimum_group_size,
    )
    return joined[list(_CURVE_COLUMNS)]


def _by_leg(table: pd.DataFrame) -> pd.DataFrame:
    order = table["leg"].map(LEGS.index).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)
