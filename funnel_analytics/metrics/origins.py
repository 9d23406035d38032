"""Where leads, won deals and revenue come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import (
    wilson,
)
from funnel_analytics.periods import Period, span
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import (
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["TRAILING_MONTHS", "origin_mix"]

TRAILING_MONTHS = 3
"""How many months a trailing share covers, its own included."""

_GROUP = ["segment", "is_folded"]
_SEGMENT = [*_GROUP, "is_without_lead"]
_SUMS = ["leads", "won_deals", "revenue", "valued_deals"]
_MIX_COUNTS = ["leads", "won_deals", "valued_deals"]
_MIX_SHARES = ["leads_share", "leads_low", "leads_high", "won_share", "won_low", "won_high",
               "revenue", "revenue_share"]  # fmt: skip
_MIX = ["leads", "leads_share", "leads_low", "leads_high", "won_deals", "won_share", "won_low",
        "won_high", "valued_deals", "revenue", "revenue_share"]  # fmt: skip


def origin_mix(warehouse: Warehouse, *, period: Period | None = None) -> Result:
    """Which share of the leads, the won deals and the revenue comes from which origin?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days on which leads were created and deals won; all days with leads if none are given.
        The leads of a period are not those of its deals: this is no conversion.

    Returns
    -------
    Result
        One row per origin, the usual ones first in the order of their leads.

        `segment` is the origin (`inbound`, `outbound`, `network`, `partner`, …); the word
        `unknown` and a missing origin are two rows. `leads` were created in the period,
        `won_deals` won in it, each with its share of all and the 95 % interval (`leads_share`,
        `leads_low`, …, `won_share`, …). `revenue` is what the `valued_deals` of them are worth in
        the agreement's currency, `revenue_share` its share. A deal has the origin of its lead: of
        the one that was converted into it, else of a contact's, by the rule that its events
        follow; deals without any lead are a row of their own (`is_without_lead`). So the rows sum
        to all won deals and their whole revenue. Deals and revenue are missing where no deals were
        loaded, revenue where no won deal has an amount.

        `part("by_month")`: the same per month of the period, with the shares of the three months
        that end with it (`trailing_leads_share`, `trailing_won_share`, `trailing_revenue_share`),
        since the deals of one month are few; missing where one of them lies before the first
        record. `is_complete` is false for a month that the period or the data cut off.

        Origins with fewer leads than the agreement's `minimum_group_size` are one row,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest joins
        them. Where there is no other, the numbers are missing. Notes: `excluded`, `folded`,
        `deals_without_amount`.

    Raises
    ------
    CallError
        The period begins after the data end.
    MissingTableError
        No lead has an origin.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    """
    warehouse.require("lead", metric="origin_mix")
    selection = select_leads(warehouse, period=period, by="origin")
    has_deals = warehouse.has("deal")
    first = _months_before(selection.period.start, TRAILING_MONTHS - 1)
    start, _ = span(first, selection.period.end).bounds(warehouse.timezone)
    answer = warehouse.query(
        "metrics/origin_mix",
        window_start=start,
        period_start=selection.start,
        period_end=selection.end,
        **selection.grouping,
    )
    around = answer.table
    within = around[around["is_within"]]
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    smallest = selection.minimum_group_size

    def shown(table: pd.DataFrame, more: Sequence[str] = ()) -> pd.DataFrame:
        known = table if has_deals else _without_deals(table)
        return arranged(
            known,
            counts=_MIX_COUNTS,
            shares=[*_MIX_SHARES, *more],
            minimum_group_size=smallest,
        ).drop(columns="segment_leads")

    table = _mixed(within.groupby(_SEGMENT, dropna=False, as_index=False).agg(**_ADDED))
    by_month = _by_month(warehouse, selection.period, within, around)
    trailing = [f"trailing_{name}_share" for name in ("leads", "won", "revenue")]
    without = 0
    if has_deals:
        valued = int(within["valued_deals"].sum())
        without = int(within["won_deals"].sum()) - valued if valued else 0
    currency = warehouse.agreement.currency
    return warehouse.result(
        "origin_mix",
        grain="one row per origin",
        units={
            "leads": "leads",
            "won_deals": "deals",
            "valued_deals": "deals",
            "revenue": currency,
            **dict.fromkeys([each for each in _MIX_SHARES if each != "revenue"], "share"),
        },
        definition=(
            "Leads created and deals won in the period by origin; a deal has the origin of its "
            "lead, and deals without a lead are a row of their own."
        ),
        answers=[answer, excluded],
        table=_largest_first(shown(table)),
        parameters={
            **selection.parameters("period"),
            "trailing_months": TRAILING_MONTHS,
            "currency": currency,
        },
        parts={"by_month": shown(by_month, trailing)},
        notes=[
            note,
            *folded_note(within[~within["is_without_lead"]], minimum_group_size=smallest),
            *([Note("deals_without_amount", {"deals": without})] if without else []),
        ],
    )


def _total(values: pd.Series) -> float:
    """A sum that stays missing where nothing is known."""
    return float(values.sum(min_count=1))


_ADDED: dict[str, Any] = {
    "segment_leads": ("segment_leads", "min"),
    "leads": ("leads", "sum"),
    "won_deals": ("won_deals", "sum"),
    "valued_deals": ("valued_deals", "sum"),
    "revenue": ("revenue", _total),
}


def _mixed(sums: pd.DataFrame) -> pd.DataFrame:
    """Each row with its shares of all rows."""
    table = sums.copy()
    table["segment_leads"] = table["segment_leads"].fillna(np.inf)
    if table["valued_deals"].sum() > 0:
        table["revenue"] = table["revenue"].fillna(0.0)
    for name, column in (("leads", "leads"), ("won", "won_deals")):
        counts = table[column].astype("int64")
        of = pd.Series(int(counts.sum()), index=table.index)
        table[f"{name}_share"] = counts / of.where(of > 0)
        table[f"{name}_low"], table[f"{name}_high"] = wilson(counts, of)
    revenue = table["revenue"].sum()
    table["revenue_share"] = table["revenue"] / revenue if revenue else np.nan
    return table[[*_SEGMENT, "segment_leads", *_MIX]]


def _without_deals(table: pd.DataFrame) -> pd.DataFrame:
    """Where no deals were loaded, nobody knows of any."""
    known = table.copy()
    names = [each for each in known.columns if "won" in each or "revenue" in each]
    return known.assign(**dict.fromkeys([*names, "valued_deals"], np.nan))


def _by_month(
    warehouse: Warehouse, period: Period, within: pd.DataFrame, around: pd.DataFrame
) -> pd.DataFrame:
    """The rows of each month of the period, and the shares of the months that end with it."""
    segments = within.drop_duplicates(_SEGMENT)[[*_SEGMENT, "segment_leads"]]
    known = warehouse.recorded.first_on
    rows = []
    for month in period.months():
        starts, ends = month.bounds(warehouse.timezone)
        if starts >= warehouse.as_of:
            break
        here = pd.Timestamp(month.start)
        table = _mixed(_filled(segments, within[within["month"] == here]))
        first = _months_before(month.start, TRAILING_MONTHS - 1)
        several = around["month"].between(pd.Timestamp(first), here)
        trailing = _mixed(_filled(segments, around[several])).iloc[: len(segments)]
        is_told = known is not None and known <= first
        for name in ("leads", "won", "revenue"):
            share = trailing[f"{name}_share"]
            table[f"trailing_{name}_share"] = share if is_told else np.nan
        whole = month.start >= period.start and month.end <= period.end
        table.insert(0, "month", here)
        table.insert(1, "is_complete", bool(whole and ends <= warehouse.as_of))
        rows.append(table.iloc[: len(segments)])
    if not rows:
        return _mixed(_filled(segments, within)).iloc[:0]
    return pd.concat(rows, ignore_index=True)


def _filled(segments: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The sums of each segment, zeros where it has no row; last those of values that none has."""
    codes = {key: number for number, key in enumerate(_keys(segments))}
    elsewhere = rows["is_elsewhere"].to_numpy(bool)
    places = [
        len(codes) if is_else else codes.get(key, len(codes))
        for key, is_else in zip(_keys(rows), elsewhere, strict=True)
    ]
    sums = rows.assign(code=places).groupby("code")
    rest = pd.DataFrame([{"segment": None, "is_folded": False, "is_without_lead": False}])
    table = pd.concat([segments.astype({"segment": object}), rest], ignore_index=True)
    for name in _SUMS:
        total = sums[name].sum(min_count=1) if len(rows) else pd.Series(dtype=float)
        table[name] = total.reindex(range(len(table))).to_numpy(float)
        if name != "revenue":
            table[name] = table[name].fillna(0).astype("int64")
    return table


def _keys(rows: pd.DataFrame) -> list[tuple[str | None, bool, bool]]:
    return [
        (segment if isinstance(segment, str) else None, bool(folded), bool(without))
        for segment, folded, without in zip(*(rows[name] for name in _SEGMENT), strict=True)
    ]


def _largest_first(table: pd.DataFrame) -> pd.DataFrame:
    """The origins by their leads; then the folded ones, the missing one and deals of no lead."""
    last = (
        table["is_folded"] * 1
        + table["segment"].isna() * 2
        + table["is_without_lead"].astype(bool) * 4
    )
    order = pd.DataFrame({"last": last, "fewer": -table["leads"].astype("float64").fillna(0)})
    return table.loc[order.sort_values(["last", "fewer"], kind="stable").index]


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
