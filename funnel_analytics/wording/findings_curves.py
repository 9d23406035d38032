"""Sentences on curves: how many leads reach a stage, by when, and which are late."""

from __future__ import annotations

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "cohort_name",
    "conversion_curve",
    "curve_stage",
    "days_range",
    "expected_conversion",
    "largest_group",
    "sales_cycle",
    "stuck_leads",
]

_CLEAR = 0.05


def curve_stage(result: Result, stage: str | None) -> str:
    """Which stage a sentence or figure is about: the one asked for, else the last."""
    return stage or str(result.parameters.get("stage") or result.agreement.stage_names[-1])


def conversion_curve(words: Phrases, result: Result, *, stage: str | None = None) -> str:
    """Which share reaches a stage, by when, or do the groups differ?"""
    chosen = curve_stage(result, stage)
    totals = result.part("totals")
    rows = totals[totals["stage"] == chosen]
    if rows.empty or not (rows["leads"] > 0).any():
        return words.say("finding.no_leads", period=words.period(str(result.parameters["cohort"])))
    label = words.quoted(words.stage(result.agreement, chosen))
    if result.parameters.get("by") is not None:
        return _groups(words, result, rows, chosen, label)
    row = rows.iloc[0]
    if row["reached_leads"] == 0:
        return words.say(
            "finding.conversion_curve.nobody",
            count=row["leads"],
            stage=label,
            by=words.by_as_of(result),
        )
    return words.say(
        "finding.conversion_curve.reached",
        rate=words.percent(row["incidence_rate"]),
        stage=label,
        days=words.amount("days_dative", row["longest_days"]),
        limits=words.interval(row["incidence_low"], row["incidence_high"]),
        share=words.percent(result.agreement.maturity.mature_from, digits=0),
        mature=words.amount("days_dative", row["mature_days"]),
    )


def _groups(words: Phrases, result: Result, rows: pd.DataFrame, stage: str, label: str) -> str:
    """Do the curves of the groups differ, by the test that was made?"""
    by = result.parameters["by"]
    attribute = words.by_attribute(by) if words.language == "en" else words.attribute_label(by)
    tests = result.part("tests")
    tests = tests[(tests["stage"] == stage) & tests["p_value"].notna()]
    known = rows[~rows["is_folded"].map(is_true).astype(bool) & rows["incidence_rate"].notna()]
    values = {"stage": label, "attribute": attribute}
    if tests.empty or len(known) < 2:
        return words.say("finding.conversion_curve.untested", **values)
    test = tests.iloc[0]
    shown = _chance(words, test["p_value"])
    values |= {"test": words.say(f"finding.conversion_curve.{test['test']}"), "p": shown}
    if test["p_value"] >= _CLEAR:
        return words.say("finding.conversion_curve.alike", **values)
    ranked = known.sort_values("incidence_rate", kind="stable")
    for name, row in (("worst", ranked.iloc[0]), ("best", ranked.iloc[-1])):
        values[name] = words.quoted(words.group(result, row))
        values[f"{name}_rate"] = words.percent(row["incidence_rate"])
    return words.say("finding.conversion_curve.differ", **values)


def _chance(words: Phrases, p_value: float) -> str:
    """`p = 0,031`."""
    if p_value >= 0.001:
        return words.say("finding.conversion_curve.p", value=words.number(p_value, digits=3))
    smallest = words.form("below", value=words.number(0.001, digits=3))
    return words.say("finding.conversion_curve.p_below", value=smallest)


def largest_group(result: Result) -> pd.DataFrame:
    """The cohorts of the group with most leads: what one sentence or figure can be about."""
    table = result.table
    names = [name for name in ("segment", "second_segment") if name in table.columns]
    if table.empty or result.parameters.get("by") is None:
        return table
    shown = table[~table["is_folded"].map(is_true).astype(bool)]
    rows = table if shown.empty else shown
    sizes = rows.groupby(names, dropna=False, sort=False)["leads"].sum()
    largest = sizes.sort_values(ascending=False, kind="stable").reset_index().iloc[0]
    same = pd.Series(True, index=rows.index)
    for name in names:
        same &= rows[name].isna() if is_missing(largest[name]) else rows[name] == largest[name]
    return rows[same].reset_index(drop=True)


def cohort_name(words: Phrases, result: Result, start: pd.Timestamp) -> str:
    """What a cohort is called: its month or quarter."""
    if result.parameters["every"] == "quarter":
        return words.period(f"{start.year}-Q{start.quarter}")
    return words.month(start)


