"""The tests of drop-offs as a table in order, the steps searched, and what was left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnel_analytics.metrics.drop_offs.combinations import MONTH, Combinations
from funnel_analytics.results import Note
from funnel_analytics.ripeness import Months
from funnel_analytics.warehouse import Warehouse

__all__ = [
    "STEP_COLUMNS",
    "UNITS",
    "finding_table",
    "months_left_out",
    "pairs_left_out",
    "screened",
    "step_table",
]

UNITS = {
    "previous_leads": "leads",
    "reached_leads": "leads",
    "rate": "share of previous_leads",
    "rest_rate": "share of the previous_leads of the rest",
    "adjusted_difference": "share of previous_leads, above or below the rest",
    "months": "months of creation",
    "lost_deals": "won deals",
    "low": "won deals, lower end of the 95 % interval",
    "high": "won deals, upper end of the 95 % interval",
    "lost_deals_per_month": "won deals per month of creation",
    "per_month_low": "won deals per month of creation, lower end of the 95 % interval",
    "per_month_high": "won deals per month of creation, upper end of the 95 % interval",
    "statistic": "standard deviations",
    "p_value": "chance",
    "q_value": "share of false ones among the findings",
}
_COLUMNS = (
    "finding_no",
    "position",
    "stage",
    "attribute",
    "value",
    "second_attribute",
    "second_value",
    "previous_leads",
    "reached_leads",
    "rate",
    "rest_rate",
    "adjusted_difference",
    "months",
    "lost_deals",
    "low",
    "high",
    "lost_deals_per_month",
    "per_month_low",
    "per_month_high",
    "statistic",
    "p_value",
    "q_value",
    "is_found",
    "direction",
    "explained_by",
)
STEP_COLUMNS = (
    "position",
    "stage",
    "previous_leads",
    "reached_leads",
    "rate",
    "winning_rate",
    "judged_months",
    "immature_months",
    "left_truncated_months",
    "tests",
    "findings",
)
_PER_MONTH = {
    "lost_deals_per_month": "lost_deals",
    "per_month_low": "low",
    "per_month_high": "high",
}


def step_table(warehouse: Warehouse, known: Combinations, judged: Months) -> pd.DataFrame:
    """One row per step: its counts in the judged months, and the chance of winning afterwards."""
    rows = []
    month = known.factors[MONTH].codes if MONTH in known.factors else np.zeros(0, dtype=np.intp)
    for position, stage in enumerate(warehouse.agreement.stage_names, 1):
        if position == 1:
            continue
        among = judged.is_judged[position][month]
        leads, entered = known.reached[among, position - 2], known.reached[among, position - 1]
        before, reached = leads.sum(), entered.sum()
        due = (leads * judged.due[position][month[among]]).sum()
        rows.append(
            {
                "position": position,
                "stage": stage,
                "previous_leads": int(before),
                "reached_leads": int(reached),
                "rate": reached / before if before else np.nan,
                "eventual_rate": min(reached / due, 1.0) if due else np.nan,
                "judged_months": int(judged.is_judged[position].sum()),
                "immature_months": len(judged.immature[position]),
                "left_truncated_months": len(judged.cut[position]),
            }
        )
    steps = pd.DataFrame(rows)
    after = np.cumprod(steps["eventual_rate"].to_numpy()[::-1])[::-1]
    return steps.assign(winning_rate=[*after[1:], 1.0])


def finding_table(
    warehouse: Warehouse, known: Combinations, tests: pd.DataFrame, steps: pd.DataFrame
) -> pd.DataFrame:
    """The tests with the names of their groups and what they amount to in deals, in order."""
    if tests.empty:
        empty = pd.DataFrame({name: pd.Series(dtype=object) for name in _COLUMNS})
        return empty.astype({"is_found": bool, "position": "int64"})
    winning = tests["position"].map(steps.set_index("position")["winning_rate"])
    entries = -tests["previous_leads"] * winning
    table = tests.assign(
        stage=tests["position"].map(dict(enumerate(warehouse.agreement.stage_names, 1))),
        value=_named(known, tests["attribute"], tests["value_no"]),
        second_value=_named(known, tests["second_attribute"], tests["second_no"]),
        lost_deals=entries * tests["adjusted_difference"],
        low=entries * tests["difference_high"],
        high=entries * tests["difference_low"],
        direction=np.where(tests["adjusted_difference"] < 0, "lost", "gained"),
        previous_leads=tests["previous_leads"].astype("int64"),
        reached_leads=tests["reached_leads"].astype("int64"),
    )
    for name, total in _PER_MONTH.items():
        table[name] = table[total] / table["months"]
    order = pd.DataFrame(
        {
            "is_other": ~table["is_found"],
            "is_explained": table["is_found"] & table["explained"].notna(),
            "is_gained": table["is_found"] & (table["direction"] == "gained"),
            "deals": -table["lost_deals_per_month"].abs().where(table["is_found"], 0.0),
            "p_value": table["p_value"],
            "position": table["position"],
        }
    )
    table = table.loc[order.sort_values(list(order.columns), kind="stable").index]
    numbers = pd.Series(range(1, len(table) + 1), index=table.index, dtype="Int64")
    table["finding_no"] = numbers.where(table["is_found"])
    table["explained_by"] = pd.array(
        [numbers.get(each, pd.NA) if each is not None else pd.NA for each in table["explained"]],
        dtype="Int64",
    )
    return table[list(_COLUMNS)].reset_index(drop=True)


def _named(known: Combinations, attributes: pd.Series, numbers: pd.Series) -> pd.Series:
    return pd.Series(
        [
            known.values[attribute][number] if isinstance(attribute, str) else None
            for attribute, number in zip(attributes, numbers, strict=True)
        ],
        index=attributes.index,
        dtype=object,
    )


def screened(table: pd.DataFrame, rate: float) -> Note:
    """How many tests and findings there are."""
    found = table[table["is_found"]]
    counts = {
        "tests": len(table),
        "findings": len(found),
        "explained": int(found["explained_by"].notna().sum()),
    }
    return Note("screened", {**counts, "rate": rate})


def months_left_out(steps: pd.DataFrame) -> list[Note]:
    """The stages for which not every month counts."""
    kinds = ("judged_months", "immature_months", "left_truncated_months")
    short = steps[(steps["immature_months"] > 0) | (steps["left_truncated_months"] > 0)]
    if short.empty:
        return []
    stages = [
        {"stage": str(row["stage"]), **{kind: int(row[kind]) for kind in kinds}}
        for _, row in short.iterrows()
    ]
    return [Note("months_left_out", {"stages": stages})]


def pairs_left_out(known: Combinations, pairs: bool) -> list[Note]:
    """The pairs of attributes that would be tables about single employees."""
    if not pairs or not known.about_people:
        return []
    left_out = sorted(sorted(each) for each in known.about_people)
    return [Note("pairs_left_out", {"pairs": left_out})]
