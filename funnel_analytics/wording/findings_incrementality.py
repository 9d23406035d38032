"""Sentences on leads without a channel: while it was off, or by how they go with its spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "bought_label",
    "cost_range",
    "number_range",
    "spend_response",
    "switched_label",
    "switched_off",
]

_SWITCHED = "finding.switched_off"
_SPEND = "finding.spend_response"


def switched_off(words: Phrases, result: Result) -> str:
    """How many leads were missing? Said only where the interval leaves 0 out."""
    row, what = result.table.iloc[0], words.quoted(switched_label(words, result))
    if result.parameters.get("groups"):
        by, names = str(result.parameters["by"]), result.parameters["groups"]
        groups = words.list_of([words.segment(result.agreement, by, each) for each in names])
        what = words.say("incrementality.where", what=what, groups=groups)
    values = {"what": what, "by": words.by_as_of(result)}
    if result.note("switched_apart"):
        return words.say(f"{_SWITCHED}.apart", **values)
    weeks = words.amount("weeks", row["off_weeks"])
    if result.note("switched_spent") and row["spend_saved"] <= 0:
        return words.say(f"{_SWITCHED}.on", **values, weeks=weeks)
    missing, low, high = row["incremental_leads"], row["low"], row["high"]
    kind = "fewer" if low > 0 else "more" if high < 0 else "none"
    if kind == "more":
        missing, low, high = -missing, -high, -low
    return words.say(
        f"{_SWITCHED}.{kind}",
        **values,
        leads=_in_stage(words, result, words.amount("leads", round(missing))),
        things=_in_stage(words, result, words.unit("leads")),
        low=words.whole(low),
        high=words.whole(high),
        counted=words.whole(row["counted_leads"]),
        expected=words.whole(row["expected_leads"]),
        weeks=weeks,
    )


def spend_response(words: Phrases, result: Result) -> str:
    """Do leads go with the spend, and for which channel most?"""
    overall = result.part("overall").iloc[0]
    values = {
        "by": words.by_as_of(result),
        "weeks": words.amount("weeks", overall["weeks"]),
        "things": _in_stage(words, result, words.unit("leads")),
    }
    if result.note("spend_no_better"):
        return words.say(f"{_SPEND}.none", **values)
    rows = result.table
    told = rows[rows["low"] > 0].sort_values("incremental_leads", ascending=False, kind="stable")
    if told.empty:
        return words.say(f"{_SPEND}.unclear", **values)
    row = told.iloc[0]
    return words.say(
        f"{_SPEND}.{'one' if len(told) == 1 else 'several'}",
        **values,
        what=words.quoted(bought_label(words, result, row)),
        leads=_in_stage(words, result, words.amount("leads", round(row["incremental_leads"]))),
        low=words.whole(row["low"]),
        high=words.whole(row["high"]),
        share=words.percent(row["share"]),
    )


def _in_stage(words: Phrases, result: Result, text: str) -> str:
    """`48 Leads`, or `48 Leads in „Gewonnen“` where a stage is counted."""
    stage = result.parameters.get("stage")
    if stage is None:
        return text
    label = words.quoted(words.stage(result.agreement, str(stage)))
    return words.say("incrementality.in_stage", leads=text, stage=label)


def switched_label(words: Phrases, result: Result) -> str:
    """What was switched off; a campaign by its name, where it has one."""
    name = str(result.parameters["name"])
    if result.parameters["column"] == "channel":
        return words.channel(result.agreement, name)
    known = result.table.iloc[0].get("name")
    return name if is_missing(known) else str(known)


def bought_label(words: Phrases, result: Result, row: Mapping[str, Any] | Any) -> str:
    """What was spent on: the channel or campaign of a row."""
    by = str(result.parameters["by"])
    return words.channel(result.agreement, row[by], by=by)


def number_range(words: Phrases, row: Mapping[str, Any] | Any, *names: str, digits: int = 0) -> str:
    """A value with its interval: `48 (−3 bis 99)`; missing where there is none."""
    if is_missing(row[names[0]]):
        return words.missing
    value, low, high = (words.number(row[each], digits=digits, fixed=digits > 0) for each in names)
    between = words.say("incrementality.between", low=low, high=high)
    return words.form("with_mark", text=value, mark=between)


def cost_range(words: Phrases, row: Mapping[str, Any] | Any, currency: str) -> str:
    """What a lead cost more, with its interval; open upwards where no lead might be more."""
    if is_missing(row["cost_per_incremental_lead"]):
        return words.missing
    value, low = (words.money(row[name], currency) for name in _COSTS[:2])
    if is_missing(row["cost_high"]):
        return words.say("incrementality.cost_from", value=value, low=low)
    high = words.money(row["cost_high"], currency)
    between = words.say("incrementality.between", low=low, high=high)
    return words.form("with_mark", text=value, mark=between)


_COSTS = ("cost_per_incremental_lead", "cost_low", "cost_high")


def _assumes(words: Phrases, result: Result, note: Note) -> list[str]:
    said = [words.say(f"note.switched_assumes.{note.values['method']}")]
    row, currency = result.table.iloc[0], result.agreement.currency
    if not is_missing(row["spend_saved"]) and row["spend_saved"] > 0:
        saved = words.money(row["spend_saved"], currency)
        cost = cost_range(words, row, currency)
        key = "switched_saved" if is_missing(row["cost_per_incremental_lead"]) else "switched_cost"
        said.append(words.say(f"note.{key}", saved=saved, cost=cost))
    if not is_missing(row["dates_p_value"]):
        placebos = result.part("placebos")
        number = int((placebos["kind"] == "date").sum())
        share = words.percent(row["dates_p_value"])
        said.append(words.say("note.switched_dates", count=number, share=share))
    if not is_missing(row["groups_p_value"]):
        share = words.percent(row["groups_p_value"])
        said.append(words.say("note.switched_groups", share=share))
    return said


def _weeks(key: str) -> Callable[[Phrases, Result, Note], list[str]]:
    def sentences(words: Phrases, _: Result, note: Note) -> list[str]:
        return [words.say(f"note.{key}", count=note.values["weeks"])]

    return sentences


def _apart(words: Phrases, _: Result, note: Note) -> list[str]:
    chance = words.percent(note.values["p_value"])
    return [words.say("note.switched_apart", chance=chance)]


def _spent(words: Phrases, result: Result, note: Note) -> list[str]:
    spend = words.money(note.values["spend"], result.agreement.currency)
    return [words.say("note.switched_spent", spend=spend)]


def _without_group(words: Phrases, result: Result, note: Note) -> list[str]:
    leads = words.amount("leads", note.values["leads"])
    attribute = words.attribute_label(str(result.parameters["by"]))
    return [words.say("note.switched_without_group", leads=leads, attribute=attribute)]


def _no_better(words: Phrases, _: Result, note: Note) -> list[str]:
    skill = words.percent(abs(note.values["skill"]))
    return [words.say("note.spend_no_better", share=skill)]


def _named(key: str) -> Callable[[Phrases, Result, Note], list[str]]:
    def sentences(words: Phrases, result: Result, note: Note) -> list[str]:
        by = str(result.parameters["by"])
        names = [words.channel(result.agreement, each, by=by) for each in note.values["names"]]
        listed = words.list_of([words.quoted(each) for each in names])
        return [words.say(f"note.{key}", names=listed)]

    return sentences


def _spend_assumes(words: Phrases, result: Result, _: Note) -> list[str]:
    said = [words.say("note.spend_assumes")]
    rows = result.table
    beyond = rows[rows["is_extrapolated"].astype(bool) & rows["incremental_leads"].notna()]
    if len(beyond):
        names = [words.quoted(bought_label(words, result, row)) for _, row in beyond.iterrows()]
        said.append(words.say("note.spend_extrapolated", names=words.list_of(names)))
    return said


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    "spend_assumes": _spend_assumes,
    "spend_inflated": _named("spend_inflated"),
    "spend_left_out": _named("spend_left_out"),
    "spend_no_better": _no_better,
    "spend_season": _weeks("spend_season"),
    "switched_apart": _apart,
    "switched_assumes": _assumes,
    "switched_season": _weeks("switched_season"),
    "switched_spent": _spent,
    "switched_without_group": _without_group,
}
