"""Sentences on costs: what was spent, what was credited for it, and where that was less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "channel_costs",
    "cost_label",
    "cost_labels",
    "costed_rows",
    "costs_remarks",
    "marginal_reason",
    "of_costs",
]

_Sentences = list[str]


def cost_label(words: Phrases, result: Result, row: Mapping[Any, Any] | pd.Series) -> str:
    """What a row of costs is called: a channel, a campaign by its name, or a kind of campaigns."""
    by = str(result.parameters["by"])
    if "is_no_known_touch" in row and is_true(row["is_no_known_touch"]):
        return words.say("channel.no_known_touch")
    value = row["channel"]
    if is_missing(value):
        return words.say(f"costs.missing_{by}")
    if by == "channel":
        return words.channel(result.agreement, value)
    if by == "objective":
        return words.say(f"costs.{value}") if words.has("costs", str(value)) else str(value)
    name = row.get("name")
    return str(value) if is_missing(name) else str(name)


def cost_labels(words: Phrases, result: Result) -> dict[Any, str]:
    """What each value of the split is called, the missing one under None."""
    table = result.table[~result.table["is_no_known_touch"].map(is_true).astype(bool)]
    return {
        (None if is_missing(row["channel"]) else row["channel"]): cost_label(words, result, row)
        for _, row in table.iterrows()
    }


def costed_rows(result: Result) -> pd.DataFrame:
    """The rows with a known cost, the largest first."""
    table = result.table
    return table[table["spend"].notna()]


def costs_remarks(words: Phrases, result: Result) -> list[str]:
    """By which rule was credited, and how far back touches count?"""
    model = words.model(str(result.parameters["model"]))
    lookback = words.amount("days", result.parameters["lookback_days"])
    return [words.say("legend.costs_rule", model=model, lookback=lookback)]


def of_costs(words: Phrases, result: Result, part: int, whole: int) -> str:
    """`2 von 6 reifen Kanälen`."""
    by = result.parameters["by"]
    return words.say(f"costs.of_{by}", count=whole, part=words.whole(part))


def marginal_reason(words: Phrases, reason: str, *, months: Any) -> str:
    """Why nothing is said about more leads for more spend."""
    return words.say(f"costs_reason.{reason}", months=words.whole(months))


def channel_costs(words: Phrases, result: Result, *, payback: bool = False) -> str:
    """Of how many channels was less credited than they cost, or when was it covered?"""
    rows = costed_rows(result)
    in_period = words.in_period(str(result.parameters["period"]))
    if rows.empty:
        return words.say("finding.channel_costs.none", in_period=in_period)
    if not (rows["spend"] > 0).any():
        kind = "negative" if (rows["spend"] < 0).any() else "free"
        return words.say(f"finding.channel_costs.{kind}", in_period=in_period)
    told = rows[rows["is_mature"].map(is_true).astype(bool) & rows["revenue_per_spend"].notna()]
    if payback:
        return _payback(words, result, told, in_period)
    currency = result.agreement.currency
    return words.say(
        f"finding.channel_costs.{result.parameters['basis']}",
        in_period=in_period,
        by=words.by_as_of(result),
        spend=words.money(rows["spend"].sum(), currency, compact=True),
        revenue=words.money(rows["credited_revenue"].sum(), currency, compact=True),
        below=_below(words, result, rows, told),
    )


def _below(words: Phrases, result: Result, rows: pd.DataFrame, told: pd.DataFrame) -> str:
    if told.empty:
        is_running = result.parameters["basis"] == "conversion" and not rows["is_mature"].any()
        return words.say(f"finding.channel_costs.{'running' if is_running else 'unripe'}")
    less = int((told["revenue_per_spend"] < 1).sum())
    of = of_costs(words, result, less, len(told))
    return words.say("finding.channel_costs.below", count=less, of=of)


def _payback(words: Phrases, result: Result, told: pd.DataFrame, in_period: str) -> str:
    if told.empty:
        return words.say("finding.channel_costs.payback_unripe", in_period=in_period)
    covered = told[told["payback_months"].notna()]
    of = of_costs(words, result, len(covered), len(told))
    if covered.empty:
        return words.say("finding.channel_costs.payback_none", of=of)
    months = words.amount("cost_months", covered["payback_months"].max(), fixed=True)
    return words.say("finding.channel_costs.payback", of=of, months=months)


def _total(words: Phrases, result: Result, note: Note) -> _Sentences:
    values, currency = note.values, result.agreement.currency

    def money(name: str) -> str:
        return words.money(values[name], currency)

    said = [
        words.say(
            f"note.costs_total{'_unknown' if is_missing(values['spend']) else ''}",
            spend=money("spend"),
            deals=words.amount("cost_deals", values["deals"]),
            revenue=money("revenue"),
            pipeline=money("pipeline"),
        )
    ]
    if values["untouched_deals"]:
        deals = words.amount("cost_deals", values["untouched_deals"])
        said.append(
            words.say("note.costs_untouched", deals=deals, revenue=money("untouched_revenue"))
        )
    if values["free_revenue"]:
        said.append(words.say("note.costs_free", revenue=money("free_revenue")))
    return said


def _unused(words: Phrases, result: Result, note: Note) -> _Sentences:
    cost = words.money(note.values["cost"], result.agreement.currency)
    return [words.say("note.touch_costs_unused", cost=cost)]


def _names(words: Phrases, result: Result, values: Any) -> str:
    labels = cost_labels(words, result)
    return words.list_of([labels.get(each, str(each)) for each in values])


def _immature(words: Phrases, result: Result, note: Note) -> _Sentences:
    return [
        words.say("note.costs_immature", channels=_names(words, result, note.values["channels"]))
    ]


def _marginal(words: Phrases, result: Result, note: Note) -> _Sentences:
    reasons = []
    for reason, channels in note.values["reasons"].items():
        why = marginal_reason(words, reason, months=note.values["fewest_months"])
        if len(channels) < note.values["rows"]:
            names = _names(words, result, channels)
            why = words.say("note.marginal_reason", channels=names, reason=why)
        reasons.append(why)
    return [words.say("note.marginal_missing", reasons="; ".join(reasons))]


def _counted(key: str, value: str) -> Callable[[Phrases, Result, Note], _Sentences]:
    return lambda words, _, note: [words.say(f"note.{key}", count=note.values[value])]


NOTES: Mapping[str, Callable[[Phrases, Result, Note], _Sentences]] = {
    "costs_total": _total,
    "touch_costs_unused": _unused,
    "touches_without_cost": _counted("touches_without_cost", "touches"),
    "costs_immature": _immature,
    "leads_hidden": _counted("leads_hidden", "groups"),
    "marginal_missing": _marginal,
}
