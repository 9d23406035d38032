"""Table of one rate over time, with its limits."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    counted_noun,
    is_missing,
    is_true,
    notice,
    period_label,
    words_for,
)

__all__ = ["conversion_trend"]


def conversion_trend(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which period was unusual? One row per segment and period of creation.

    Unusual rows are bold; those not yet mature or cut off on the left are grey.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table.reset_index(drop=True)
    cells: dict[str, Cell] = {
        "period_start": lambda row: period_label(words, result, row["period_start"]),
        **counted(words, "previous_leads", "reached_leads", "not_due_leads"),
        "rate": lambda row: words.percent(row["rate"]),
        "interval": lambda row: words.interval(row["low"], row["high"]),
        "limits": lambda row: words.interval(row["limit_low"], row["limit_high"]),
        "judgement": lambda row: _finding(words, row),
    }
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("period_start", "judgement"),
        group=None if result.parameters.get("by") is None else lambda row: words.group(result, row),
        muted=[number for number, (_, row) in enumerate(rows.iterrows()) if _mark(row)],
        strong=[number for number, each in enumerate(rows["is_unusual"]) if is_true(each)],
        headings={"previous_leads": words.column(counted_noun(result))},
        unless_zero=("not_due_leads",),
    )


def _mark(row: pd.Series) -> str:
    """Why a period is not judged; nothing where it is."""
    if is_true(row["is_left_truncated"]):
        return "left_truncated"
    return "" if is_missing(row["rate"]) or is_true(row["is_mature"]) else "immature"


def _finding(words: Words, row: pd.Series) -> str:
    if is_true(row["is_unusual"]):
        return words.say(f"rule.{row['rule']}")
    mark = _mark(row)
    return words.say(f"mark.{mark}") if mark else ""
