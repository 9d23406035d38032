"""Sentences on the quality of leads: were they weaker, or did fewer of them get on?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "lead_quality",
    "quality_failed",
    "quality_limits",
    "quality_remarks",
    "quality_verdict",
    "quality_way",
]

_KEY = "finding.lead_quality"
_KEYS = ("segment", "second_segment", "is_folded")


def lead_quality(words: Phrases, result: Result) -> str:
    """Of the group that stands out most: how good were its leads, and how far did they get?"""
    table, models = result.table, result.part("models")
    by = result.parameters.get("by")
    if by is None:
        if table.empty:
            return words.say(f"{_KEY}.empty_whole")
        passed = (models["failed"] == "").sum()
        values = {"passed": words.whole(passed), "of": words.whole(len(models))}
        return words.say(f"{_KEY}.whole", **values)
    label = words.by_attribute(by)
    label = label[:1].upper() + label[1:]
    if table.empty:
        return words.say(f"{_KEY}.empty", by=label)
    judged = table[~table["is_vetoed"].map(is_true).astype(bool)]
    if judged.empty:
        failed = dict.fromkeys(
            check for each in models["failed"] for check in str(each).split(", ") if check
        )
        checks = words.list_of([words.say(f"quality_check.{each}") for each in failed])
        return words.say(f"{_KEY}.vetoed", by=label, checks=checks)
    found = judged[
        _flag(judged, "is_quality_distinguishable") | _flag(judged, "is_distinguishable")
    ]
    keys = [name for name in _KEYS if name in table.columns]
    if found.empty:
        return words.say(f"{_KEY}.none", by=label, count=len(table[keys].drop_duplicates()))
    ranked = found.assign(q=found[["quality_q_value", "q_value"]].min(axis=1))
    first = ranked.sort_values(["q", "leads"], ascending=[True, False], kind="stable").iloc[0]
    own = _same(judged, first, keys)
    ratios = own[(own["block"] > 0) & own["ratio"].notna()]
    teams = [
        words.say(
            f"{_KEY}.team",
            team=words.team(result.agreement, str(row["team"])),
            ratio=words.number(row["ratio"], digits=2, fixed=True),
            limits=quality_limits(words, row, "ratio"),
        )
        for _, row in (ratios if len(ratios) else own).iterrows()
        if not is_missing(row["team"])
    ]
    return words.say(
        f"{_KEY}.found",
        count=len(found[keys].drop_duplicates()),
        group=words.group(result, first),
        quality=_quality(words, result, own),
        teams=words.list_of(teams) if teams else words.missing,
    )


def _quality(words: Phrases, result: Result, own: pd.DataFrame) -> str:
    """How good the leads were, by the row in which it is told best."""
    is_told = _flag(own, "is_quality_distinguishable")
    row = (own[is_told] if is_told.any() else own).iloc[0]
    kind = "alike" if not is_told.any() else "weaker" if row["quality"] < 1 else "stronger"
    return words.say(
        f"{_KEY}.{kind}",
        stage=words.quoted(words.stage(result.agreement, str(row["stage"]))),
        rate=words.percent(row["expected_rate"]),
        average=words.percent(row["average_rate"]),
    )


def _flag(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].map(is_true).astype(bool)


def _same(rows: pd.DataFrame, group: Any, keys: list[str]) -> pd.DataFrame:
    same = pd.Series(True, index=rows.index)
    for name in keys:
        same &= rows[name].isna() if is_missing(group[name]) else rows[name] == group[name]
    return rows[same]


def quality_way(words: Phrases, result: Result, row: Mapping[Any, Any] | pd.Series) -> str:
    """What a part of the way is called: `SDR: bis Opportunity`."""
    stage = words.stage(result.agreement, str(row["stage"]))
    if is_missing(row["team"]):
        entry = words.stage(result.agreement, str(row["entry_stage"]))
        return words.say("quality.whole", entry=entry, stage=stage)
    return words.say(
        "quality.way", team=words.team(result.agreement, str(row["team"])), stage=stage
    )


def quality_limits(words: Phrases, row: Mapping[Any, Any] | pd.Series, name: str) -> str:
    """The interval of a quality or ratio: `0,81–1,04`."""
    ends = [row[f"{name}_low"], row[f"{name}_high"]]
    if any(is_missing(each) for each in ends):
        return words.missing
    low, high = (words.number(each, digits=2, fixed=True) for each in ends)
    return words.form("range", low=low, high=high)


def quality_verdict(words: Phrases, row: Mapping[Any, Any] | pd.Series) -> str:
    """What was found of a group in a part of the way."""
    if is_true(row["is_vetoed"]):
        return words.say("quality.vetoed")
    found = []
    if is_true(row["is_quality_distinguishable"]):
        found.append(words.say(f"quality.{'weaker' if row['quality'] < 1 else 'stronger'}"))
    if is_true(row["is_distinguishable"]):
        found.append(words.say(f"quality.{'fewer' if row['ratio'] < 1 else 'more'}"))
    return words.list_of(found) if found else words.say("quality.neither")


def quality_failed(words: Phrases, row: Mapping[Any, Any] | pd.Series) -> str:
    """The checks that the model of a part of the way did not pass; empty if it passed all."""
    names = [each for each in str(row["failed"]).split(", ") if each]
    return words.list_of([words.say(f"quality_check.{each}") for each in names])


def quality_remarks(words: Phrases, result: Result) -> list[str]:
    """How to read quality and ratio, of which parts nothing can be said, and what was not used."""
    remarks = [words.say("legend.lead_quality_unknown")]
    late: dict[str, None] = {}
    for _, row in result.part("models").iterrows():
        late |= dict.fromkeys(each for each in str(row["late_attributes"]).split(", ") if each)
        if row["failed"]:
            way = quality_way(words, result, row)
            checks = quality_failed(words, row)
            remarks.append(words.say("legend.lead_quality_vetoed", way=way, checks=checks))
    if late:
        names = words.list_of([words.attribute_label(each) for each in late])
        remarks.append(words.say("legend.lead_quality_late", attributes=names))
    return remarks
