"""Sentences on speed: whether leads contacted sooner came further, and whom that compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = ["NOTES", "band_label", "speed_effect"]

_KEY = "finding.speed_effect"
_LEVEL = 0.05


def speed_effect(words: Phrases, result: Result) -> str:
    """Did comparable leads reach the stage more often if they were contacted sooner?

    It is said to be so where the bands of waits differ more than by chance, and the odds change
    with each doubling of the wait.
    """
    overall = result.part("overall").iloc[0]
    stage, by = _stage(words, result, "stage"), words.by_as_of(result)
    leads = words.amount("leads", overall["leads"])
    if not overall["leads"]:
        return words.say(f"{_KEY}.nobody", stage=stage, by=by)
    if is_missing(overall["p_value"]):
        reason = str(result.note("speed_too_few").get("reason", "leads"))
        reached = words.whole(overall["reached_leads"])
        return words.say(f"{_KEY}.{reason}", stage=stage, by=by, leads=leads, reached=reached)
    rates = result.table["adjusted_rate"]
    fast, slow = _fast(words, result), _above(words, result)
    low, high = overall["doubling_odds_ratio_low"], overall["doubling_odds_ratio_high"]
    fast_rate, slow_rate = fast[1], float(rates.iloc[-1])
    how = "adjusted" if result.parameters["adjusted_for"] else "plain"
    kind = "none"
    if overall["p_value"] < _LEVEL:
        kind = "uneven"
        if high < 1 and fast_rate > slow_rate:
            kind = "more"
        if low > 1 and fast_rate < slow_rate:
            kind = "fewer"
    return words.say(
        f"{_KEY}.{kind}",
        stage=stage,
        by=by,
        fast=fast[0],
        slow=slow,
        fast_rate=words.percent(fast_rate),
        slow_rate=words.percent(slow_rate),
        low=words.percent(rates.min()),
        high=words.percent(rates.max()),
        among=words.say(f"speed.among_{how}"),
        whom=words.say(f"speed.whom_{how}"),
    )


def _fast(words: Phrases, result: Result) -> tuple[str, float]:
    """The waits within the deadline, or the shortest where there is none, and their rate."""
    unit, sides = words.working(result.agreement), result.part("sides")
    row, hours = result.table.iloc[0], result.parameters["within_hours"]
    if len(sides):
        row = sides[sides["side"] == "within"].iloc[0]
    else:
        hours = row["to_hours"]
    text = words.say("speed.up_to", hours=words.amount(unit, hours))
    return text, float(row["adjusted_rate"])


def _above(words: Phrases, result: Result) -> str:
    """The longest waits: `nach mehr als 16 Arbeitsstunden`."""
    unit, hours = words.working(result.agreement), result.table["from_hours"].iloc[-1]
    return words.say("speed.above", hours=words.amount(unit, hours))


def _stage(words: Phrases, result: Result, name: str) -> str:
    return words.quoted(words.stage(result.agreement, str(result.parameters[name])))


def band_label(words: Phrases, row: Any) -> str:
    """A band of waits: `bis 1`, `1 bis 4`, `über 16`."""
    low, high = words.credit(row["from_hours"]), words.credit(row["to_hours"])
    if is_missing(row["to_hours"]):
        return words.say("speed.band_above", low=low)
    if not row["from_hours"]:
        return words.say("speed.band_up_to", high=high)
    return words.say("speed.band_between", low=low, high=high)


def _population(words: Phrases, result: Result, _: Note) -> list[str]:
    """Whom the result compares, and what is made equal."""
    given, rows = result.parameters, result.part("population").set_index("fate")
    among, stage = _stage(words, result, "among"), _stage(words, result, "stage")
    others = []
    for fate, row in rows.iterrows():
        if fate == "compared" or not row["leads"]:
            continue
        reached = words.whole(row["reached_leads"])
        leads = words.amount("leads", row["leads"])
        shown = {"leads": leads, "reached": reached, "among": among, "stage": stage}
        others.append(words.say(f"speed_fate.{fate}", **shown))
    shown = {
        "compared": words.amount("leads", rows.loc["compared", "leads"]),
        "among": among,
        "days": words.amount("days", given["follow_up_days"]),
    }
    if others:
        said = [words.say("note.speed_population", others=words.list_of(others), **shown)]
    else:
        said = [words.say("note.speed_population_all", **shown)]
    if given["adjusted_for"]:
        names = _attributes(words, given["adjusted_for"])
        said.append(words.say("note.speed_adjusted", attributes=names))
    return said


def _attributes(words: Phrases, names: Any) -> str:
    """Attributes in words; the weekday, the hour and the score have no other name."""
    return words.list_of(
        [
            words.say(f"speed_attribute.{each}")
            if words.has("speed_attribute", str(each))
            else _inside(words, words.attribute_label(str(each)))
            for each in names
        ]
    )


def _inside(words: Phrases, label: str) -> str:
    """A label within a sentence: English writes it small."""
    return label[:1].lower() + label[1:] if words.language == "en" else label


def _of_attributes(code: str) -> Callable[[Phrases, Result, Note], list[str]]:
    def sentences(words: Phrases, _: Result, note: Note) -> list[str]:
        names = _attributes(words, note.values["attributes"])
        return [words.say(f"note.{code}", attributes=names)]

    return sentences


def _few_clusters(words: Phrases, result: Result, note: Note) -> list[str]:
    number = words.whole(note.values["clusters"])
    return [words.say(f"note.speed_few_{result.parameters['cluster']}s", n=number)]


def _reached_before(words: Phrases, result: Result, note: Note) -> list[str]:
    leads, of = note.values["leads"], note.values["of"]
    shown = {"leads": words.amount("leads", leads), "share": words.percent(leads / of)}
    return [words.say("note.speed_reached_before", stage=_stage(words, result, "stage"), **shown)]


def _said(_: Phrases, __: Result, ___: Note) -> list[str]:
    """The finding says it."""
    return []


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    "speed_few_clusters": _few_clusters,
    "speed_population": _population,
    "speed_reached_before": _reached_before,
    "speed_too_few": _said,
    "speed_unadjusted": _of_attributes("speed_unadjusted"),
    "speed_unbalanced": _of_attributes("speed_unbalanced"),
}
