"""Sentences on journeys: their paths, roles and times, single credits, what marketing sourced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from funnel_analytics.credit.described import (
    CONVERSION,
    FURTHER,
    NO_CONVERSION,
    OTHERS,
    SEPARATOR,
    START,
)
from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "attribution_credits",
    "conversion_noun",
    "days_limits",
    "journey_paths",
    "journey_state",
    "length_label",
    "marketing_sourced",
    "path_label",
    "sourced_sentences",
    "sourced_verdict",
]

_MISSING, _POOLED = "(missing)", "(pooled)"
_STATES = {
    START: "start",
    CONVERSION: "conversion",
    NO_CONVERSION: "no_conversion",
    FURTHER: "further",
    _POOLED: "pooled",
}


def conversion_noun(result: Result) -> str:
    """The noun of what is credited: won deals, created deals or leads."""
    conversion = str(result.parameters.get("conversion", "won"))
    return {"won": "deals", "pipeline": "created_deals"}.get(conversion, "leads")


def journey_state(words: Phrases, result: Result, state: Any) -> str:
    """What a state of a journey is called: a channel, where it begins, how it ends."""
    by = str(result.parameters.get("by") or "channel")
    if state == OTHERS:
        return words.say("journey.others" if by == "channel" else "journey.others_by")
    if state in _STATES:
        return words.say(f"journey.{_STATES[state]}")
    name = _campaign_name(result, state) if by == "campaign" else None
    if name is not None:
        return name
    return words.channel(result.agreement, None if state == _MISSING else state, by=by)


def _campaign_name(result: Result, campaign: Any) -> str | None:
    """What the campaigns' list calls it, if it does."""
    if "campaigns" not in result.parts:
        return None
    named = result.part("campaigns")
    names = named.loc[named["campaign"] == campaign, "name"].dropna()
    return None if names.empty else str(names.iloc[0])


def path_label(words: Phrases, result: Result, row: Any) -> str:
    """What a path is called: its channels with arrows between."""
    if is_true(row["is_folded"]) or is_missing(row["path"]):
        return words.say("journey.folded")
    first, *others = [
        journey_state(words, result, each) for each in str(row["path"]).split(SEPARATOR)
    ]
    for other in others:
        first = words.say("journey.arrow", first=first, second=other)
    return first


def length_label(words: Phrases, row: Any) -> str:
    """How many touches the journeys of a row have."""
    low, high = row["touches_from"], row["touches_to"]
    if is_missing(low):
        return words.say("journey.all_lengths")
    if low == high:
        return words.say("journey.one_length", count=int(low))
    return words.say("journey.lengths", low=words.whole(low), high=words.whole(high))


def journey_paths(words: Phrases, result: Result, *, about: str = "paths") -> str:
    """Which path is the most frequent, what do channels do, or how long do journeys take?

    `about` is `"paths"`, `"roles"` or `"times"`.
    """
    in_period = words.in_period(str(result.parameters["period"]))
    known = _known(result)
    if not known:
        return words.say("finding.journey_paths.none", in_period=in_period)
    if about == "roles":
        return _roles(words, result, in_period, known)
    if about == "times":
        return _times(words, result, in_period)
    conversions = words.amount(conversion_noun(result), known)
    table = result.table
    is_folded = table["is_folded"].astype(bool)
    shown = table[~is_folded & (table["conversions"] > 0)]
    # A path that is folded may have as many conversions as a path of that size can.
    folded = table.loc[is_folded, "conversions"].sum()
    hidden = min(folded, result.agreement.minimum_group_size - 1)
    if shown.empty or shown["conversions"].iloc[0] < hidden:
        return words.say("finding.journey_paths.rare", conversions=conversions, in_period=in_period)
    row = shown.iloc[0]
    return words.say(
        "finding.journey_paths.top",
        conversions=conversions,
        in_period=in_period,
        path=words.quoted(path_label(words, result, row)),
        part=words.whole(row["conversions"]),
        share=words.percent(row["conversions_share"]),
    )


def _known(result: Result) -> int:
    """How many conversions have a known touch."""
    note = result.note("journeys")
    return int(note["conversions"] - note["without_touch"])


def _roles(words: Phrases, result: Result, in_period: str, known: int) -> str:
    roles = result.part("roles")
    firsts = roles["openers"] + roles["alone"]
    opener, closer = firsts.to_numpy().argmax(), roles["last"].to_numpy().argmax()
    return words.say(
        "finding.journey_paths.roles",
        count=known,
        in_period=in_period,
        opener=words.quoted(journey_state(words, result, roles["key"].iloc[opener])),
        closer=words.quoted(journey_state(words, result, roles["key"].iloc[closer])),
        opened=words.whole(firsts.iloc[opener]),
        closed=words.whole(roles["last"].iloc[closer]),
    )


