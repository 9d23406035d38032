"""Sentences on credit: what was shared, who was credited with most, what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.results import Note, Result
from funnel_analytics.wording.findings_journeys import conversion_noun
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "attribute",
    "attribution_rules",
    "by_what_is_known",
    "credited_name",
    "credited_total",
    "credited_value",
    "credits_money",
    "is_without_amounts",
    "journeys_way",
    "shown_models",
]

_LEFT_OUT = ("after_conversion", "without_person", "same_contact", "direct", "repeats")
_MOST_NAMED = 5
_MOST_MODELS = 8


def credits_money(result: Result) -> bool:
    """Does an attribution credit the value of deals (or conversions, each of them 1)?"""
    is_deal = result.parameters.get("conversion", "won") in ("won", "pipeline")
    return is_deal and not is_without_amounts(result)


def is_without_amounts(result: Result) -> bool:
    """Has none of the deals an amount, so that nothing is known but their number?"""
    totals = result.note("totals")
    deals = totals.get("conversions") or result.note("sourced_deals").get("deals")
    notes = (totals.get("deals_without_amount"), result.note("deals_without_amount").get("deals"))
    return bool(deals) and deals in notes


def by_what_is_known(result: Result) -> Result:
    """The credit of revenue; where no deal has an amount, that of conversions in its place."""
    if not is_without_amounts(result):
        return result
    table = result.table
    counted = table.assign(revenue=table["conversions"], revenue_share=table["conversions_share"])
    return replace(result, _table=counted)


def shown_models(result: Result) -> list[str]:
    """The models that a figure or table shows, in their order: eight, the agreed one among them.

    More than eight dots cannot be told apart, and a page is not wide enough for more columns.
    """
    every = list(dict.fromkeys(result.table["model"]))
    first = sorted(every, key=lambda model: model != result.agreement.attribution.model)
    return [model for model in every if model in first[:_MOST_MODELS]]


def attribute(words: Phrases, result: Result) -> str:
    """Which channel was credited with most?"""
    result = by_what_is_known(result)
    table = result.table
    in_period = words.in_period(str(result.parameters["period"]))
    if table.empty or not (table["conversions"] > 0).any():
        return words.say("finding.attribute.none", in_period=in_period)
    if not (table["revenue"] > 0).any():
        rows = table[table["model"] == table["model"].iloc[0]]
        count = result.note("totals").get("conversions", rows["conversions"].sum())
        return words.say(_by_kind(result, "no_value"), count=count, in_period=in_period)
    total, of_total = credited_total(words, result), credited_total(words, result, within=True)
    unknown = table["is_no_known_touch"].astype(bool)
    known = table[~unknown & (table["revenue"] > 0)]
    if known.empty:
        return words.say("finding.attribute.only_unknown", in_period=in_period, total=total)
    agreed = result.agreement.attribution.model
    models = list(dict.fromkeys(table["model"]))
    model = agreed if agreed in models else models[0]
    by = str(result.parameters.get("by") or "channel")
    stated = known[(known["model"] == model) & known["channel"].notna()]
    if stated.empty:
        heading = words.column(by) if words.has("column", by) else words.attribute_label(by)
        what = words.quoted(heading)
        return words.say(
            "finding.attribute.only_unstated", in_period=in_period, total=total, what=what
        )
    row = stated.sort_values("revenue", ascending=False, kind="stable").iloc[0]
    values = {
        "channel": words.quoted(credited_name(words, result, row)),
        "in_period": in_period,
        "total": total,
        "of_total": of_total,
        "among": words.say(f"finding.attribute.among.{by}"),
        "of_all": words.say(f"finding.attribute.of_all.{by}"),
    }
    nobodys = table[unknown & (table["model"] == model)][["revenue", "revenue_share"]].sum()
    ahead = nobodys["revenue"] > row["revenue"]
    values["unknown"] = _credited(words, result, nobodys["revenue"])
    values["unknown_share"] = words.percent(nobodys["revenue_share"])
    unstated = table[~unknown & table["channel"].isna()]
    mine = unstated[unstated["model"] == model]["revenue"].sum()
    is_unstated = mine > max(row["revenue"], nobodys["revenue"])
    below = _crediting_below_0(table)
    if len(models) > 1:
        shares = table.loc[~unknown & (table["channel"] == row["channel"]), "revenue_share"]
        span, is_same = _span(words, shares)
        if is_unstated:
            values["unstated"], unstated_same = _span(words, unstated["revenue_share"])
            is_same = is_same and unstated_same
        key = "_unstated" if is_unstated else "_unknown" if ahead else ""
        if not key and below and not shares.between(0, 1).all():
            names = [words.model(each, agreement=result.agreement) for each in below]
            return words.say(
                "finding.attribute.several_models_negative",
                count=len(names),
                models=words.list_of(names),
                span=span,
                **values,
            )
        same = "_same" if is_same else ""
        return words.say(f"finding.attribute.several_models{key}{same}", span=span, **values)
    key = "_unstated" if is_unstated else "_unknown" if ahead else "_negative" if below else ""
    values["unstated"] = _credited(words, result, mine)
    values["unstated_share"] = words.percent(mine / _total(result))
    values["others"] = _credited(words, result, _total(result) - row["revenue"])
    return words.say(
        f"finding.attribute.one_model{key}",
        value=_credited(words, result, row["revenue"], within=key != "_negative"),
        share=words.percent(row["revenue_share"]),
        model=words.model(model, within=True, agreement=result.agreement),
        **values,
    )


def _span(words: Phrases, shares: pd.Series) -> tuple[str, bool]:
    """The shares by several models, one where they read the same; and whether they do."""
    low, high = shares.min(), shares.max()
    if words.percent(low) == words.percent(high):
        return words.percent(low), True
    return words.interval(low, high), False


def _crediting_below_0(table: pd.DataFrame) -> list[str]:
    """The models that credit something with less than 0."""
    return list(dict.fromkeys(table.loc[table["revenue"] < 0, "model"]))


def credited_name(words: Phrases, result: Result, row: Any) -> str:
    """What a row of credit is called; a campaign by its name, where one is known."""
    name = row.get("name")
    if not is_missing(name):
        return str(name)
    return words.channel(
        result.agreement,
        row["channel"],
        by=str(result.parameters.get("by") or "channel"),
        no_known_touch=is_true(row["is_no_known_touch"]),
    )


def credited_value(words: Phrases, result: Result, value: Any) -> str:
    """A credit with its unit: money for deals, a count for entries into a stage."""
    if credits_money(result):
        return words.money(value, result.agreement.currency, compact=True)
    return words.credit(value)


def credited_total(words: Phrases, result: Result, *, within: bool = False) -> str:
    """What all the credit of one model adds up to, with its unit; `within`: after “of”."""
    if credits_money(result):
        revenue = credited_value(words, result, _total(result))
        return words.say(_by_kind(result, "revenue"), revenue=revenue)
    totals, rows = result.note("totals"), result.table
    rows = rows[rows["model"] == rows["model"].iloc[0]]
    count = totals.get("conversions", rows["conversions"].sum())
    return words.amount(_noun(result, within=within), count)


def _total(result: Result) -> float:
    """What the credit of each model adds up to."""
    table = result.table
    mine = table[table["model"] == table["model"].iloc[0]]
    kind = "conversions" if is_without_amounts(result) else "revenue"
    return float(result.note("totals").get(kind, mine["revenue"].sum()))


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


def _noun(result: Result, *, within: bool) -> str:
    """The noun of what is counted; `within`: after “of” or “with”."""
    noun = conversion_noun(result)
    return f"credited_{noun}" if within and noun != "leads" else noun


def _credited(words: Phrases, result: Result, value: Any, *, within: bool = False) -> str:
    """A credit within a sentence: money, or leads or deals by name."""
    if credits_money(result):
        return credited_value(words, result, value)
    return words.amount(_noun(result, within=within), value)


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
