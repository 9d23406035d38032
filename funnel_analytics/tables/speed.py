"""Table of the leads that reached a stage, by the wait for their first contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    band_label,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["speed_effect"]


def speed_effect(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which share of the leads reached the stage, counted and adjusted? One row per band of waits.

    The band with which the odds of the others are compared is bold. Below stands what others found,
    marked as their data.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table
    if rows["leads"].isna().all() or not rows["leads"].sum():
        return Notice(f"{words.finding(result)}.")
    is_adjusted = rows["adjusted_rate"].notna().any()
    cells: dict[str, Cell] = {
        "speed_band": lambda row: band_label(words, row),
        **counted(words, "leads"),
        "speed_reached": lambda row: words.whole(row["reached_leads"]),
        "speed_rate": lambda row: _rate(words, row, "reached"),
    }
    if is_adjusted:
        cells["speed_adjusted"] = lambda row: _rate(words, row, "adjusted")
        cells["speed_odds"] = lambda row: _odds(words, row)
    unit = words.unit(words.working(result.agreement))
    heading = words.form("with_mark", text=words.column("speed_band"), mark=unit)
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("speed_band",),
        strong=[n for n, each in enumerate(rows["is_reference"]) if is_adjusted and is_true(each)],
        remarks=[words.say("legend.speed_outside_study")],
        headings={"speed_band": heading, "leads": words.unit("leads")},
    )


def _rate(words: Words, row: Mapping[str, Any], what: str) -> str:
    if is_missing(row[f"{what}_rate"]):
        return words.missing
    limits = words.interval(row[f"{what}_low"], row[f"{what}_high"])
    return words.form("with_mark", text=words.percent(row[f"{what}_rate"]), mark=limits)


def _odds(words: Words, row: Mapping[str, Any]) -> str:
    if is_true(row["is_reference"]):
        return words.say("mark.speed_reference")
    if is_missing(row["odds_ratio"]):
        return words.missing
    ratio, low, high = (
        words.number(row[name], digits=2, fixed=True)
        for name in ("odds_ratio", "odds_ratio_low", "odds_ratio_high")
    )
    return words.form("with_mark", text=ratio, mark=words.form("range", low=low, high=high))
