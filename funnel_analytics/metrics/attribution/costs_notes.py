"""What `channel_costs` counts beside its table: totals, what was left out, what is immature."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from funnel_analytics.metrics.attribution.costs_credit import Returned
from funnel_analytics.metrics.attribution.costs_tables import FEWEST_MONTHS, MISSING, UNTOUCHED
from funnel_analytics.results import Note

__all__ = ["cost_notes"]


def cost_notes(
    table: pd.DataFrame,
    won: Returned,
    basis: str,
    marginal: pd.DataFrame,
    *,
    without_value: int,
) -> list[Note]:
    """The notes of a result, from its rows by label; `without_value`: deals without an amount."""
    known = table.index != UNTOUCHED
    free = known & table["spend"].isna()
    spent = table["spend"].dropna()
    untouched = won if basis == "conversion" else None
    notes = [
        Note(
            "costs_total",
            {
                "spend": round(math.fsum(spent), 6) if len(spent) else None,
                "deals": round(math.fsum(table["credited_deals"]), 9),
                "revenue": round(math.fsum(table["credited_revenue"]), 6),
                "pipeline": round(math.fsum(table["credited_pipeline"]), 6),
                "untouched_deals": untouched.untouched if untouched else 0,
                "untouched_revenue": untouched.untouched_value if untouched else 0.0,
                "free_revenue": round(math.fsum(table.loc[free, "credited_revenue"]), 6),
            },
        )
    ]
    of_spend = table["cost_source"] == "spend"
    unused = math.fsum(table.loc[of_spend, "touch_cost"].dropna())
    if unused:
        notes.append(Note("touch_costs_unused", {"cost": round(unused, 6)}))
    if without := int(table.loc[of_spend, "rows_without_cost"].sum()):
        notes.append(Note("spend_without_value", {"rows": without}))
    if costless := int(table.loc[~of_spend, "rows_without_cost"].sum()):
        notes.append(Note("touches_without_cost", {"touches": costless}))
    young = _shown_labels(table.index[~table["is_mature"].astype(bool) & table["spend"].notna()])
    if basis == "touch" and young:
        notes.append(Note("costs_immature", {"channels": young}))
    if hidden := int(table["is_leads_hidden"].sum()):
        notes.append(Note("leads_hidden", {"groups": hidden}))
    told = marginal[marginal["reason"].notna()]
    if len(told):
        reasons = {
            str(reason): _shown_labels(rows["label"])
            for reason, rows in told.groupby("reason", sort=True)
        }
        notes.append(
            Note(
                "marginal_missing",
                {"reasons": reasons, "rows": len(marginal), "fewest_months": FEWEST_MONTHS},
            )
        )
    if without_value:
        notes.append(Note("deals_without_amount", {"deals": without_value}))
    return notes


def _shown_labels(labels: Any) -> list[str | None]:
    return [None if each == MISSING else str(each) for each in labels]
