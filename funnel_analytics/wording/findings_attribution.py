"""Sentences on credit: what was shared, who was credited with most, what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from funnel_analytics.agreement import Agreement
from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "attribute",
    "attribution_rules",
    "credited_total",
    "credited_value",
    "credits_money",
    "journeys_way",
    "shown_models",
]

_LEFT_OUT = ("after_conversion", "without_person", "same_contact", "direct", "repeats")
_MOST_NAMED = 5
_MOST_MODELS = 8


def credits_money(result: Result) -> bool:
    """Does an attribution credit the value of deals (or entries into a stage)?"""
    return result.parameters.get("conversion", "won") in ("won", "pipeline")


def shown_models(result: Result) -> list[str]:
    """The models that a figure or table shows, in their order: eight, the agreed one among them.

    More than eight dots cannot be told apart, and a page is not wide enough for more columns.
    """
    every = list(dict.fromkeys(result.table["model"]))
    first = sorted(every, key=lambda model: model != result.agreement.attribution.model)
    return [model for model in every if model in first[:_MOST_MODELS]]


def attribute(words: Phrases, result: Result) -> str:
    """Which channel was credited with most?"""
    table = result.table
    in_period = words.in_period(str(result.parameters["period"]))
    if table.empty or not (table["conversions"] > 0).any():
        return words.say("finding.attribute.none", in_period=in_period)
    if not (table["revenue"] > 0).any():
        rows = table[table["model"] == table["model"].iloc[0]]
        count = result.note("totals").get("conversions", rows["conversions"].sum())
        return words.say(_by_kind(result, "no_value"), count=count, in_period=in_period)
    total = credited_total(words, result)
    unknown = table["is_no_known_touch"].astype(bool)
    known = table[~unknown & (table["revenue"] > 0)]
    if known.empty:
        return words.say("finding.attribute.only_unknown", in_period=in_period, total=total)
    agreed = result.agreement.attribution.model
    models = list(dict.fromkeys(table["model"]))
    model = agreed if agreed in models else models[0]
    chosen = known[known["model"] == model]
    row = chosen.sort_values("revenue", ascending=False, kind="stable").iloc[0]
    by = str(result.parameters.get("by") or "channel")
    values = {
        "channel": words.quoted(words.channel(result.agreement, row["channel"], by=by)),
        "in_period": in_period,
        "total": total,
        "among": words.say(f"finding.attribute.among.{by}"),
        "of_all": words.say(f"finding.attribute.of_all.{by}"),
    }
    nobodys = table[unknown & (table["model"] == model)][["revenue", "revenue_share"]].sum()
    ahead = nobodys["revenue"] > row["revenue"]
    values["unknown"] = _credited(words, result, nobodys["revenue"])
    values["unknown_share"] = words.percent(nobodys["revenue_share"])
    if len(models) > 1:
        others = table[~unknown]
        same = (
            others["channel"].isna()
            if is_missing(row["channel"])
            else others["channel"] == row["channel"]
        )
        shares = others.loc[same, "revenue_share"]
        span = words.interval(shares.min(), shares.max())
        key = "several_models_unknown" if ahead else "several_models"
        return words.say(f"finding.attribute.{key}", span=span, **values)
    return words.say(
        "finding.attribute.one_model_unknown" if ahead else "finding.attribute.one_model",
        value=_credited(words, result, row["revenue"]),
        share=words.percent(row["revenue_share"]),
        model=words.model(model, within=True, agreement=result.agreement),
        **values,
    )


def credited_value(words: Phrases, result: Result, value: Any) -> str:
    """A credit with its unit: money for deals, a count for entries into a stage."""
    if credits_money(result):
        return words.money(value, result.agreement.currency, compact=True)
    return words.credit(value)


def credited_total(words: Phrases, result: Result) -> str:
    """What all the credit of one model adds up to, with its unit."""
    totals = result.note("totals")
    rows = result.table
    rows = rows[rows["model"] == rows["model"].iloc[0]]
    if credits_money(result):
        revenue = credited_value(words, result, totals.get("revenue", rows["revenue"].sum()))
        return words.say(_by_kind(result, "revenue"), revenue=revenue)
    return words.amount("leads", totals.get("conversions", rows["conversions"].sum()))


def journeys_way(words: Phrases, given: Mapping[str, Any]) -> list[str]:
    """Which journeys were asked for, where they are not simply all touches of the people."""
    return [
        words.say(f"definition.{name}_{given[name]}")
        for name, usual in (("journeys_of", "lead"), ("repeats", "kept"), ("direct", "kept"))
        if given.get(name, usual) != usual
    ]


def attribution_rules(words: Phrases, agreed: Agreement) -> str:
    """How credit is shared, as agreed."""
    rule = agreed.attribution
    given = {name: getattr(rule, name) for name in ("journeys_of", "repeats", "direct")}
    parts = [
        words.say(
            "agreement.attribution_rule",
            model=words.model(rule.model, agreement=agreed),
            lookback=words.amount("days", rule.lookback_days),
        ),
        *(
            words.say(f"agreement.{name}_{value}")
            for name, value in given.items()
            if words.has("agreement", f"{name}_{value}")
        ),
    ]
    if rule.pool_below:
        parts.append(words.say("agreement.pool_below", count=rule.pool_below))
    if rule.activities is None:
        parts.append(words.say("agreement.activities_none"))
    return "; ".join(parts)


def _credited(words: Phrases, result: Result, value: Any) -> str:
    """A credit within a sentence: money, or leads by name."""
    if credits_money(result):
        return credited_value(words, result, value)
    return words.amount("leads", value)


def _by_kind(result: Result, key: str) -> str:
    pipeline = result.parameters.get("conversion") == "pipeline"
    return f"finding.attribute.{key}_pipeline" if pipeline else f"finding.attribute.{key}"


def _touches_left_out(words: Phrases, _: Result, note: Note) -> list[str]:
    parts = [
        words.say(f"note.{key}", touches=words.amount("touches", note.values[key]))
        for key in _LEFT_OUT
        if note.values.get(key)
    ]
    return [words.say("note.touches_left_out", parts=words.list_of(parts))] if parts else []


def _pooled(words: Phrases, result: Result, note: Note) -> list[str]:
    by = str(result.parameters.get("by") or "channel")
    names = [words.channel(result.agreement, each, by=by) for each in note.values["values"]]
    shown, more = names[:_MOST_NAMED], len(names) - _MOST_NAMED
    if more > 0:
        shown.append(words.say("note.pooled_more", count=more))
    below = words.whole(note.values["pool_below"])
    named = words.list_of(shown)
    return [words.say("note.pooled", count=len(names), names=named, below=below)]


def _negative(words: Phrases, result: Result, note: Note) -> list[str]:
    return [
        words.say(
            "note.negative_credit",
            count=rows,
            models=words.model(str(model), agreement=result.agreement),
        )
        for model, rows in note.values.items()
    ]


def _by_channel(words: Phrases, result: Result, note: Note) -> list[str]:
    names = [words.model(str(each), agreement=result.agreement) for each in note.values["models"]]
    return [words.say("note.credited_by_channel", count=len(names), models=words.list_of(names))]


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = MappingProxyType(
    {
        "touches_left_out": _touches_left_out,
        "pooled": _pooled,
        "credited_by_channel": _by_channel,
        "negative_credit": _negative,
    }
)
"""What notes on credit say, by their code."""
