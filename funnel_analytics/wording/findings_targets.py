"""Sentences on targets and the leads that a target needs."""

from __future__ import annotations

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.findings_stages import no_data
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "actual_vs_target",
    "asked_row",
    "leads_needed",
    "target_rows",
    "variance_sentence",
]


def target_rows(
    result: Result, metric: str | None = None, dimension: str | None = None
) -> pd.DataFrame:
    """The months of one metric, by default the first of revenue, won deals, leads with a target."""
    table = result.table
    if table.empty:
        return table
    if metric is None:
        aimed = table[table["target"].notna()]
        have = list(dict.fromkeys(aimed["metric"] if len(aimed) else table["metric"]))
        metric = next((each for each in ("revenue", "won_deals", "leads") if each in have), have[0])
    rows = table[table["metric"] == metric]
    wanted = rows["dimension"].isna() if dimension is None else rows["dimension"] == dimension
    return rows[wanted].sort_values("month")


def actual_vs_target(
    words: Phrases, result: Result, *, metric: str | None = None, dimension: str | None = None
) -> str:
    """How far was the last month from its target?"""
    rows = target_rows(result, metric, dimension)
    if rows.empty:
        return no_data(words, result, "actual_vs_target")
    text = variance_sentence(words, result, rows.iloc[-1])
    return _year_to_date(words, result, rows, text)


def _year_to_date(words: Phrases, result: Result, rows: pd.DataFrame, text: str) -> str:
    """The sentence with the sums since January, where every month of them is over and known."""
    last = rows["month"].iloc[-1]
    year = rows[[each.year == last.year for each in rows["month"]]]
    whole = bool(year["is_complete"].map(is_true).all()) and year["actual"].notna().all()
    if len(year) < 2 or len(year) != last.month or not whole or year["target"].isna().any():
        return text
    actual, target = float(year["actual"].sum()), float(year["target"].sum())
    if target == 0:
        return text
    metric = str(year["metric"].iloc[0])
    return words.say(
        "finding.actual_vs_target.year_to_date",
        text=text,
        actual=words.measured(result.agreement, metric, actual, compact=True),
        target=words.measured(result.agreement, metric, target, compact=True),
        share=words.percent((actual - target) / target, sign=True),
    )


def variance_sentence(words: Phrases, result: Result, row: pd.Series) -> str:
    """Actual against target of one row, with the difference and its size."""
    metric = str(row["metric"])
    agreement = result.agreement
    values = {"metric": words.measure_of(agreement, row), "month": words.month(row["month"])}
    if is_missing(row["actual"]):
        target = words.measured(agreement, metric, row["target"], compact=True)
        return words.say("finding.actual_vs_target.without_actual", target=target, **values)
    values["actual"] = words.measured(agreement, metric, row["actual"], compact=True)
    if is_missing(row["target"]):
        text = words.say("finding.actual_vs_target.without_target", **values)
    elif row["variance"] == 0:
        text = words.say("finding.actual_vs_target.equal", **values)
    else:
        values["variance"] = words.measured(agreement, metric, abs(row["variance"]), compact=True)
        key = "above" if row["variance"] > 0 else "below"
        if is_missing(row["variance_share"]):
            key = "unknown_share"
        else:
            values["share"] = words.percent(row["variance_share"], sign=True)
        text = words.say(f"finding.actual_vs_target.{key}", **values)
    if is_true(row["is_complete"]):
        return text
    return words.say("finding.actual_vs_target.incomplete", text=text)


def asked_row(result: Result) -> pd.Series:
    """The row of the probability that was asked for."""
    table = result.table
    asked = table[table["is_asked"].astype(bool)]
    return (asked if len(asked) else table).iloc[0]


def leads_needed(words: Phrases, result: Result, *, by_month: bool = False) -> str:
    """How many leads does the target need, and how sure is that?"""
    row = asked_row(result)
    others = [
        words.say(
            "finding.leads_needed.other",
            probability=words.percent(each["probability"], fixed=False),
            leads=words.form("not_reached_plan")
            if is_missing(each["leads_needed"])
            else words.amount("leads", each["leads_needed"]),
        )
        for _, each in result.table.sort_values("probability").iterrows()
        if each["probability"] != row["probability"]
    ]
    values = {
        "revenue": words.money(
            result.parameters["revenue"], result.agreement.currency, compact=True
        ),
        "in_period": words.in_period(str(result.parameters["period"])),
        "probability": words.percent(row["probability"], fixed=False),
        "others": ", ".join(others),
    }
    if is_missing(row["leads_needed"]):
        return words.say("finding.leads_needed.unreachable", **values)
    text = words.say("finding.leads_needed.needed", count=row["leads_needed"], **values)
    if not by_month or row["leads_needed"] == 0:
        return text
    months = result.part("by_month")
    months = months[(months["probability"] == row["probability"]) & months["leads"].notna()]
    if months.empty:
        return text
    leads = months["leads"].astype("float64").round()
    peaks = [words.month(each) for each in months.loc[leads == leads.max(), "month"]]
    return words.say(
        f"finding.leads_needed.{'peaks' if len(peaks) > 1 else 'peak'}",
        count=int(leads.max()),
        total=text.removesuffix(f" ({values['others']})"),
        month=words.list_of(peaks),
    )
