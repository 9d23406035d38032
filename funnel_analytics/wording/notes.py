"""Sentences for what was counted beside a table: left out, imputed, merged, assumed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from funnel_analytics.periods import parse_period
from funnel_analytics.results import Note, Result
from funnel_analytics.wording.findings_attribution import NOTES as _ATTRIBUTION
from funnel_analytics.wording.findings_attribution import credits_money, is_without_amounts
from funnel_analytics.wording.findings_breaches import NOTES as _BREACHES
from funnel_analytics.wording.findings_certainty import NOTES as _CERTAINTY
from funnel_analytics.wording.findings_change import against_target
from funnel_analytics.wording.findings_costs import NOTES as _COSTS
from funnel_analytics.wording.findings_flows import worded_reason
from funnel_analytics.wording.findings_handover import NOTES as _HANDOVERS
from funnel_analytics.wording.findings_incrementality import NOTES as _INCREMENTALITY
from funnel_analytics.wording.findings_journeys import NOTES as _JOURNEYS
from funnel_analytics.wording.findings_journeys import conversion_noun
from funnel_analytics.wording.findings_qualification import NOTES as _QUALIFICATION
from funnel_analytics.wording.findings_response import NOTES as _RESPONSE
from funnel_analytics.wording.findings_speed import NOTES as _SPEED
from funnel_analytics.wording.notes_plan import NOTES as _PLAN
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases
from funnel_analytics.wording.ways import counted_noun

__all__ = ["notes_of"]

_Sentences = list[str]


def notes_of(words: Phrases, result: Result, *, without: Collection[str] = ()) -> tuple[str, ...]:
    """The notes of a result, in their order; nothing counted, nothing said."""
    sentences = _legs(words, result) if result.metric == "time_to_contact" else []
    for note in result.notes:
        if note.code not in without:
            sentences += _NOTES.get(note.code, _unworded)(words, result, note)
    return tuple(sentences)


def _legs(words: Phrases, result: Result) -> _Sentences:
    """How many leads take part in each leg of a wait, where there are several legs."""
    leads = result.table.set_index("leg")["leads"]
    legs = ("created_to_assigned", "assigned_to_contacted", "wait")
    if result.parameters.get("by") is not None or not set(legs) <= set(leads.index):
        return []
    first, second, wait = (words.amount("leads", leads[leg]) for leg in legs)
    names = {"first": words.say(f"leg.{legs[0]}"), "second": words.say(f"leg.{legs[1]}")}
    shown = {"first_leads": first, "second_leads": second, "leads": wait}
    return [words.say("note.legs", **names, **shown)]


def _unworded(words: Phrases, _: Result, note: Note) -> _Sentences:
    """A note that has no sentence of its own is shown as it is, so that it is not lost."""
    values = ", ".join(f"{key} = {_plainly(words, value)}" for key, value in note.values.items())
    return [words.say("note.unworded", code=note.code, values=values)]


def _plainly(words: Phrases, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return words.credit(value)


def _counted(key: str, value: str) -> Callable[[Phrases, Result, Note], _Sentences]:
    def sentences(words: Phrases, _: Result, note: Note) -> _Sentences:
        count = note.values.get(value, 0)
        return [words.say(f"note.{key}", count=count)] if count else []

    return sentences


def _excluded(words: Phrases, result: Result, note: Note) -> _Sentences:
    counts = {key: note.values.get(key, 0) for key in ("merged", "deleted", "test")}
    if not any(counts.values()):
        return []
    parts = [words.say(f"note.{key}", count=count) for key, count in counts.items() if count]
    of = _created(words, result)
    return [words.say("note.excluded", created=of, parts=words.list_of(parts))]


def _created(words: Phrases, result: Result) -> str:
    """When the leads were created that a result might have counted: `im Oktober 2026`."""
    given = result.parameters
    if "cohort" in given:
        return words.in_period(str(given["cohort"]))
    if given.get("before") and not against_target(result):
        sides = [words.in_period(str(given[side])) for side in ("before", "after")]
        return words.list_of(sides, last="either")
    if "period" in given and given.get("kind") == "created":
        return words.in_period(str(given["period"]))
    if "period" in given:
        return words.by_end(parse_period(str(given["period"])), result)
    return words.by_as_of(result)


def _data_begin(words: Phrases, _: Result, note: Note) -> _Sentences:
    """That zeros of days before the first record are none."""
    key = "data_begin" if note.values["is_whole"] else "data_begin_within"
    day = words.day(date.fromisoformat(str(note.values["first_on"])))
    return [words.say(f"note.{key}", day=day, when=words.in_period(str(note.values["period"])))]


def _data_end(words: Phrases, result: Result, note: Note) -> _Sentences:
    """That the data end months before the instant they are said to describe."""
    day = words.day(date.fromisoformat(str(note.values["last_on"])))
    as_of = words.instant(result.as_of, result.agreement.timezone)
    return [words.say("note.data_end", count=note.values["months"], day=day, as_of=as_of)]


def _ended_exports(words: Phrases, _: Result, note: Note) -> _Sentences:
    return [
        words.say(
            "note.ended_exports",
            thing=words.thing(table),
            day=words.day(date.fromisoformat(str(last))),
        )
        for table, last in note.values.items()
    ]


def _folded(words: Phrases, _: Result, note: Note) -> _Sentences:
    if not note.values.get("groups"):
        return []
    groups = words.amount("groups", note.values["groups"])
    if is_missing(note.values.get("leads")):
        return [words.say("note.folded_hidden", groups=groups)]
    return [
        words.say("note.folded", groups=groups, leads=words.amount("leads", note.values["leads"]))
    ]


def _folded_deals(words: Phrases, _: Result, note: Note) -> _Sentences:
    groups = words.amount("groups", note.values["groups"])
    if is_missing(note.values["deals"]):
        return [words.say("note.folded_deals_hidden", groups=groups)]
    deals = words.amount("buying_deals", note.values["deals"])
    return [words.say("note.folded_deals", groups=groups, deals=deals)]


def _not_judged(words: Phrases, _: Result, note: Note) -> _Sentences:
    """How many leads are too young for a win rate; nothing where nobody was ever won."""
    if is_missing(note.values["days"]):
        return []
    days = words.amount("days", note.values["days"])
    return [words.say("note.not_judged", count=note.values["leads"], days=days)]


def _totals(words: Phrases, result: Result, note: Note) -> _Sentences:
    values, money = note.values, credits_money(result)
    currency = result.agreement.currency
    noun = conversion_noun(result)
    said = words.say(
        "note.totals" if money else "note.totals_count",
        conversions=words.amount(noun, values["conversions"]),
        unknown_conversions=words.amount(noun, values["no_known_touch_conversions"]),
        revenue=words.money(values["revenue"], currency),
        unknown_revenue=words.money(values["no_known_touch_revenue"], currency),
    )
    if is_without_amounts(result):
        return [said, words.say("note.no_amounts")]
    without = values.get("deals_without_amount", 0)
    return [said, *([words.say("note.deals_without_amount", count=without)] if without else [])]


def _without_amount(words: Phrases, result: Result, note: Note) -> _Sentences:
    if is_without_amounts(result):
        return [words.say("note.amounts_unknown")]
    return [words.say("note.deals_without_amount", count=note.values["deals"])]


def _dimensions(words: Phrases, _: Result, note: Note) -> _Sentences:
    names = [str(each) for each in note.values.get("dimensions", ())]
    if not names:
        return []
    return [words.say("note.unmatched_dimensions", dimensions=words.list_of(names))]


def _snapshot_entries(words: Phrases, _: Result, note: Note) -> _Sentences:
    values = note.values
    if not values.get("entries"):
        return []
    shown = {"of": words.whole(values["of"]), "gap": words.amount("days", values["widest_days"])}
    return [words.say("note.snapshot_entries", count=values["entries"], **shown)]


def _not_due(words: Phrases, result: Result, note: Note) -> _Sentences:
    if not note.values.get("leads"):
        return []
    days = words.amount("days", note.values["days"])
    return [words.say(_of_passes("not_due", result), count=note.values["leads"], days=days)]


def _imputed(words: Phrases, result: Result, note: Note) -> _Sentences:
    if not note.values.get("leads"):
        return []
    return [words.say(_of_passes("imputed", result), count=note.values["leads"])]


def _of_passes(key: str, result: Result) -> str:
    """The sentence of a note, of passes where these are counted."""
    return f"note.{key}_passes" if counted_noun(result) == "passes" else f"note.{key}"


def _too_few_periods(words: Phrases, result: Result, note: Note) -> _Sentences:
    if result.parameters.get("by") is None:
        return []
    counts = {
        "segments": words.amount("groups", note.values["segments"]),
        "of": words.whole(note.values["of"]),
        "fewest": words.whole(note.values["fewest"]),
    }
    return [words.say("note.too_few_periods", **counts)]


def _screened(words: Phrases, _: Result, note: Note) -> _Sentences:
    values = note.values
    if not values.get("tests"):
        return []
    said = words.say(
        "note.screened",
        tests=words.whole(values["tests"]),
        rate=words.percent(values["rate"], fixed=False),
    )
    explained = values.get("explained", 0)
    return [said, *([words.say("note.explained", count=explained)] if explained else [])]


def _months_left_out(words: Phrases, result: Result, note: Note) -> _Sentences:
    stages = [
        words.say(
            "note.months_of",
            count=each["judged_months"],
            stage=words.quoted(words.stage(result.agreement, each["stage"])),
            immature=words.whole(each["immature_months"]),
            truncated=words.whole(each["left_truncated_months"]),
        )
        for each in note.values["stages"]
    ]
    return [words.say("note.months_left_out", stages=words.list_of(stages))]


def _attributes_left_out(words: Phrases, _: Result, note: Note) -> _Sentences:
    names = [words.attribute_label(str(each)) for each in note.values["attributes"]]
    shown = words.list_of(names)
    return [words.say("note.attributes_left_out", count=len(names), attributes=shown)]


def _pairs_left_out(words: Phrases, _: Result, note: Note) -> _Sentences:
    return [words.say("note.pairs_left_out", count=len(note.values["pairs"]))]


def _never_recorded(words: Phrases, result: Result, note: Note) -> _Sentences:
    stages = [words.stage(result.agreement, stage) for stage in note.values["stages"]]
    if not stages:
        return []
    return [words.say("note.never_recorded", count=len(stages), stages=words.list_of(stages))]


def _without_reason(words: Phrases, _: Result, note: Note) -> _Sentences:
    of = words.whole(note.values["of"])
    return [words.say("note.without_reason", count=note.values["leads"], of=of)]


def _unagreed_reasons(words: Phrases, result: Result, note: Note) -> _Sentences:
    names = [worded_reason(words, result, str(each)) for each in note.values["reasons"]]
    reasons = words.list_of([words.quoted(each) for each in names])
    return [words.say("note.unagreed_reasons", count=note.values["leads"], reasons=reasons)]


def _periods(key: str) -> Callable[[Phrases, Result, Note], _Sentences]:
    """A sentence that names cohorts."""

    def sentences(words: Phrases, _: Result, note: Note) -> _Sentences:
        periods = [words.period(str(each)) for each in note.values.get("periods", ())]
        if not periods:
            return []
        return [words.say(f"note.{key}", count=len(periods), periods=words.list_of(periods))]

    return sentences


def _incomplete_month(words: Phrases, _: Result, note: Note) -> _Sentences:
    return [words.say("note.incomplete_month", month=words.period(str(note.values["period"])))]


def _said_elsewhere(_: Phrases, __: Result, ___: Note) -> _Sentences:
    """What the finding says already."""
    return []


_NOTES: Mapping[str, Callable[[Phrases, Result, Note], _Sentences]] = {
    "attributes_left_out": _attributes_left_out,
    "before_creation": _counted("before_creation", "leads"),
    "change": _said_elsewhere,
    "data_begin": _data_begin,
    "data_end": _data_end,
    "day_precision": _counted("day_precision", "leads"),
    "deals_without_contact": _counted("deals_without_contact", "deals"),
    "deals_without_creation": _counted("deals_without_creation", "deals"),
    "deals_without_outcome": _counted("deals_without_outcome", "deals"),
    "deals_without_amount": _without_amount,
    "ended_exports": _ended_exports,
    "excluded": _excluded,
    "folded": _folded,
    "folded_deals": _folded_deals,
    "immature": _periods("immature"),
    "imputed": _imputed,
    "incomplete_month": _incomplete_month,
    "leads_without_campaign": _counted("leads_without_campaign", "leads"),
    "left_truncated": _periods("left_truncated"),
    "months_left_out": _months_left_out,
    "never_recorded": _never_recorded,
    "not_due": _not_due,
    "not_judged": _not_judged,
    "outside_stays": _counted("outside_stays", "activities"),
    "passes": _counted("passes", "passes"),
    "hidden_periods": _counted("hidden_periods", "periods"),
    "too_few_periods": _too_few_periods,
    "pairs_left_out": _pairs_left_out,
    "repeat_closings": _counted("repeat_closings", "closings"),
    "screened": _screened,
    "snapshot_entries": _snapshot_entries,
    "spend_without_value": _counted("spend_without_value", "rows"),
    "totals": _totals,
    "unagreed_reasons": _unagreed_reasons,
    "undated_contacts": _counted("undated_contacts", "deals"),
    "unwatched": _counted("unwatched", "leads"),
    "unmatched_dimensions": _dimensions,
    "won_without_value": _counted("won_without_value", "leads"),
    "without_reason": _without_reason,
    **_ATTRIBUTION,
    **_BREACHES,
    **_COSTS,
    **_CERTAINTY,
    **_HANDOVERS,
    **_JOURNEYS,
    **_INCREMENTALITY,
    **_PLAN,
    **_QUALIFICATION,
    **_RESPONSE,
    **_SPEED,
}
