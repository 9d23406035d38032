"""How many attempts does it take to reach a lead?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import kaplan_meier, survival_interval, wilson
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, arranged, folded_note, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["MOST_ATTEMPTS", "contact_attempts"]

MOST_ATTEMPTS = 10
"""Attempts with a row of their own; all later ones share one."""
_HOUR = 3600.0
_COUNTS = ("leads", "connected_leads")
_SHARES = (
    "connected_rate",
    "connected_rate_low",
    "connected_rate_high",
    "connected_by_share",
    "connected_by_low",
    "connected_by_high",
    "median_gap_hours",
)
_LEADS = (
    "leads",
    "tried_leads",
    "never_tried_leads",
    "connected_leads",
    "not_connected_leads",
    "before_creation_leads",
    "attempts",
)
_UNITS = {
    "leads": "leads with at least so many attempts",
    "connected_leads": "leads",
    "connected_rate": "share of leads",
    "connected_rate_low": "share of leads, lower end of the 95 % interval",
    "connected_rate_high": "share of leads, upper end of the 95 % interval",
    "connected_by_share": "share of leads tried (Kaplan-Meier over attempts)",
    "connected_by_low": "share of leads tried, lower end of the 95 % interval",
    "connected_by_high": "share of leads tried, upper end of the 95 % interval",
    "median_gap_hours": "hours",
}


def contact_attempts(
    warehouse: Warehouse, *, cohort: Period | None = None, by: By | None = None
) -> Result:
    """How many attempts did it take until one connected?

    Parameters
    ----------
    cohort
        The leads created in this period, followed up to `warehouse.as_of`; all leads if no
        period is given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.

    Returns
    -------
    Result
        One row per segment and attempt, from 1 to 10 and one, `is_more`, for all after that. An
        attempt is an activity of our people towards the lead that no machine made; it connected
        if `activity.is_connect` says so, and those after the first that did are none.

        `leads` had at least so many attempts, `connected_leads` of them connected with it (in the
        last row: with this or a later one). `connected_rate` = `connected_leads` / `leads`, with
        Wilson's 95 % interval. `connected_by_share`: the share of the leads tried that is
        connected by that attempt, if those whom nobody tried again were like the others;
        with a 95 % interval. `median_gap_hours`: calendar hours since the attempt before, missing
        for the first.

        The part `leads` has one row per segment: `leads` = `tried_leads` + `never_tried_leads` +
        `before_creation_leads` (an attempt precedes the creation: a fault of the data, left out),
        `tried_leads` = `connected_leads` + `not_connected_leads`, and their `attempts`.

        Where nobody recorded whether any attempt connected, all shares are missing.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`, as in `time_to_contact`.
        Notes: `before_creation`, `unknown_connects` (attempts of which nobody recorded whether they
        connected, which count as such that did not; `of` all), `never_tried`, `folded`.

    Raises
    ------
    MissingTableError
        No activities were loaded.
    CallError
        Leads have no attribute `by`, or the cohort lies after `as_of`.

    Notes
    -----
    A lead with two attempts and no connection by `as_of` is censored after the second: Kaplan &
    Meier (1958) with the number of the attempt as time; interval by Greenwood's variance on the
    log(-log) scale (Kalbfleisch & Prentice 1980). Whoever is not tried again may be harder to
    reach than the others, so the share is one under the condition above, not a forecast.
    """
    warehouse.require("lead", "activity", metric="contact_attempts")
    selection = select_leads(warehouse, period=cohort, by=by)
    span = {"cohort_start": selection.start, "cohort_end": selection.end, **selection.grouping}
    counted = warehouse.query("metrics/contact_attempts", **span)
    gaps = warehouse.query("metrics/contact_attempt_gaps", **span, most=MOST_ATTEMPTS)
    counts = _whole(counted.table) if selection.by is None else counted.table
    attempts = int((counts["attempts"] * _tried(counts)).sum())
    unknown = int(counts["unknown_attempts"].sum())
    is_known = attempts == 0 or unknown < attempts
    rows: list[dict[str, Any]] = []
    leads: list[dict[str, Any]] = []
    keys = ["segment", "is_folded"]
    for (segment, is_folded), group in counts.groupby(keys, dropna=False, sort=False):
        name = segment if isinstance(segment, str) else None
        key = {
            "segment": name,
            "is_folded": bool(is_folded),
            "segment_leads": int(group["segment_leads"].iloc[0]),
            "merged_groups": int(group["merged_groups"].iloc[0]),
        }
        medians = _medians(gaps.table, name, is_folded=bool(is_folded))
        rows += [key | row for row in _rows(group, medians, is_known=is_known)]
        leads.append(key | _leads(group, is_known=is_known))
    smallest = selection.minimum_group_size
    table = pd.DataFrame(
        rows,
        columns=[*keys, "segment_leads", "merged_groups", "attempt", "is_more", *_COUNTS, *_SHARES],
    )
    whole = pd.DataFrame(leads, columns=[*keys, "segment_leads", "merged_groups", *_LEADS])
    hide = ["segment_leads", "merged_groups"]
    return warehouse.result(
        "contact_attempts",
        grain="one row per segment and attempt",
        units=_UNITS,
        definition=(
            "Of the leads of a cohort, those connected by their first, second, … attempt. Attempts "
            "are the activities of our people that no machine made, up to the first that connected."
        ),
        answers=[counted, gaps],
        table=selection.spread(
            arranged(table, counts=_COUNTS, shares=_SHARES, minimum_group_size=smallest).drop(
                columns=hide
            )
        ),
        parameters=selection.parameters("cohort"),
        parts={
            "leads": selection.spread(
                arranged(whole, counts=_LEADS, shares=(), minimum_group_size=smallest).drop(
                    columns=hide
                )
            )
        },
        notes=_notes(whole, attempts=attempts, unknown=unknown, smallest=smallest),
    )


def _medians(gaps: pd.DataFrame, segment: str | None, *, is_folded: bool) -> dict[int, float]:
    """Hours since the attempt before, by attempt, of one segment."""
    same = gaps["segment"].isna() if segment is None else gaps["segment"] == segment
    mine = gaps[same & (gaps["is_folded"] == is_folded)]
    hours = mine["median_seconds"].astype(float) / _HOUR
    return dict(zip(mine["attempt"].astype(int), hours, strict=True))


def _whole(counts: pd.DataFrame) -> pd.DataFrame:
    """A cohort nobody split has its rows even with no leads."""
    if len(counts):
        return counts
    nobody = dict.fromkeys(counts.columns, 0) | {"segment": None, "is_folded": False}
    return pd.DataFrame([nobody])


def _tried(counts: pd.DataFrame) -> pd.Series:
    return counts["connected_leads"] + counts["unconnected_leads"]


def _rows(
    group: pd.DataFrame, medians: dict[int, float], *, is_known: bool
) -> list[dict[str, Any]]:
    """The attempts of one segment, from the number that its leads had."""
    tried = group[group["attempts"] > 0]
    events = tried["connected_leads"].to_numpy(float)
    censored = tried["unconnected_leads"].to_numpy(float)
    number = tried["attempts"].to_numpy(float)
    curve = kaplan_meier(number, events, censored)
    low, high = survival_interval(curve)
    rows = []
    for attempt in range(1, MOST_ATTEMPTS + 2):
        is_more = attempt > MOST_ATTEMPTS
        leads = int((events + censored)[number >= attempt].sum())
        here = number >= attempt if is_more else number == attempt
        row: dict[str, Any] = {
            "attempt": attempt,
            "is_more": is_more,
            "leads": leads,
            "median_gap_hours": medians.get(attempt, np.nan),
        }
        if is_known:
            connected = int(events[here].sum())
            row |= _connected(connected, leads)
            place = len(curve) - 1 if is_more else _place(curve, attempt)
            if place >= 0 and leads:
                row |= {
                    "connected_by_share": 1 - float(curve["survival"].iloc[place]),
                    "connected_by_low": 1 - float(high[place]),
                    "connected_by_high": 1 - float(low[place]),
                }
        rows.append(row)
    return rows


def _place(curve: pd.DataFrame, attempt: int) -> int:
    """The last row of a curve up to an attempt; -1 before its first."""
    return int(np.searchsorted(curve["time"].to_numpy(float), attempt, side="right")) - 1


def _connected(connected: int, leads: int) -> dict[str, Any]:
    low, high = wilson(connected, leads)
    return {
        "connected_leads": connected,
        "connected_rate": connected / leads if leads else np.nan,
        "connected_rate_low": float(low),
        "connected_rate_high": float(high),
    }


def _leads(group: pd.DataFrame, *, is_known: bool) -> dict[str, Any]:
    """How many leads of a segment were tried and connected."""
    tried = group[group["attempts"] > 0]
    early = int(group["before_creation_leads"].sum())
    never = int(group.loc[group["attempts"] == 0, "unconnected_leads"].sum())
    connected, missed = (int(tried[f"{name}_leads"].sum()) for name in ("connected", "unconnected"))
    return {
        "leads": connected + missed + never + early,
        "tried_leads": connected + missed,
        "never_tried_leads": never,
        "connected_leads": connected if is_known else None,
        "not_connected_leads": missed if is_known else None,
        "before_creation_leads": early,
        "attempts": int((tried["attempts"] * _tried(tried)).sum()),
    }


def _notes(leads: pd.DataFrame, *, attempts: int, unknown: int, smallest: int) -> list[Note]:
    never, early = (
        int(leads[f"{name}_leads"].sum()) for name in ("never_tried", "before_creation")
    )
    found = [Note("before_creation", {"leads": early})]
    if never:
        found.append(Note("never_tried", {"leads": never}))
    if unknown:
        found.append(Note("unknown_connects", {"attempts": unknown, "of": attempts}))
    return [*found, *folded_note(leads, minimum_group_size=smallest)]
