"""The rows of `channel_costs`: costs, leads and credit side by side."""

from __future__ import annotations

import math

import pandas as pd

from funnel_analytics.metrics.attribution.asked import Asked
from funnel_analytics.metrics.attribution.costs_credit import Returned
from funnel_analytics.metrics.attribution.costs_tables import (
    MISSING,
    UNTOUCHED,
    labelled,
    named,
    per_spend,
)

__all__ = ["cost_rows", "in_full", "ordered", "shown_part", "with_campaigns"]

_DECIMALS = {"conversions": 9, "value": 6}


def cost_rows(
    cost: pd.DataFrame,
    leads: pd.DataFrame,
    question: Asked,
    won: Returned,
    pipeline: Returned,
    basis: str,
) -> pd.DataFrame:
    """One row per label with spend, touches, leads or credit."""
    created = labelled(leads).groupby("label").agg(
        leads=("leads", "sum"), is_leads_hidden=("is_folded", "any")
    )  # fmt: skip
    credit = pd.DataFrame(
        {
            "credited_deals": _credited(won, "conversions", question, basis),
            "credited_revenue": _credited(won, "value", question, basis),
            "credited_pipeline": _credited(pipeline, "value", question, basis),
        }
    ).fillna(0.0)
    table = cost.join(created, how="outer").join(credit, how="outer")
    counts = ["cost_rows", "rows_without_cost", "touches"]
    table[counts] = table[counts].fillna(0).astype("int64")
    hidden = table["is_leads_hidden"].eq(True).fillna(False).astype(bool)
    table["is_leads_hidden"] = hidden
    nothing_named = len(created) > 0 and not (created.index != MISSING).any()
    unknown = hidden | (nothing_named & (table.index != MISSING))
    table["leads"] = table["leads"].fillna(0).astype("Int64").mask(unknown)
    table[list(credit.columns)] = table[list(credit.columns)].fillna(0.0)
    table["cost_source"] = table["cost_source"].astype(object).where(
        table["cost_source"].notna(), None
    )  # fmt: skip
    full = in_full(table)
    known_leads = table["leads"].astype("float64")
    table["cost_per_lead"] = full.where(full >= 0) / known_leads.where(known_leads > 0)
    deals = table["credited_deals"]
    table["cost_per_won_deal"] = full.where(full >= 0) / deals.where(deals > 0)
    table["revenue_per_spend"] = per_spend(table["credited_revenue"], full)
    table["pipeline_per_spend"] = per_spend(table["credited_pipeline"], full)
    table["payback_months"] = math.nan
    table["leads"] = table["leads"].mask(table.index == UNTOUCHED)
    return table


def in_full(table: pd.DataFrame) -> pd.Series:
    """The cost of each row where all of it is known."""
    return table["spend"].where(table["rows_without_cost"] == 0)


def _credited(of: Returned, kind: str, question: Asked, basis: str) -> pd.Series:
    """By label: the credit of the touches, so rounded that on conversions the sums are exact."""
    touches = of.touches if basis == "conversion" else of.of_touches(question.start, question.end)
    decimals = _DECIMALS[kind]
    sums = touches.groupby("label")[kind].agg(math.fsum).round(decimals)
    if basis == "touch":
        return sums
    total = float(of.conversions if kind == "conversions" else of.value)
    nobodys = float(of.untouched if kind == "conversions" else of.untouched_value)
    if len(sums):
        largest = int(sums.abs().to_numpy().argmax())
        left = total - nobodys - math.fsum(sums)
        sums.iloc[largest] = round(float(sums.iloc[largest]) + left, decimals)
    if of.untouched:
        sums[UNTOUCHED] = nobodys
    return sums


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """The largest cost first, then the most credit; what has no label and no touch last."""
    order = pd.DataFrame(
        {
            "is_nobody": table.index == UNTOUCHED,
            "has_no_cost": table["spend"].isna(),
            "minus_spend": -table["spend"].fillna(0.0),
            "minus_revenue": -table["credited_revenue"],
            "is_missing": table.index == MISSING,
            "value": table.index,
        },
        index=table.index,
    )
    return table.loc[order.sort_values(list(order.columns)).index]


def with_campaigns(table: pd.DataFrame, campaigns: pd.DataFrame, by: str) -> pd.DataFrame:
    """The rows as a result shows them, with what is known of campaigns."""
    rows = table.assign(is_no_known_touch=table.index == UNTOUCHED, label=table.index)
    rows = rows.reset_index(drop=True)
    listed = campaigns.set_index("campaign")
    for column in ("name", "objective"):
        told = (
            rows["label"].map(listed[column]) if by == "campaign" else pd.Series(index=rows.index)
        )
        rows[column] = told.astype(object).where(told.notna(), None)
    rows["channel"] = named(rows["label"])
    return rows.astype({"payback_months": "float64", "maturity": "float64", "is_mature": "bool"})


def shown_part(part: pd.DataFrame) -> pd.DataFrame:
    """A part with the label under the name that results have for it."""
    return part.assign(label=named(part["label"])).rename(columns={"label": "channel"})
