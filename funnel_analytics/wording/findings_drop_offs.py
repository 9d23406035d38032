"""Sentences on drop-offs: which group of leads to look at first?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = ["drop_off_group", "drop_off_segments", "main_drop_offs"]

_KEY = "finding.drop_off_segments"
_SPEAK_FOR_THEMSELVES = ("origin", "channel", "created_month", "created_quarter")


def main_drop_offs(result: Result) -> pd.DataFrame:
    """The findings that no stronger one explains, in their order."""
    table = result.table
    found = table["is_found"].map(is_true).astype(bool)
    return table[found & table["explained_by"].isna()]


def drop_off_group(words: Phrases, result: Result, row: Any) -> str:
    """What a tested group is called: `Juli 2026 × Inbound`, `Branche: Energie`."""
    first = _value(words, result, row["attribute"], row["value"])
    if is_missing(row["second_attribute"]):
        return first
    second = _value(words, result, row["second_attribute"], row["second_value"])
    return words.say("segment.pair", first=first, second=second)


def _value(words: Phrases, result: Result, attribute: Any, value: Any) -> str:
    text = words.segment(result.agreement, str(attribute), value)
    if attribute in _SPEAK_FOR_THEMSELVES and not is_missing(value):
        return text
    return words.form("labelled", label=words.attribute_label(str(attribute)), text=text)


def drop_off_segments(words: Phrases, result: Result) -> str:
    """Which group to look at first, and how many other findings are there?"""
    found = main_drop_offs(result)
    by = words.by_as_of(result)
    if found.empty:
        tests = len(result.table)
        by = by[:1].upper() + by[1:]
        kind = {"count": tests} if tests else {}
        return words.say(f"{_KEY}.{'none' if tests else 'untested'}", by=by, **kind)
    row = found.iloc[0]
    deals = row["lost_deals"]
    text = words.say(
        f"{_KEY}.{'no_deals' if is_missing(deals) else row['direction']}",
        group=drop_off_group(words, result, row),
        stage=words.quoted(words.stage(result.agreement, str(row["stage"]))),
        rate=words.percent(row["rate"]),
        of=words.say(
            "count.of_leads", count=row["previous_leads"], part=words.whole(row["reached_leads"])
        ),
        points=words.amount("points", abs(100 * float(row["adjusted_difference"])), fixed=True),
        deals=words.missing
        if is_missing(deals)
        else words.amount("deals", abs(float(deals)), fixed=True),
    )
    others = len(found) - 1
    return words.say(f"{_KEY}.more", count=others, text=text) if others else text
