"""Sentences for what was counted beside a plan: how far it reaches, and from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from funnel_analytics.results import Note, Result
from funnel_analytics.wording.findings_targets import asked_row
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = ["NOTES"]

_Sentences = list[str]
_MOST = 0.5


def _reachable(words: Phrases, result: Result, note: Note) -> _Sentences:
    values = note.values
    said: _Sentences = []
    if values.get("reason"):
        said.append(words.say(f"note.plan.{values['reason']}"))
    if not is_missing(values.get("p_without_new_leads")):
        chance = words.percent(values["p_without_new_leads"])
        said.append(words.say("note.plan.without", chance=chance))
    usual = ("peak_month_leads", "average_month_leads", "best_month_leads")
    if not any(is_missing(values.get(key)) for key in usual):
        peak, average, best = (round(float(values[key])) for key in usual)
        shown = {
            "peak": words.amount("leads", peak),
            "usual": words.whole(average),
            "best": words.whole(best),
        }
        said.append(words.say("note.plan.peak", **shown))
    if not is_missing(values.get("last_useful_day")):
        said.append(words.say("note.plan.last_day", day=words.day(values["last_useful_day"])))
    return [*said, *_late_months(words, result)]


def _late_months(words: Phrases, result: Result) -> _Sentences:
    """The months of the plan whose leads bring most of their wins too late, if there are any."""
    months = result.part("by_month") if "by_month" in result.parts else pd.DataFrame()
    if "in_time_share" not in months.columns:
        return []
    asked = months["probability"] == asked_row(result)["probability"]
    late = months[asked & (months["leads"].fillna(0) > 0) & (months["in_time_share"] < _MOST)]
    named = [
        words.say(
            "note.plan.late_month",
            month=words.month(row["month"]),
            leads=words.amount("leads", round(float(row["leads"]))),
            share=words.percent(row["in_time_share"]),
        )
        for _, row in late.iterrows()
    ]
    return [words.say("note.plan.late_months", months=words.list_of(named))] if named else []


def _pipeline(words: Phrases, result: Result, note: Note) -> _Sentences:
    currency, values = result.agreement.currency, note.values
    shown = {
        "won": words.money(values["in_hand_revenue"], currency),
        "expected": words.money(values["expected_pipeline_revenue"], currency),
        "low": words.money(values["low"], currency),
        "high": words.money(values["high"], currency),
        "confidence": words.percent(values["confidence"], fixed=False),
    }
    return [words.say("note.plan.pipeline", **shown)]


def _naive(words: Phrases, result: Result, note: Note) -> _Sentences:
    """The rule of thumb, with the numbers it comes from where the inputs have them."""
    leads = words.amount("leads", note.values["leads"])
    inputs = result.part("inputs") if "inputs" in result.parts else pd.DataFrame({"name": []})
    known = {str(row["name"]): row for _, row in inputs.iterrows()}
    if not {"deal_value", "win_rate_direct"} <= set(known):
        return [words.say("note.plan.naive", leads=leads)]
    currency, rate = result.agreement.currency, known["win_rate_direct"]
    shown = {
        "revenue": words.money(result.parameters["revenue"], currency),
        "value": words.money(known["deal_value"]["value"], currency),
        "won": words.whole(rate["numerator"]),
        "matured": words.base(rate["matured_leads"]),
    }
    return [words.say("note.plan.naive_reckoned", leads=leads, **shown)]


def _left_out(words: Phrases, _: Result, note: Note) -> _Sentences:
    parts = [
        words.say(
            f"note.plan.{key}",
            leads=words.amount("leads", count),
            deals=words.amount("deals", count),
        )
        for key, count in note.values.items()
        if count
    ]
    return [words.say("note.plan.left_out", parts=words.list_of(parts))] if parts else []


NOTES: Mapping[str, Callable[[Phrases, Result, Note], _Sentences]] = {
    "left_out": _left_out,
    "naive": _naive,
    "pipeline": _pipeline,
    "reachable": _reachable,
}
