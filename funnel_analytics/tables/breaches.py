"""Tables of the lists to act on: the leads themselves, and what they come to by team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.periods import to_local
from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    breach_due,
    breach_reason,
    is_missing,
    list_label,
    notice,
    words_for,
)

__all__ = ["breaches"]

_MOST = 10


def breaches(
    result: Result | Missing,
    *,
    summary: bool = False,
    most: int = _MOST,
    language: str | None = None,
) -> GT | Notice:
    """Which leads and deals need somebody now? One row each, under their list.

    Of each list the `most` with the highest expected value are shown; `result.save` writes all.
    With `summary=True` one row per list and team instead.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table.empty:
        notes = [f"{words.finding(result)}.", *words.notes(result)]
        return Notice(" ".join(notes))
    return _by_team(words, result) if summary else _each(words, result, most)


def _each(words: Words, result: Result, most: int) -> GT:
    """The single leads and deals."""
    table = result.table
    rows = table[table["rank"] <= most].reset_index(drop=True)
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "breach_lead": lambda row: _case(words, row),
        "stage": lambda row: (
            "" if is_missing(row["stage"]) else words.stage(result.agreement, row["stage"])
        ),
        "breach_team": lambda row: _team(words, result, row),
        "breach_due": lambda row: _day(words, result, row["due_at"]),
        "breach_over": lambda row: breach_due(words, result, row),
        "breach_reason": lambda row: breach_reason(words, result, row),
        "breach_expected": lambda row: _value(words, row, currency),
    }
    if result.parameters.get("by") is not None:
        cells["segment"] = lambda row: words.group(result, row)
    sizes = table.groupby("list")["rank"].max().to_dict()
    texts = ["breach_lead", "stage", "breach_team", "breach_reason", "segment"]
    is_cut = any(size > most for size in sizes.values())
    has_typical = (rows["value_basis"] == "typical").any()
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=[name for name in texts if name in cells],
        group=lambda row: _group(words, row, sizes),
        remarks=[
            *([words.say("legend.breaches_shown", most=words.whole(most))] if is_cut else []),
            *([words.say("legend.breaches_typical")] if has_typical else []),
        ],
    )


def _case(words: Words, row: pd.Series) -> str:
    """The lead, with its open deal; or the deal alone."""
    if is_missing(row["deal"]) or is_missing(row["lead"]):
        return str(row["deal"] if is_missing(row["lead"]) else row["lead"])
    return words.form("with_mark", text=str(row["lead"]), mark=str(row["deal"]))


def _team(words: Words, result: Result, row: pd.Series) -> str:
    return "" if is_missing(row["team"]) else words.team(result.agreement, str(row["team"]))


def _day(words: Words, result: Result, due_at: datetime) -> str:
    if is_missing(due_at):
        return ""
    return words.day(to_local(due_at, result.agreement.timezone).date(), short=True)


def _value(words: Words, row: pd.Series, currency: str) -> str:
    """The expected value, in brackets where it is that of a typical amount."""
    text = words.money(row["expected_value"], currency)
    typical = row["value_basis"] == "typical" and not is_missing(row["expected_value"])
    return f"({text})" if typical else text


def _group(words: Words, row: pd.Series, sizes: Mapping[Any, int]) -> str:
    size = words.whole(sizes[row["list"]])
    return words.form("with_mark", text=list_label(words, str(row["list"])), mark=size)


def _by_team(words: Words, result: Result) -> GT:
    """What each list comes to by team."""
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "breach_team": lambda row: _team(words, result, row),
        "breach_rows": lambda row: words.whole(row["rows"]),
        "breach_expected": lambda row: words.money(row["expected_value"], currency),
        "breach_oldest": lambda row: _day(words, result, row["oldest_due_at"]),
        "breach_median": lambda row: breach_due(words, result, row, kind="median_over"),
    }
    if result.parameters.get("by") is not None:
        cells["segment"] = lambda row: words.group(result, row)
    return table_of(
        words,
        result,
        cells,
        rows=result.part("summary"),
        texts=[name for name in ("breach_team", "segment") if name in cells],
        group=lambda row: list_label(words, str(row["list"])),
    )
