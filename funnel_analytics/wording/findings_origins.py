"""What was found about origins and beginnings: one sentence each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.findings_flows import asked_group
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = ["entry_points", "origin_label", "origin_mix"]


def origin_label(words: Phrases, result: Result, row: Any) -> str:
    """What a row of a mix of origins is called; deals of no lead are a row of their own."""
    if is_true(row["is_without_lead"]):
        return words.say("origins.without_lead")
    return words.group(result, row)


def origin_mix(words: Phrases, result: Result) -> str:
    """Which origin has most leads, and which share of deals and revenue?"""
    table = result.table
    in_period = words.in_period(str(result.parameters["period"]))
    if len(table) and table["leads"].isna().all():
        return words.say("finding.too_few", in_period=in_period)
    named = table[~table["is_folded"] & ~table["is_without_lead"].astype(bool)]
    if named.empty or not (named["leads"] > 0).any():
        text = words.say("finding.origin_mix.nothing", in_period=in_period)
        return text[:1].upper() + text[1:]
    row = named.iloc[int(named["leads"].astype("float64").to_numpy().argmax())]
    has_won, has_revenue = not is_missing(row["won_share"]), not is_missing(row["revenue_share"])
    key = "three" if has_won and has_revenue else "two" if has_won else "one"
    values = {"won_share": words.percent(row["won_share"])} if has_won else {}
    if has_won:
        values["won"] = _part_of(words, row["won_deals"], table["won_deals"].sum())
    if key == "three":
        values["revenue_share"] = words.percent(row["revenue_share"])
    return words.say(
        f"finding.origin_mix.{key}",
        origin=words.quoted(origin_label(words, result, row)),
        in_period=in_period,
        leads_share=words.percent(row["leads_share"]),
        leads=_part_of(words, row["leads"], table["leads"].sum()),
        **values,
    )


def _part_of(words: Phrases, part: Any, whole: Any) -> str:
    return words.form("part_of", part=words.whole(part), whole=words.whole(whole))


def entry_points(words: Phrases, result: Result, *, segment: Any = None) -> str:
    """How many leads began in the first stage, and how often were they won, early and late?"""
    rows = asked_group(result, result.part("early_late"), size="leads", segment=segment)
    cohort = str(result.parameters["cohort"])
    if len(rows) and rows["leads"].isna().all():
        return words.say("finding.too_few", in_period=words.in_period(cohort))
    if rows.empty or not rows["leads"].sum():
        return words.say("finding.no_leads", period=words.period(cohort))
    early, late = rows[~rows["is_late"]], rows[rows["is_late"]]
    count = int(early["leads"].sum())
    text = words.say(
        "finding.entry_points.began",
        count=rows["leads"].sum(),
        part=words.whole(count),
        stage=words.quoted(words.stage(result.agreement, result.agreement.stage_names[0])),
        share=words.percent(early["leads_share"].sum()),
    )
    text = _won(words, result, text, early, late)
    if result.parameters.get("by") is None:
        return text
    return words.form("labelled", label=words.group(result, rows.iloc[0]), text=text)


def _won(words: Phrases, result: Result, text: str, early: pd.DataFrame, late: pd.DataFrame) -> str:
    by = words.by_as_of(result)
    if not early["judged_leads"].sum():
        return words.say("finding.entry_points.young", text=text, by=by)
    row = early.iloc[0]
    said = {"won": _part_of(words, row["won_leads"], row["judged_leads"])}
    said["rate"] = words.percent(row["win_rate"])
    if late["judged_leads"].sum() < result.agreement.minimum_group_size:
        return words.say("finding.entry_points.judged", text=text, by=by, **said)
    other = late.iloc[0]
    said["late_won"] = _part_of(words, other["won_leads"], other["judged_leads"])
    said["late_rate"] = words.percent(other["win_rate"])
    return words.say("finding.entry_points.both", text=text, by=by, **said)
