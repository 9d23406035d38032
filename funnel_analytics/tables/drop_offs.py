"""Table of the groups of leads that convert otherwise than comparable ones."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    drop_off_group,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["drop_off_segments"]

_MOST_ROWS = 40
_SMALLEST = 0.001


def drop_off_segments(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which groups convert otherwise than comparable leads? One row per finding.

    Findings that a stronger one explains are grey, and name its number.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    found = table[table["is_found"].map(is_true).astype(bool)].reset_index(drop=True)
    if found.empty:
        return Notice(f"{words.finding(result)}.")
    rows = found.head(_MOST_ROWS)
    explained = rows["explained_by"].notna()
    cells: dict[str, Cell] = {
        "finding_no": lambda row: words.whole(row["finding_no"]),
        "group": lambda row: drop_off_group(words, result, row),
        "stage": lambda row: words.stage(result.agreement, str(row["stage"])),
        **counted(words, "previous_leads", "reached_leads"),
        "rate": lambda row: words.percent(row["rate"]),
        "rest_rate": lambda row: words.percent(row["rest_rate"]),
        "adjusted_difference": lambda row: words.signed(
            100 * float(row["adjusted_difference"]), digits=1
        ),
        "lost_deals": lambda row: words.signed(row["lost_deals"], digits=1),
        "interval": lambda row: _limits(words, row),
        "lost_deals_per_month": lambda row: words.signed(row["lost_deals_per_month"], digits=1),
        "q_value": lambda row: _small(words, row["q_value"]),
        "explained_by": lambda row: _explained(words, row),
    }
    if not explained.any():
        del cells["explained_by"]
    counts = {"shown": words.whole(len(rows)), "of": words.whole(len(found))}
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("group", "stage"),
        widths={"group": "14%", "stage": "18%"},
        muted=[number for number, is_one in enumerate(explained) if is_one],
        headings={"previous_leads": words.column("leads")},
        remarks=[words.say("legend.drop_offs_hidden", **counts)] if len(found) > len(rows) else [],
    )


def _limits(words: Words, row: pd.Series) -> str:
    if is_missing(row["low"]):
        return words.missing
    low, high = (words.signed(row[name], digits=1) for name in ("low", "high"))
    return words.form("span", low=low, high=high)


def _small(words: Words, q_value: float) -> str:
    if q_value < _SMALLEST:
        return words.form("below", value=words.number(_SMALLEST, digits=3))
    return words.number(q_value, digits=3, fixed=True)


def _explained(words: Words, row: pd.Series) -> str:
    return "" if is_missing(row["explained_by"]) else words.whole(row["explained_by"])