def _times(words: Phrases, result: Result, in_period: str) -> str:
    row = result.part("times").iloc[0]
    return words.say(
        "finding.journey_paths.times",
        count=row["conversions"],
        in_period=in_period,
        days=words.amount("days", round(float(row["median_days"]), 1)),
        limits=days_limits(words, row),
    )


def days_limits(words: Phrases, row: Any) -> str:
    """The limits of a median of days: `77,5–83,7`."""
    if is_missing(row["median_low"]):
        return words.missing
    low, high = (words.number(row[each], fixed=True) for each in ("median_low", "median_high"))
    return words.form("range", low=low, high=high)


def attribution_credits(words: Phrases, result: Result) -> str:
    """How many conversions were shared among how many touches?"""
    in_period = words.in_period(str(result.parameters["period"]))
    totals = result.note("totals")
    if not totals["conversions"]:
        return words.say("finding.attribution_credits.none", in_period=in_period)
    table = result.table
    rows = table[table["model"] == table["model"].iloc[0]]
    noun = conversion_noun(result)
    values = {
        "count": totals["no_known_touch_conversions"],
        "conversions": words.amount(noun, totals["conversions"]),
        "in_period": in_period,
        "touches": words.amount("touches", int((~rows["is_no_known_touch"]).sum())),
    }
    if noun == "leads" or totals.get("deals_without_amount") == totals["conversions"]:
        return words.say("finding.attribution_credits.counted", **values)
    value = words.money(totals["revenue"], result.agreement.currency, compact=True)
    return words.say("finding.attribution_credits.shared", value=value, **values)


def marketing_sourced(words: Phrases, result: Result) -> str:
    """Which shares were sourced by marketing, and on how many deals do definitions differ?"""
    table = result.table
    in_period = words.in_period(str(result.parameters["period"]))
    counts = result.note("sourced_deals")
    if not counts["deals"]:
        return words.say("finding.marketing_sourced.none", in_period=in_period)
    values = {
        "deals": words.amount(conversion_noun(result), counts["deals"]),
        "in_period": in_period,
    }
    shares = table["sourced_share"].dropna()
    if shares.empty:
        return words.say("finding.marketing_sourced.not_judged", **values)
    low, high = (words.percent(each) for each in (shares.min(), shares.max()))
    if low == high and len(shares) < len(table):
        return words.say("finding.marketing_sourced.some", count=len(shares), low=low, **values)
    key = "same" if low == high else "differ"
    ends = {"low": low} | ({"high": high} if key == "differ" else {})
    return words.say(
        f"finding.marketing_sourced.{key}", count=counts["differing"], **ends, **values
    )


def sourced_sentences(words: Phrases, result: Result) -> tuple[str, str]:
    """What definitions say, on how many deals they differ, and that no effect was measured."""
    return (
        f"{marketing_sourced(words, result)}.",
        words.say("note.sourced_not_caused"),
    )


def sourced_verdict(words: Phrases, result: Result, row: Any, definition: str) -> str:
    """What a definition says of a deal, and why."""
    verdict, why = row[definition], str(row[f"{definition}_why"])
    said = "not_judged" if is_missing(verdict) else "yes" if is_true(verdict) else "no"
    text = words.say(f"sourced.{said}")
    if is_missing(verdict):
        return words.form("with_mark", text=text, mark=words.say(f"sourced_why.{why}"))
    source = row[f"{definition}_channel"]
    if is_missing(source):
        return text
    if why == "origin":
        mark = words.segment(result.agreement, "origin", source)
    else:
        mark = words.channel(result.agreement, source)
    return words.form("with_mark", text=text, mark=mark)


def _journeys(words: Phrases, result: Result, note: Note) -> list[str]:
    values = note.values
    known = values["conversions"] - values["without_touch"]
    return [
        words.say(
            "note.journeys",
            known=words.whole(known),
            conversions=words.amount(conversion_noun(result), values["conversions"]),
            without=words.amount("journeys", values["without_conversion"]),
        )
    ]


def _folded_paths(words: Phrases, _: Result, note: Note) -> list[str]:
    return [words.say("note.folded_paths", count=note.values["paths"])]


def _spread(words: Phrases, _: Result, note: Note) -> list[str]:
    models = [words.model(str(each)) for each in note.values["models"]]
    return [words.say("note.spread_credit", models=words.list_of(models))]


def _conflicts(words: Phrases, _: Result, note: Note) -> list[str]:
    return [words.say("note.side_conflicts", count=note.values["leads"])]


def _only_marketing(words: Phrases, _: Result, __: Note) -> list[str]:
    return [words.say("note.only_marketing")]


def _said_elsewhere(_: Phrases, __: Result, ___: Note) -> list[str]:
    """What the finding says already."""
    return []


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    "journeys": _journeys,
    "folded_paths": _folded_paths,
    "spread_credit": _spread,
    "only_marketing": _only_marketing,
    "side_conflicts": _conflicts,
    "sourced_deals": _said_elsewhere,
}
