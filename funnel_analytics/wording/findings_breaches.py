"""Sentences on the lists to act on: what is outstanding, and why a list is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = ["NOTES", "breach_due", "breach_reason", "breaches", "counted_cases", "list_label"]

_RULES = {
    "contact_overdue": "[first_contact]",
    "handover_overdue": "[handover]",
    "accepted_without_activity": "[first_contact]",
    "no_next_step": "[follow_up] next_step_from",
    "recycled_due": "[follow_up] recycled_due_days",
    "single_threaded": "[buying_group]",
}
_OWN_REASONS = ("no_next_step", "single_threaded")


def breaches(words: Phrases, result: Result) -> str:
    """For how many leads is something outstanding, and what is it worth?"""
    lists = result.part("lists")
    made = lists[lists["is_made"].astype(bool)]
    day = words.instant(result.as_of, result.agreement.timezone)
    if made.empty:
        return words.say("finding.breaches.none_made", day=day)
    note, currency = result.note("breaches"), result.agreement.currency
    value = words.money(note["expected_value"], currency, compact=True)
    if len(made) == 1:
        row = made.iloc[0]
        text = words.say(f"finding.breaches.{row['list']}", count=row["rows"], day=day)
    elif not note["cases"]:
        return words.say("finding.breaches.nothing", day=day)
    else:
        cases = words.amount(*counted_cases(result))
        text = words.say("finding.breaches.total", day=day, cases=cases)
    if not is_missing(note["expected_value"]):
        text = words.say("finding.breaches.valued", text=text, value=value)
    if len(made) == 1:
        return text
    by_value = made.sort_values(["expected_value", "rows"], ascending=False, kind="stable")
    row = by_value.iloc[0]
    part = words.say(f"breach_part.{row['list']}", n=words.whole(row["rows"]))
    if is_missing(row["expected_value"]):
        return words.say("finding.breaches.part", text=text, part=part)
    worth = words.money(row["expected_value"], currency, compact=True)
    return words.say("finding.breaches.part_valued", text=text, part=part, value=worth)


def counted_cases(result: Result) -> tuple[str, Any]:
    """What the lists hold, each counted once: leads, deals, or both."""
    table = result.table
    noun = "breach_cases"
    if not table["lead"].isna().any():
        noun = "breach_leads"
    elif table["lead"].isna().all():
        noun = "breach_deals"
    return noun, result.note("breaches")["cases"]


def list_label(words: Phrases, name: str) -> str:
    """What a list is called."""
    return words.say(f"breach.{name}")


def breach_reason(words: Phrases, result: Result, row: pd.Series) -> str:
    """What is missing, in words: why a lead was recycled, which hand-over waits."""
    if row["list"] == "contact_overdue":
        return words.say("breach_reason.contact_overdue")
    if is_missing(row["reason"]):
        return ""
    reason = str(row["reason"])
    if row["list"] in _OWN_REASONS:
        return words.say(f"breach_reason.{reason}")
    if row["list"] == "recycled_due":
        return result.agreement.reason_label("recycled", reason, words.language)
    if not words.has("handover_kind", reason):
        return reason
    teams = {name: words.team(result.agreement, name) for name in ("marketing", "sdr", "sales")}
    return words.say(f"handover_kind.{reason}", **teams)


def breach_due(words: Phrases, result: Result, row: pd.Series, *, kind: str = "over") -> str:
    """How long ago something was due: in days, or in working hours."""
    if not is_missing(row[f"{kind}_days"]):
        return words.amount("days", int(row[f"{kind}_days"]))
    if is_missing(row[f"{kind}_hours"]):
        return ""
    hours = words.whole(row[f"{kind}_hours"])
    return f"{hours} {words.say(f'unit_short.{words.working(result.agreement)}')}"


def _lists_missing(words: Phrases, _: Result, note: Note) -> list[str]:
    """Which lists are missing, and what to agree on or to export for them."""
    unruled = [
        words.form("with_mark", text=words.quoted(list_label(words, name)), mark=_RULES[name])
        for name, why in note.values.items()
        if why == "no_rule"
    ]
    sentences = []
    if unruled:
        lists = words.list_of(unruled)
        sentences.append(words.say("note.breach_no_rule", count=len(unruled), lists=lists))
    for name, why in note.values.items():
        if why == "no_rule":
            continue
        if words.has("breach_missing", str(why)):
            text = words.say(f"breach_missing.{why}")
        else:
            how = words.say(f"export.{why}.how")
            text = words.say("breach_missing.table", thing=words.thing(str(why)), how=how)
        label = list_label(words, name)
        sentences.append(words.say("note.breach_list_missing", list=label, why=text))
    return sentences


def _said(key: str) -> Callable[[Phrases, Result, Note], list[str]]:
    return lambda words, _, __: [words.say(f"note.{key}")]


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    "breaches": lambda _, __, ___: [],  # the finding says it
    "lists_missing": _lists_missing,
    "next_step_leads": _said("breach_next_step_leads"),
    "pseudonyms": _said("breach_pseudonyms"),
}
