"""What was spent, for what, and what came back for it: the tables of `channel_costs`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import share_entered
from funnel_analytics.estimates import robust_slope, wilson
from funnel_analytics.periods import Period

__all__ = [
    "FEWEST_MONTHS",
    "LEAST_VARIATION",
    "MISSING",
    "UNTOUCHED",
    "labelled",
    "marginal_part",
    "named",
    "paid",
    "payback_part",
    "per_spend",
    "stages_part",
]

MISSING, UNTOUCHED = "\0missing", "\0untouched"
"""The labels of what has no channel, and of conversions without a known touch."""

FEWEST_MONTHS, LEAST_VARIATION = 12, 0.2
"""From how many months, with which spread of spend, a slope is told."""

_MONTH_DAYS = 365.25 / 12
_PER = 1_000


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose `label` is a text in every row."""
    label = table["label"].astype(object)
    return table.assign(label=label.where(label.notna(), MISSING).astype(str))


def named(labels: pd.Series) -> pd.Series:
    """Labels as a result shows them: what has no channel is missing."""
    return labels.astype(object).where(~labels.isin([MISSING, UNTOUCHED]), None)


def paid(spend: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """What each label cost: its spend if it has rows of that, else the costs of its touches.

    Parameters
    ----------
    spend, touches
        The queries `channel_costs_spend` and `channel_costs_touches` (of the period).

    Returns
    -------
    DataFrame
        By label: `cost_source`, `spend` (what is known of it), `cost_rows`, `rows_without_cost`,
        `touches` and `touch_cost`.
    """
    by_label = labelled(spend).groupby("label")
    rows = by_label[["spend_rows", "rows_without_value"]].sum()
    rows["known"] = by_label["spend"].agg(_sum)
    of_touches = labelled(touches).groupby("label")
    seen = of_touches[["touches", "costed_touches"]].sum()
    seen["touch_cost"] = of_touches["cost"].agg(_sum)
    both = rows.join(seen, how="outer")
    counts = ["spend_rows", "rows_without_value", "touches", "costed_touches"]
    both[counts] = both[counts].fillna(0).astype("int64")
    has_rows, has_costs = both["spend_rows"] > 0, both["costed_touches"] > 0
    source = np.select([has_rows, has_costs], ["spend", "touches"], "")
    of_spend, of_touch = source == "spend", source == "touches"
    return pd.DataFrame(
        {
            "cost_source": pd.Series(source, both.index, dtype=object).where(source != "", None),
            "spend": both["known"].where(of_spend, both["touch_cost"].where(of_touch)),
            "cost_rows": both["spend_rows"].where(of_spend, both["costed_touches"]),
            "rows_without_cost": both["rows_without_value"].where(
                of_spend, (both["touches"] - both["costed_touches"]).where(of_touch, 0)
            ),
            "touches": both["touches"],
            "touch_cost": both["touch_cost"],
        }
    )


def _sum(amounts: pd.Series) -> float:
    """What is known of some amounts, to a millionth; missing where nothing is."""
    known = amounts.dropna()
    return round(math.fsum(known), 6) if len(known) else math.nan


def per_spend(amount: pd.Series, spend: pd.Series) -> pd.Series:
    """Amounts for each unit of spend; missing where nothing was spent, or it is not known."""
    return amount / spend.where(spend > 0)


def stages_part(
    leads: pd.DataFrame,
    cost: pd.Series,
    *,
    stages: Sequence[str],
    curves: Mapping[int, pd.DataFrame],
    starts: Mapping[int, datetime],
    mature_from: float,
) -> pd.DataFrame:
    """What each label cost for each of its leads that had reached a stage.

    Parameters
    ----------
    leads
        The query `channel_costs_leads`, without leads of labels too small to be shown.
    cost
        By label, missing where it is not known in full; these are the rows, in their order.
    curves, starts
        The ages at which stages are reached, and from when on the data hold them.
    """
    parts = []
    known = labelled(leads)
    sums = known.groupby("label")[
        ["leads", *(f"reached_{each}" for each in range(1, len(stages) + 1))]
    ].sum()
    of_label = dict(iter(known.groupby("label")))
    for label, amount in zip(map(str, cost.index), cost, strict=True):
        if label not in of_label or math.isnan(amount):
            continue
        mine = of_label[label]
        total = {name: int(count) for name, count in sums.loc[[label]].iloc[0].items()}
        for position, stage in enumerate(stages, 1):
            reached = total[f"reached_{position}"]
            low, high = wilson(reached, total["leads"])
            per_lead = amount / total["leads"]
            share = share_entered(curves, position, ages=mine["age_days"], leads=mine["leads"])
            parts.append(
                {
                    "label": label,
                    "position": position,
                    "stage": stage,
                    "spend": amount,
                    "leads": total["leads"],
                    "reached_leads": reached,
                    "cost_per_reached": amount / reached if reached else math.nan,
                    "cost_low": per_lead / float(high) if position > 1 else per_lead,
                    "cost_high": (
                        per_lead
                        if position == 1
                        else per_lead / float(low)
                        if low > 0
                        else math.nan
                    ),
                    "maturity": share,
                    "is_mature": bool(share >= mature_from),
                    "is_left_truncated": bool(mine["first_created_at"].min() < starts[position]),
                }
            )
    return pd.DataFrame(parts, columns=list(_STAGE_COLUMNS))


_STAGE_COLUMNS = (
    "label",
    "position",
    "stage",
    "spend",
    "leads",
    "reached_leads",
    "cost_per_reached",
    "cost_low",
    "cost_high",
    "maturity",
    "is_mature",
    "is_left_truncated",
)


def payback_part(
    credits: pd.DataFrame, cost: pd.Series, *, last: int
) -> tuple[pd.DataFrame, pd.Series]:
    """How much of its cost had come back as credited revenue, by days since the touch.

    Parameters
    ----------
    credits
        One row per credited touch: `label`, `lag_days` and `revenue`.
    cost
        By label; only what was spent can come back.
    last
        The last day on which a touch can be credited with anything.

    Returns
    -------
    DataFrame, Series
        One row per label and day on which anything came (and the first and the last one), and by
        label how many months it took until all of the cost had come back.
    """
    spent = cost[cost > 0]
    mine = credits[credits["label"].isin(spent.index)]
    days = np.ceil(mine["lag_days"].to_numpy(dtype=float).clip(0, last)).astype(np.int64)
    mine = mine.assign(age_days=days)[["label", "age_days", "revenue"]]
    ends = pd.DataFrame(
        [(label, day, 0.0) for label in spent.index for day in (0, last)],
        columns=["label", "age_days", "revenue"],
    )
    came = (
        pd.concat([mine, ends])
        .astype({"label": object, "age_days": "int64", "revenue": "float64"})
        .groupby(["label", "age_days"])["revenue"]
        .sum()
    )
    table = came.groupby("label").cumsum().rename("credited_revenue").reset_index()
    table["credited_revenue"] = table["credited_revenue"].round(6)
    table["revenue_per_spend"] = table["credited_revenue"] / table["label"].map(spent)
    covered = table[table["revenue_per_spend"] >= 1]
    months = covered.groupby("label")["age_days"].min() / _MONTH_DAYS
    return table, months


def marginal_part(
    spend: pd.DataFrame, leads: pd.DataFrame, *, hidden: Sequence[str], months: Sequence[Period]
) -> pd.DataFrame:
    """How many more leads arrived in months in which more was spent, by label with spend?

    Parameters
    ----------
    spend, leads
        The queries `channel_costs_spend` and `channel_costs_leads`.
    hidden
        Labels with too few leads to be shown.
    months
        The whole months to compare.

    Returns
    -------
    DataFrame
        One row per label; `reason` says why there is no slope.
    """
    firsts = [pd.Timestamp(each.start) for each in months]
    paid_by_month, unknown, created = (
        labelled(table).pivot_table(index="label", columns="month", values=value, aggfunc="sum")
        for table, value in (
            (spend, "spend"),
            (spend, "rows_without_value"),
            (leads, "leads"),
        )
    )
    rows: list[dict[str, Any]] = []
    for label in sorted(set(labelled(spend)["label"])):
        cost, without, arrived = (
            table.reindex(index=[label], columns=firsts).fillna(0.0).to_numpy(dtype=float)[0]
            for table in (paid_by_month, unknown, created)
        )
        is_told = len(firsts) > 0 and cost.sum() > 0
        spread = cost.std(ddof=1) / cost.mean() if is_told and len(firsts) > 1 else math.nan
        slope = robust_slope(cost / _PER, arrived)
        reason = _reason(len(firsts), spread, without.sum(), arrived, label in hidden, slope.value)
        told = reason is None
        rows.append(
            {
                "label": label,
                "months": len(firsts),
                "spend": math.nan if without.sum() else round(math.fsum(cost), 6),
                "leads": math.nan if label in hidden else arrived.sum(),
                "spend_variation": spread,
                "leads_per_1000": slope.value if told else math.nan,
                "low": slope.low if told else math.nan,
                "high": slope.high if told else math.nan,
                "average_leads_per_1000": (
                    arrived.sum() / cost.sum() * _PER
                    if is_told and not without.sum() and label not in hidden
                    else math.nan
                ),
                "reason": reason,
            }
        )
    table = pd.DataFrame(rows, columns=list(_MARGINAL_COLUMNS)).astype({"leads": "Int64"})
    why = table["reason"].astype(object)
    return table.assign(reason=why.where(why.notna(), None))


_MARGINAL_COLUMNS = (
    "label",
    "months",
    "spend",
    "leads",
    "spend_variation",
    "leads_per_1000",
    "low",
    "high",
    "average_leads_per_1000",
    "reason",
)


def _reason(
    months: int, spread: float, unknown: float, arrived: Any, is_hidden: bool, slope: float
) -> str | None:
    """Why no slope can be told; nothing where it can."""
    if months < FEWEST_MONTHS:
        return "few_months"
    if unknown:
        return "unknown_cost"
    if is_hidden:
        return "hidden_leads"
    if not spread >= LEAST_VARIATION:
        return "little_variation"
    if not np.ptp(arrived) > 0:
        return "same_leads"
    return "one_month" if math.isnan(slope) else None
