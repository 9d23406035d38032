"""Tables of the quality of leads: groups by part of the way, and the checks of the models."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    is_true,
    notice,
    quality_limits,
    quality_remarks,
    quality_verdict,
    quality_way,
    words_for,
)

__all__ = ["lead_quality", "lead_quality_checks"]


def lead_quality(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How good were the leads, and how many got on? One row per group and part of the way.

    Parts of which nothing can be said are grey.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table.empty:
        return Notice(f"{words.finding(result)}.")
    rows = result.table.reset_index(drop=True)
    cells: dict[str, Cell] = {
        "way": lambda row: quality_way(words, result, row),
        **counted(words, "leads", "reached_leads"),
        "quality_leads": lambda row: words.number(row["expected_leads"], fixed=True),
        "quality_expected": lambda row: words.percent(row["expected_rate"]),
        "quality_average": lambda row: words.percent(row["average_rate"]),
        "lead_quality": lambda row: _with_limits(words, row, "quality"),
        "quality_ratio": lambda row: _with_limits(words, row, "ratio"),
        "quality_verdict": lambda row: quality_verdict(words, row),
    }
    by = result.parameters.get("by")
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("way", "quality_verdict"),
        group=None if by is None else lambda row: words.group(result, row),
        muted=[number for number, is_one in enumerate(rows["is_vetoed"]) if is_true(is_one)],
        remarks=quality_remarks(words, result),
    )


def _with_limits(words: Words, row: pd.Series, name: str) -> str:
    value = words.number(row[name], digits=2, fixed=True)
    if is_missing(row[f"{name}_low"]):
        return value
    return words.form("with_mark", text=value, mark=quality_limits(words, row, name))


def lead_quality_checks(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """May anything be said by the models? One row per part of the way and check."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    checks = result.part("checks").reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "quality_check": [words.say(f"quality_check.{each}") for each in checks["check"]],
            "check_value": [_value(words, row) for _, row in checks.iterrows()],
            "check_limits": [_limits(words, row) for _, row in checks.iterrows()],
            "check_passed": [
                words.say("mark.yes" if is_true(each) else "mark.no")
                for each in checks["is_passed"]
            ],
            "_group": [quality_way(words, result, row) for _, row in checks.iterrows()],
        }
    )
    failed = [number for number, each in enumerate(checks["is_passed"]) if not is_true(each)]
    return framed(
        shown,
        headings={name: words.column(name) for name in shown.columns if name != "_group"},
        title=words.say("table.lead_quality_checks"),
        subtitle=words.subtitle(result),
        notes=[words.as_of(result)],
        texts=("quality_check",),
        group="_group",
        strong=failed,
    )


def _value(words: Words, row: pd.Series) -> str:
    value = words.number(row["value"], digits=2, fixed=True)
    if is_missing(row["low"]):
        return value
    low, high = (words.number(row[name], digits=2, fixed=True) for name in ("low", "high"))
    return words.form("with_mark", text=value, mark=words.form("range", low=low, high=high))


def _limits(words: Words, row: pd.Series) -> str:
    least, most = (words.number(row[name], digits=2) for name in ("least", "most"))
    if is_missing(row["most"]):
        return words.say("quality.at_least", value=least)
    if is_missing(row["least"]):
        return words.say("quality.at_most", value=most)
    return words.say("quality.between", low=least, high=most)
