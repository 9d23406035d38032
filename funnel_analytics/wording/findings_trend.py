"""Sentences on one rate over time: which period was unusual?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases
from funnel_analytics.wording.ways import of_counted, way_of

__all__ = ["conversion_trend", "period_label", "trend_head"]

_KEY = "finding.conversion_trend"
_ENTERED = "entered"


def period_label(words: Phrases, result: Result, start: Any) -> str:
    """A period of a trend by name: `Juli 2026`, `Woche ab 29. Juni 2026`."""
    day = pd.Timestamp(start).date()
    every = result.parameters.get("every")
    if every == "week":
        return words.say("period.week", day=words.day(day))
    if every == "quarter":
        return words.period(f"{day.year:04d}-Q{(day.month + 2) // 3}")
    return words.month(day)


def trend_head(words: Phrases, result: Result) -> dict[str, str]:
    """The two stages of a trend in quotation marks; `previous` is missing where it is all leads."""
    stage, previous = (str(result.parameters[name]) for name in ("stage", "previous"))
    names = {"stage": words.quoted(words.stage(result.agreement, stage))}
    if previous != _ENTERED:
        names["previous"] = words.quoted(words.stage(result.agreement, previous))
    return names


def conversion_trend(words: Phrases, result: Result) -> str:
    """Which period was most unusual, and how many others were?"""
    table = result.table
    names = trend_head(words, result)
    head = words.say(f"{_KEY}.head{'' if 'previous' in names else '_overall'}", **names)
    way = way_of(words, result, str(result.parameters["stage"]))
    head = words.form("with_mark", text=head, mark=way) if way else head
    judged = table[table["limit_low"].notna()]
    if judged.empty:
        rated = table[table["rate"].notna() & table["is_mature"] & ~table["is_left_truncated"]]
        fewest = result.note("too_few_periods").get("fewest")
        if table.empty or is_missing(fewest):
            period = words.period(str(result.parameters["cohort"]))
            return words.say("finding.no_leads", period=period)
        return words.say(
            f"{_KEY}.too_few",
            head=head,
            by=words.by_as_of(result),
            judged=words.whole(len(rated)),
            fewest=words.whole(fewest),
        )
    unusual = judged[judged["is_unusual"].map(is_true).astype(bool)]
    if unusual.empty:
        return words.say(
            f"{_KEY}.usual",
            head=head,
            by=words.by_as_of(result),
            judged=words.whole(len(judged)),
            low=words.percent(judged["rate"].min()),
            high=words.percent(judged["rate"].max()),
        )
    row = _farthest(unusual)
    if result.parameters.get("by") is not None:
        head = words.say(f"{_KEY}.head_of", head=head, segment=words.group(result, row))
    text = _one(words, result, row, head)
    others = len(unusual) - 1
    return words.say(f"{_KEY}.more", count=others, text=text) if others else text


def _farthest(unusual: pd.DataFrame) -> pd.Series:
    """The rate farthest beyond its limit; without one beyond, the last of a run."""
    beyond = unusual[unusual["rule"] == "beyond_limit"]
    if beyond.empty:
        return unusual.sort_values("period_start", kind="stable").iloc[-1]
    far = pd.concat(
        [beyond["limit_low"] - beyond["rate"], beyond["rate"] - beyond["limit_high"]], axis=1
    ).max(axis=1)
    return beyond.iloc[int(far.to_numpy().argmax())]


def _one(words: Phrases, result: Result, row: pd.Series, head: str) -> str:
    values = {
        "head": head,
        "period": period_label(words, result, row["period_start"]),
        "rate": words.percent(row["rate"]),
        "of": of_counted(words, result, row["reached_leads"], row["previous_leads"]),
    }
    if row["rule"] == "beyond_limit":
        limits = {name: words.percent(row[f"limit_{name}"]) for name in ("low", "high")}
        return words.say(f"{_KEY}.beyond", **values, **limits)
    side = "above" if row["rate"] > row["centre"] else "below"
    return words.say(f"{_KEY}.run_{side}", **values, centre=words.percent(row["centre"]))
