"""What was found about the people on deals: one sentence, and the words for outcomes and roles."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.findings_flows import asked_group
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = ["buying_groups", "role_label"]

_DECIDED = ("won", "lost")
_UNDATED = "deals_without_creation"


def role_label(words: Phrases, role: Any) -> str:
    """What a role on the buying side is called; a missing one was not stated."""
    if is_missing(role):
        return words.say("segment.missing")
    return words.role(str(role))


def buying_groups(words: Phrases, result: Result, *, segment: Any = None) -> str:
    """How many won and lost deals had several contacts, and does their number go with winning?"""
    rows = asked_group(result, result.table, size="deals", segment=segment)
    in_period = words.in_period(str(result.parameters["period"]))
    if len(rows) and rows["deals"].isna().all():
        return words.say("finding.too_few", in_period=in_period)
    known = rows[rows["deals"].fillna(0) > 0]
    if known.empty:
        undated = next((each for each in result.notes if each.code == _UNDATED), None)
        if undated is None:
            return words.say("finding.buying_groups.nothing", in_period=in_period)
        return words.say(
            "finding.buying_groups.undated", count=undated.values["deals"], in_period=in_period
        )
    decided = known[known["outcome"].isin(_DECIDED)]
    told = decided if len(decided) else known
    parts = [_part(words, row) for _, row in told.iterrows()]
    shares = [words.percent(each) for each in told["multi_contact_share"]]
    values = {"by": words.by_as_of(result), "first": parts[0], "first_share": shares[0]}
    if len(parts) > 1:
        values |= {"second": parts[1], "second_share": shares[1]}
    text = words.say(f"finding.buying_groups.{'two' if len(parts) > 1 else 'one'}", **values)
    if result.parameters.get("by") is not None:
        return words.form("labelled", label=words.group(result, rows.iloc[0]), text=text)
    return _with_slope(words, result, text)


def _part(words: Phrases, row: pd.Series) -> str:
    return words.say(
        f"count.buying_{row['outcome']}_of",
        count=row["deals"],
        part=words.whole(row["multi_contact_deals"]),
    )


def _with_slope(words: Phrases, result: Result, text: str) -> str:
    """What the deals still open at the landmark tell of their contacts by then."""
    trend = result.part("trend")
    row = trend[trend["view"] == "landmark"].iloc[0]
    if is_missing(row["low"]):
        return text
    days = words.amount("days", result.parameters["landmark_days"])
    within = ""
    if row["strata"] > 1:
        within = f" {words.say('buying.within_segments')}"
    if row["low"] <= 0 <= row["high"]:
        return words.say("finding.buying_groups.level", text=text, days=days, within=within)
    points, low, high = (
        words.signed(100 * row[each], digits=1) for each in ("slope", "low", "high")
    )
    return words.say(
        "finding.buying_groups.slope",
        text=text,
        days=days,
        within=within,
        points=points,
        limits=words.form("span", low=low, high=high),
    )
