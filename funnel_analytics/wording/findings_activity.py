"""What was found about own activities and campaigns: one sentence each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = ["activity_band", "activity_levels", "campaign_kind", "campaign_label", "campaign_runs"]

_KINDS = ("short_term", "long_term")


def activity_band(words: Phrases, row: Any) -> str:
    """`0`, `3–4` or `5+` activities."""
    first = words.whole(row["from_activities"])
    if is_missing(row["to_activities"]):
        return words.say("activity.band_open", first=first)
    if row["to_activities"] == row["from_activities"]:
        return first
    return words.say("activity.band", first=first, last=words.whole(row["to_activities"]))


def campaign_label(words: Phrases, row: Any) -> str:
    """What a campaign is called: by its name, else its own id."""
    if is_true(row["is_folded"]):
        return words.say("segment.folded")
    return str(row["campaign"] if is_missing(row["name"]) else row["name"])


def campaign_kind(words: Phrases, row: Any) -> str:
    """`Langfristig, noch nicht abgeschlossen`."""
    if is_missing(row["kind"]):
        return words.say("campaign_runs.no_kind")
    kind = words.say(f"campaign_runs.{row['kind']}")
    ended = "finished" if is_true(row["is_finished"]) else "running"
    return words.say(f"campaign_runs.{ended}", kind=kind)


def activity_levels(words: Phrases, result: Result) -> str:
    """How many of the stays that ended with a closing saw no own activity?"""
    table = result.table
    cohort = str(result.parameters["cohort"])
    if not table["stays"].sum():
        return words.say("finding.no_leads", period=words.period(cohort))
    by = words.by_as_of(result)
    closed = table[table["outcome"] == "closed"]
    stays, untouched = int(closed["stays"].sum()), int(closed["untouched_stays"].sum())
    if not stays:
        return words.say("finding.activity_levels.nothing", by=by)
    most = closed.iloc[int(closed["untouched_stays"].to_numpy().argmax())]
    return words.say(
        "finding.activity_levels.closed",
        count=untouched,
        closed=words.amount("activity_stays_dative", stays),
        by=by,
        share=words.percent(untouched / stays),
        stage=words.quoted(words.stage(result.agreement, str(most["stage"]))),
        most=words.whole(most["untouched_stays"]),
    )


def campaign_runs(words: Phrases, result: Result) -> str:
    """How often were leads of short and of long campaigns won, where these can be compared?"""
    kinds, by = result.part("kinds"), words.by_as_of(result)
    compared = kinds[kinds["compared_leads"].fillna(0) > 0]
    rows = {str(row["kind"]): row for _, row in compared.iterrows()}
    if not rows:
        count = int((~result.table["is_folded"].astype(bool)).sum())
        return words.say("finding.campaign_runs.none", count=count, by=by)
    if len(rows) == 1:
        (kind, row), *_ = rows.items()
        return words.say(
            f"finding.campaign_runs.only_{kind}",
            by=by,
            leads=_of(words, row),
            rate=words.percent(row["compared_rate"]),
        )
    short, long = (rows[kind] for kind in _KINDS)
    return words.say(
        f"finding.campaign_runs.{'alike' if _overlap(short, long) else 'apart'}",
        by=by,
        short=_of(words, short),
        short_rate=words.percent(short["compared_rate"]),
        long=_of(words, long),
        long_rate=words.percent(long["compared_rate"]),
    )


def _of(words: Phrases, row: pd.Series) -> str:
    part = words.whole(row["compared_won_leads"])
    return words.say("count.of_leads", count=row["compared_leads"], part=part)


def _overlap(one: pd.Series, other: pd.Series) -> bool:
    lower, higher = sorted((one, other), key=lambda row: float(row["compared_rate"]))
    return bool(lower["compared_high"] >= higher["compared_low"])
