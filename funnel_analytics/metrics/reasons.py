"""Why leads were lost, rejected, recycled or put into nurture, and what became of them later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import wilson
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import (
    By,
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["STATUSES", "closed_leads_later", "loss_reasons"]

STATUSES = ("lost", "rejected", "recycled", "nurture")
"""The ways in which a lead is closed, in the order in which they are shown."""

_DAY = 86400
_GROUP = ["segment", "is_folded"]
_REASONS_AGREED = {
    "nurture": "recycled"
}  # a lead put into nurture has the reasons of a recycled one


def loss_reasons(
    warehouse: Warehouse, *, period: Period | None = None, by: By | None = None
) -> Result:
    """Why were leads lost, rejected, recycled or put into nurture?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days on which it happened; all days with leads if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment, status, stage and reason, the most frequent reasons of a stage first.

        `leads` took the `status` (`lost`, `rejected`, `recycled`, `nurture`) in the period while
        they were in the `stage`, whose owner by the agreement is the `team`, for the `reason`. A
        lead counts once per status, by the last time in the period. `of_leads` are all leads of
        the segment that took the status, `leads_share` is their share with its 95 % interval from
        `leads_low` to `leads_high`.

        A missing `reason` is its own row: none was given. `is_agreed` is false for a reason that
        the agreement does not list for the status (nurture has the reasons of recycled), missing
        where no reason was given. `position`, `stage` and `team` are missing where a lead was
        closed before its first entry into any stage.

        `part("by_reason")` has the same without stage and team, `part("by_stage")` without the
        reason. Groups with fewer such leads than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`, `without_reason` (leads, of those lost, rejected or recycled),
        `unagreed_reasons` (leads and the reasons), `repeat_closings` (further times that a lead
        took a status that it counts for).

    Raises
    ------
    CallError
        The period begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    """
    warehouse.require("lead", "stage_event", metric="loss_reasons")
    selection = select_leads(warehouse, period=period, by=by)
    closings = warehouse.query(
        "metrics/loss_reasons",
        period_start=selection.start,
        period_end=selection.end,
        **selection.grouping,
    )
    excluded, note = excluded_leads(warehouse, created_from=None, created_before=selection.end)
    found = _told(warehouse, closings.table)
    smallest = selection.minimum_group_size

    def shown(keys: list[str], columns: list[str]) -> pd.DataFrame:
        table = _shared(found, keys)
        ordered = arranged(
            table,
            counts=["leads", "of_leads"],
            shares=["leads_share", "leads_low", "leads_high"],
            minimum_group_size=smallest,
        )
        return selection.spread(ordered[[*_GROUP, *columns, *_MEASURES]])

    stage, reason = ["position", "stage", "team"], ["reason", "is_agreed"]
    return warehouse.result(
        "loss_reasons",
        grain="one row per segment, status, stage and reason",
        units={
            **dict.fromkeys(["leads", "of_leads"], "leads"),
            **dict.fromkeys(["leads_share", "leads_low", "leads_high"], "share"),
        },
        definition=(
            "Leads by the status they took in the period, the stage they were in and the reason "
            "given; each lead once per status, by the last time."
        ),
        answers=[closings, excluded],
        table=shown([*stage, *reason], ["status", *stage, *reason]),
        parameters=selection.parameters("period"),
        parts={
            "by_reason": shown(reason, ["status", *reason]),
            "by_stage": shown(stage, ["status", *stage]),
        },
        notes=[
            note,
            *_reason_notes(found, smallest),
            *folded_note(found, minimum_group_size=smallest),
        ],
    )


_MEASURES = ["leads", "of_leads", "leads_share", "leads_low", "leads_high"]


def _told(warehouse: Warehouse, found: pd.DataFrame) -> pd.DataFrame:
    """The rows of a query with the stage, its owner, and whether the reason was agreed."""
    table = found.copy()
    agreement = warehouse.agreement
    table["position"] = table["position"].astype("Int64")
    stages = dict(enumerate(agreement.stages, 1))
    places = [stages.get(int(each)) if pd.notna(each) else None for each in table["position"]]
    table["stage"] = _texts([each.name if each else None for each in places], table.index)
    table["team"] = _texts([each.owner if each else None for each in places], table.index)
    return _judged(warehouse, table)


def _judged(warehouse: Warehouse, table: pd.DataFrame) -> pd.DataFrame:
    reasons = [each if isinstance(each, str) else None for each in table["reason"]]
    table["reason"] = _texts(reasons, table.index)
    listed = warehouse.agreement.reasons
    table["is_agreed"] = pd.array(
        [
            None if reason is None else reason in listed.get(_REASONS_AGREED.get(kind, kind), {})
            for kind, reason in zip(table["status"], reasons, strict=True)
        ],
        dtype="boolean",
    )
    table["group"] = table.groupby(_GROUP, dropna=False).ngroup()
    return table


def _texts(values: Sequence[Any], index: pd.Index) -> pd.Series:
    return pd.Series(values, index=index, dtype=object)


def _shared(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Leads by group, status and `keys`, with their share of the status in the group."""
    unit = ["group", "status"]
    sums = found.groupby([*unit, *keys], dropna=False, as_index=False)["leads"].sum()
    sums["of_leads"] = sums.groupby(unit)["leads"].transform("sum")
    groups = found[["group", *_GROUP, "segment_leads"]].drop_duplicates("group")
    table = sums.merge(groups, on="group")
    table["leads_share"] = table["leads"] / table["of_leads"]
    table["leads_low"], table["leads_high"] = wilson(table["leads"], table["of_leads"])
    for name in {"stage", "team", "reason"} & set(keys):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    table["_status"] = table["status"].map({name: n for n, name in enumerate(STATUSES)})
    table["_fewer"] = -table["leads"]
    order = ["_status", *(["position"] if "position" in keys else []), "_fewer"]
    order += ["reason"] if "reason" in keys else []
    return table.sort_values(order, kind="stable", na_position="last")


def _reason_notes(found: pd.DataFrame, smallest: int) -> list[Note]:
    """What was not said, or not as agreed; nothing where a folded group alone is in the answer."""
    notes = []
    leads = int(found["leads"].sum())
    if leads < smallest:
        return []
    due = found[found["status"] != "nurture"]
    without = int(due.loc[due["reason"].isna(), "leads"].sum())
    if without:
        notes.append(Note("without_reason", {"leads": without, "of": int(due["leads"].sum())}))
    other = found[~found["is_agreed"].fillna(True).astype(bool)]
    if len(other):
        reasons = sorted(set(other["reason"]))
        notes.append(
            Note("unagreed_reasons", {"leads": int(other["leads"].sum()), "reasons": reasons})
        )
    repeats = int(found["repeats"].sum())
    if repeats:
        notes.append(Note("repeat_closings", {"closings": repeats}))
    return notes


_LATER_COUNTS = ["closed_leads", "re_entered_leads", "won_leads"]
_LATER_RATES = ["re_entered_rate", "re_entered_low", "re_entered_high"]
_LATER_RATES += ["won_rate", "won_low", "won_high"]
_LATER = [
    "closed_leads",
    "re_entered_leads",
    *_LATER_RATES[:3],
    "median_days_to_return",
    "won_leads",
    *_LATER_RATES[3:],
    "won_deals",
    "won_amount",
    "mean_days_watched",
]


def closed_leads_later(
    warehouse: Warehouse, *, period: Period | None = None, by: By | None = None
) -> Result:
    """What became of the leads that were lost, rejected, recycled or put into nurture?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days on which they were closed; all days with leads if none are given. What came later
        is followed up to `warehouse.as_of`.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment and status (`lost`, `rejected`, `recycled`, `nurture`) that a lead took
        in the period. A lead counts once per status, by the first time in the period.

        `re_entered_leads` entered any agreed stage after it, `won_leads` the last one; both with
        their share of `closed_leads` and its 95 % interval (`re_entered_rate`, `won_rate`, …).
        `median_days_to_return` is that of the leads that came back, from the closing to the next
        entry; missing where none did. `won_deals` and `won_amount` (in the agreement's currency)
        are the deals won after the closing by the leads that were won after it, a deal shared
        equally by the won leads on it; both are missing where no deals were loaded, and the amount
        where no deal has one. `mean_days_watched` is how long after the closing the data tell, on
        average: younger closings have had less time, so the shares can still grow.

        `part("by_reason")` has the same per reason of the closing; a missing reason is a row of
        its own. Groups with fewer such leads than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`.

    Raises
    ------
    CallError
        The period begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    """
    warehouse.require("lead", "stage_event", metric="closed_leads_later")
    selection = select_leads(warehouse, period=period, by=by)
    span = {
        "period_start": selection.start,
        "period_end": selection.end,
        **selection.grouping,
    }
    closings = warehouse.query("metrics/closed_leads_later", as_of=warehouse.as_of, **span)
    answers = [closings]
    has_deals = warehouse.has("deal")
    deals = pd.DataFrame()
    if has_deals:
        won = warehouse.query("metrics/closed_leads_won", **span)
        answers.append(won)
        deals = won.table
    excluded, note = excluded_leads(warehouse, created_from=None, created_before=selection.end)
    found = _judged(warehouse, closings.table)
    smallest = selection.minimum_group_size
    if has_deals:
        deals = _same_groups(deals, found)

    def shown(keys: list[str]) -> pd.DataFrame:
        table = _later(found, deals if has_deals else None, keys)
        shares = [name for name in _LATER if name not in (*_LATER_COUNTS, "won_deals")]
        ordered = arranged(
            table,
            counts=[*_LATER_COUNTS, "won_deals"],
            shares=shares,
            minimum_group_size=smallest,
        )
        return selection.spread(ordered[[*_GROUP, "status", *keys, *_LATER]])

    return warehouse.result(
        "closed_leads_later",
        grain="one row per segment and status",
        units={
            **dict.fromkeys(_LATER_COUNTS, "leads"),
            **dict.fromkeys(_LATER_RATES, "share"),
            **dict.fromkeys(["median_days_to_return", "mean_days_watched"], "days"),
            "won_deals": "deals",
            "won_amount": warehouse.agreement.currency,
        },
        definition=(
            "Leads that took the status in the period, each once per status, and which of them "
            "entered a stage, and the last stage, after it up to as_of."
        ),
        answers=[*answers, excluded],
        table=shown([]),
        parameters=selection.parameters("period"),
        parts={"by_reason": shown(["reason", "is_agreed"])},
        notes=[note, *folded_note(found, minimum_group_size=smallest)],
    )


def _same_groups(deals: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The won deals with the numbers that the groups of the closings have."""

    def key(table: pd.DataFrame) -> list[tuple[Any, bool]]:
        names = [each if isinstance(each, str) else None for each in table["segment"]]
        return list(zip(names, table["is_folded"].astype(bool), strict=True))

    numbers = dict(zip(key(found), found["group"], strict=True))
    table = deals.assign(group=[numbers[each] for each in key(deals)])
    reasons = [each if isinstance(each, str) else None for each in table["reason"]]
    table["reason"] = _texts(reasons, table.index)
    return table