def expected_conversion(words: Phrases, result: Result) -> str:
    """What is to be expected of the youngest whole cohort?"""
    rows = largest_group(result)
    label = words.quoted(words.stage(result.agreement, str(result.parameters["stage"])))
    values = {"stage": label, "by": words.by_as_of(result)}
    if rows.empty:
        return words.say("finding.no_leads", period=words.period(str(result.parameters["cohort"])))
    known = rows[rows["expected_rate"].notna()]
    whole = known[known["is_complete"].map(is_true).astype(bool)]
    chosen = known if whole.empty else whole
    if chosen.empty:
        return words.say("finding.expected_conversion.unrated", **values)
    row = chosen.sort_values("period_start").iloc[-1]
    period = cohort_name(words, result, row["period_start"])
    of = words.say("finding.expected_conversion.of", period=period)
    if result.parameters.get("by") is not None:
        of = words.say(
            "finding.expected_conversion.of_group",
            period=period,
            group=words.group(result, row),
        )
    return words.say(
        "finding.expected_conversion.young",
        count=row["reached_leads"],
        leads=words.whole(row["leads"]),
        of=of,
        expected=words.amount("leads", row["expected_final_leads"]),
        rate=words.percent(row["expected_rate"]),
        limits=words.interval(row["expected_low"], row["expected_high"]),
        **values,
    )


def sales_cycle(words: Phrases, result: Result) -> str:
    """How long does half of the leads take, and do the groups differ?"""
    table = result.table
    stages = {
        name: words.quoted(words.stage(result.agreement, str(result.parameters[name])))
        for name in ("start", "end")
    }
    timed = table[table["median_days"].notna()]
    nobody = words.by_as_of(result)
    if timed.empty:
        return words.say("finding.sales_cycle.nobody", by=nobody, **stages)
    if result.parameters.get("by") is not None:
        return _cycles(words, result, timed, stages)
    row = timed.iloc[0]
    return words.say(
        "finding.sales_cycle.half",
        count=row["reached_leads"],
        by=nobody,
        median=words.amount(
            "days_dative" if row["reached_leads"] == 1 else "days", row["median_days"], fixed=True
        ),
        limits=days_range(words, row, "median"),
        p90=words.amount("days", row["p90_days"], fixed=True),
        p90_limits=days_range(words, row, "p90"),
        **stages,
    )


def days_range(words: Phrases, row: pd.Series, name: str) -> str:
    """The interval of a number of days: `62,0–95,5`."""
    limits = [words.number(row[f"{name}_{end}_days"], fixed=True) for end in ("low", "high")]
    return words.form("range", low=limits[0], high=limits[1])


def _cycles(words: Phrases, result: Result, timed: pd.DataFrame, stages: dict[str, str]) -> str:
    """Are the medians of the groups to be told apart, and whose are they?"""
    by = result.parameters["by"]
    attribute = words.by_attribute(by) if words.language == "en" else words.attribute_label(by)
    values = {"attribute": attribute, **stages}
    test = result.part("tests").iloc[0]
    if is_missing(test["p_value"]):
        return words.say("finding.sales_cycle.untested", **values)
    values |= {
        "test": words.say("finding.sales_cycle.median"),
        "p": _chance(words, test["p_value"]),
    }
    if test["p_value"] >= _CLEAR:
        return words.say("finding.sales_cycle.alike", **values)
    known = timed[~timed["is_folded"].map(is_true).astype(bool)]
    known = known[known["reached_leads"] >= result.agreement.minimum_group_size]
    ranked = known.sort_values("median_days", kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    if best["median_high_days"] >= worst["median_low_days"]:
        return words.say("finding.sales_cycle.differ", **values)
    return words.say(
        "finding.sales_cycle.segments",
        best=words.quoted(words.group(result, best)),
        best_days=words.amount("days_dative", best["median_days"], fixed=True),
        worst=words.quoted(words.group(result, worst)),
        worst_days=words.amount("days", worst["median_days"], fixed=True),
        **values,
    )


def stuck_leads(words: Phrases, result: Result) -> str:
    """How many leads are late, where most of them, and what are they worth?"""
    table = result.table
    known = table[table["open_leads"].notna()]
    agreed = known[known["expected_days"].notna() & known["stuck_leads"].notna()]
    if agreed.empty:
        return words.say("finding.stuck_leads.unknown", count=known["open_leads"].sum())
    by_stage = agreed.groupby("stage", sort=False)["stuck_leads"].sum()
    count, most, open_leads = by_stage.sum(), by_stage.max(), agreed["open_leads"].sum()
    others = known["open_leads"].sum() - open_leads
    stage = words.quoted(words.stage(result.agreement, str(by_stage.idxmax())))
    kind = "all" if most == count else "most" if 2 * most > count else "some"
    where = words.say(f"finding.stuck_leads.{kind}_in", stage=stage, most=words.whole(most))
    of = words.say(f"finding.stuck_leads.{'open_agreed' if others else 'open'}", count=open_leads)
    text = words.say(
        f"finding.stuck_leads.{'only' if open_leads == 1 else 'stuck'}",
        count=count,
        open=of,
        stage=stage,
        where=where,
    )
    if others:
        text = words.say("finding.stuck_leads.others", count=others, text=text)
    amount = agreed["stuck_amount"].sum()
    if count == 0 or is_missing(amount) or amount == 0:
        return text
    worth = words.money(amount, result.agreement.currency, compact=True)
    return words.say("finding.stuck_leads.worth", count=count, text=text, amount=worth)