def _later(found: pd.DataFrame, deals: pd.DataFrame | None, keys: list[str]) -> pd.DataFrame:
    unit = ["group", "status", *keys[:1]]
    groups = found[["group", *_GROUP, "segment_leads"]].drop_duplicates("group")
    table = found.groupby(unit, dropna=False, as_index=False).agg(
        **{name: (name, "sum") for name in (*_LATER_COUNTS, "watched_seconds")},
        **({"is_agreed": ("is_agreed", "first")} if keys else {}),
    )
    table["median_days_to_return"] = [
        _median(rows) / _DAY for _, rows in found.groupby(unit, dropna=False)
    ]
    for name in ("re_entered", "won"):
        leads = table[f"{name}_leads"].astype("int64")
        table[f"{name}_rate"] = leads / table["closed_leads"]
        limits = wilson(leads, table["closed_leads"].astype("int64"))
        table[f"{name}_low"], table[f"{name}_high"] = limits
    table["mean_days_watched"] = table["watched_seconds"] / table["closed_leads"] / _DAY
    sums = {name: (name, "sum") for name in ("won_deals", "valued", "won_amount")}
    if deals is None:
        table["won_deals"], table["won_amount"] = pd.NA, np.nan
    elif deals.empty:
        table["won_deals"], table["won_amount"] = 0, 0.0
    else:
        won = deals.groupby(unit, dropna=False, as_index=False).agg(**sums)
        table = table.merge(won, how="left", on=unit)
        table["won_deals"] = table["won_deals"].fillna(0).astype("int64")
        is_unvalued = (table["won_deals"] > 0) & (table["valued"] == 0)
        table["won_amount"] = table["won_amount"].fillna(0.0).mask(is_unvalued)
    if keys:
        table["reason"] = table["reason"].astype(object).where(table["reason"].notna(), None)
    table["_status"] = table["status"].map({name: n for n, name in enumerate(STATUSES)})
    table["_fewer"] = -table["closed_leads"]
    order = ["_status", "_fewer", *keys[:1]]
    return table.sort_values(order, kind="stable").merge(groups, on="group")


def _median(rows: pd.DataFrame) -> float:
    """The median of the seconds until leads came back, each row for so many of them."""
    back = rows[rows["return_seconds"].notna()]
    if back.empty:
        return float("nan")
    return float(np.median(np.repeat(back["return_seconds"], back["closed_leads"])))
